"""The pictures of the documentation are shown, small, self-contained and up to date."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from test_links import DOCUMENTS, PROJECT, links_of

PICTURES = sorted((PROJECT / "docs" / "pictures").iterdir())
_SVG = "{http://www.w3.org/2000/svg}"


def test_every_picture_is_shown() -> None:
    """Each picture is shown by some page."""
    linked = {(page.parent / link).resolve() for page in DOCUMENTS for link in links_of(page)}
    assert set(PICTURES) - linked == set()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_loads_nothing(picture: Path) -> None:
    """A picture has at most 150 kB and loads nothing from elsewhere."""
    assert picture.stat().st_size < 150_000
    if picture.suffix == ".svg":
        text = picture.read_text(encoding="utf-8")
        assert "href" not in text
        assert "url(http" not in text


def test_the_terminal_shows_what_the_readme_prints() -> None:
    """The picture shows the block above it; `python tests/docs/pictures.py` draws it again."""
    drawn = _words_of_svg(PROJECT / "docs" / "pictures" / "terminal.svg")
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```console\n(\$ pytest -q [^`]*?my_adapter:export[^`]*?)```", readme)
    for part in block.split("...\n"):
        assert "".join(part.replace(" ...", "").split()) in drawn


def _words_of_svg(picture: Path) -> str:
    """Return the text of a picture without spaces, because a terminal breaks long lines."""
    texts = ET.parse(picture).iter(f"{_SVG}text")  # noqa: S314 - the project's own file
    return "".join("".join((text.text or "").split()) for text in texts)
