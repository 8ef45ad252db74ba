"""The seams that miniatures use exist, and miniatures use nothing else of the reference."""

from __future__ import annotations

import ast
import pkgutil
import re
from pathlib import Path

import pytest
from miniature import Miniature
from re_encodings import RE_ENCODINGS
from seams import Seam
from wrong_exporters import WRONG_EXPORTERS

_PART = re.compile(r"(reference_impl|pytest_metagraph)[\w.]*:[\w.]+")
FOLDER = Path(__file__).parent
SOURCES = sorted(path for path in FOLDER.rglob("*.py") if path.name not in {"seams.py", "test_seams.py"})


@pytest.mark.parametrize("seam", Seam, ids=lambda seam: seam.name)
def test_a_seam_leads_to_a_part_of_the_exporter(seam: Seam) -> None:
    """Its module can be imported, and the module or class itself has the part."""
    module, _, path = seam.partition(":")
    owner, _, name = path.rpartition(".")
    assert name in vars(pkgutil.resolve_name(f"{module}:{owner}" if owner else module))


@pytest.mark.parametrize("miniature", [*WRONG_EXPORTERS, *RE_ENCODINGS], ids=lambda miniature: miniature.name)
def test_a_miniature_replaces_a_seam(miniature: Miniature) -> None:
    """The part that it replaces is a declared one."""
    assert isinstance(miniature.part, Seam)


def test_every_seam_is_used() -> None:
    """A seam without a miniature is removed from the list."""
    assert {miniature.part for miniature in (*WRONG_EXPORTERS, *RE_ENCODINGS)} == set(Seam)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_other_file_names_a_part(path: Path) -> None:
    """An import path, which a rename would break, is written in the list of seams only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and _PART.fullmatch(text)] == []
