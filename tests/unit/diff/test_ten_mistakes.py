"""The failure messages in the documentation are those of the current differ."""

from __future__ import annotations

import pytest
from ten_mistakes import MISTAKES, PAGE, mistakes_of, text_of, with_texts


def test_page_shows_every_mistake() -> None:
    """The page has one block for each of the ten mistakes, in order."""
    assert mistakes_of(PAGE.read_text(encoding="utf-8")) == list(MISTAKES)
    assert len(MISTAKES) == 10


def test_page_is_what_the_differ_says() -> None:
    """The page shows the current texts; run ten_mistakes.py to update it."""
    page = PAGE.read_text(encoding="utf-8")
    assert with_texts(page) == page


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_readable(name: str) -> None:
    """The report of each mistake has at most 30 lines."""
    assert len(text_of(name).splitlines()) <= 30
