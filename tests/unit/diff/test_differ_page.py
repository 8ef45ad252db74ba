"""The reference page of the differ lists every code, hint and option."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from pytest_metagraph.diff import CompareOptions, DifferenceCode, HintCode

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "differ.md").read_text(encoding="utf-8")


def _first_column(title: str) -> set[str]:
    """Return the words in backquotes in the first column of a section's table."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return {
        word
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for word in re.findall("`(.+?)`", row)
    }


def test_codes() -> None:
    """The table of codes lists exactly the existing codes."""
    assert _first_column("Codes") == set(DifferenceCode)


def test_hints() -> None:
    """The table of hints lists exactly the existing hints."""
    assert _first_column("Hints") == set(HintCode)


def test_options() -> None:
    """The page mentions every option."""
    assert [one.name for one in dataclasses.fields(CompareOptions) if f"`{one.name}" not in PAGE] == []
