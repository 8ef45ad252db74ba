"""Compare the files beside `saved_model.pb` in the folders of two SavedModels."""

from __future__ import annotations

import filecmp
import hashlib
from pathlib import Path

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Differ

_ASSETS = ("assets", "assets.extra")
_VARIABLES = "variables"


def compare_folders(differ: Differ, expected: Path, actual: Path) -> None:
    """Compare the assets of two SavedModels as differences, and their checkpoints as notes.

    Args:
        differ: what the differences and notes are reported to.
        expected: the folder of the expected side.
        actual: the folder of the actual side.

    Raises:
        OSError: if a file cannot be read.
    """
    for section in _ASSETS:
        left, right = _files(expected / section), _files(actual / section)
        for name in sorted({*left, *right}):
            at = Location(section, name, "file", "content")
            if name not in right:
                differ.report(DifferenceCode.ITEM_MISSING, at, _described(left[name]), None)
            elif name not in left:
                differ.report(DifferenceCode.ITEM_EXTRA, at, None, _described(right[name]))
            elif not filecmp.cmp(left[name], right[name], shallow=False):
                texts = _described(left[name]), _described(right[name])
                differ.report(DifferenceCode.FIELD_CHANGED, at, *texts)
    _note_variables(differ, _files(expected / _VARIABLES), _files(actual / _VARIABLES))


def _note_variables(differ: Differ, expected: dict[str, Path], actual: dict[str, Path]) -> None:
    """Note that the values of variables differ, which the comparison of two models does not judge."""
    for name in sorted({*expected, *actual}):
        one, other = expected.get(name), actual.get(name)
        if one is None or other is None or not filecmp.cmp(one, other, shallow=False):
            at = Location(_VARIABLES, name, "file", "content")
            texts = [None if path is None else counted(path.stat().st_size, "byte") for path in (one, other)]
            differ.note(DifferenceCode.FIELD_CHANGED, at, *texts)


def _files(folder: Path) -> dict[str, Path]:
    """Return the regular files below a folder by their paths in it; none if there is no folder."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def _described(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{counted(path.stat().st_size, 'byte')}, sha256 {digest[:12]}..."
