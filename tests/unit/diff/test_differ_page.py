"""The reference page of the differ names every code, hint and option that there is."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from pytest_metagraph.diff import DifferenceCode, CompareOptions, HintCode

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "differ.md").read_text(encoding="utf-8")


def _first_column(title: str) -> set[str]:
    """The words in backquotes that the first column of a section's table holds."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return {
        word
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for word in re.findall("`(.+?)`", row)
    }


def test_codes() -> None:
    """The table of codes has each code once, and no other."""
    assert _first_column("Codes") == set(DifferenceCode)


def test_hints() -> None:
    """The table of hints has each hint, and no other."""
    assert _first_column("Hints") == set(HintCode)


def test_options() -> None:
    """Each option is named on the page."""
    assert [one.name for one in dataclasses.fields(CompareOptions) if f"`{one.name}" not in PAGE] == []
