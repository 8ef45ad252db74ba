"""The relative links of the documentation work, and its start page leads to every page."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *DOCS.rglob("*.md")])


def _tokens(document: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(document.read_text(encoding="utf-8"))


def links_of(document: Path) -> Iterator[str]:
    """Yield the targets of the links and pictures of a document, without web addresses."""
    for token in _tokens(document):
        for child in token.children or ():
            target = str(child.attrs.get("href") or child.attrs.get("src") or "")
            if target and not re.match(r"[a-z]+:", target):
                yield target


def anchors_of(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document, and those in its HTML."""
    tokens = _tokens(document)
    headings = {
        re.sub(r"[^\w\- ]", "", following.content.lower()).replace(" ", "-")
        for token, following in itertools.pairwise(tokens)
        if token.type == "heading_open"
    }
    return headings | set(re.findall(r'<a (?:id|name)="([^"]+)"', document.read_text(encoding="utf-8")))


def broken_links(document: Path) -> list[str]:
    """Return the links of a document whose file or heading does not exist."""
    broken = []
    for link in links_of(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_somewhere(document: Path) -> None:
    """Each relative link names a file or folder that exists and, if it has an anchor, a heading in it."""
    assert broken_links(document) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    """A missing file and a missing heading are found, in tables and pictures too; good links are accepted."""
    document = tmp_path / "page.md"
    document.write_text(
        "# A *good* heading\n\n"
        "[good](page.md#a-good-heading) [web](https://example.org) [no page](other.md) [no heading](#bad)\n\n"
        "| a |\n|---|\n| [no row](row.md) |\n\n![no picture](picture.png)\n",
        encoding="utf-8",
    )
    assert broken_links(document) == ["other.md", "#bad", "row.md", "picture.png"]


def test_the_start_page_leads_to_every_page() -> None:
    """A reader finds each page of docs/ from its start page."""
    index = DOCS / "index.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links_of(index)}
    assert {page for page in DOCS.rglob("*.md") if page != index} - linked == set()
