"""Show the text of a failed case: in colours in a terminal, plain everywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback
from _pytest._io import TerminalWriter

from pytest_metagraph._util.text import printable

_MARKS = {"~ ": "yellow", "- ": "red", "+ ": "green"}
_LABELS = ("fingerprint: ", "run this case again:")


class CaseFailedError(Exception):
    """Fails the item of a case with a text of the kit instead of a traceback.

    Args:
        text: the whole text.
        headline: what is wrong, on one line.
    """

    def __init__(self, text: str, headline: str) -> None:
        super().__init__(printable(text, keep_newlines=True))
        self.headline = printable(headline)


class CaseFailure(ReprExceptionInfo):
    """The text of a failed case as pytest shows failures; xdist sends it as the class that it extends."""

    @classmethod
    def of(cls, error: CaseFailedError, path: Path) -> CaseFailure:
        """Return the failure of an item, with the line of the short summary.

        Args:
            error: what the item raised.
            path: the file of the item.
        """
        entry = ReprEntryNative([f"{error}\n"])
        crash = ReprFileLocation(str(path), 1, error.headline)
        return cls(ReprTraceback([entry], None, style="native"), crash)

    def toterminal(self, tw: TerminalWriter) -> None:
        """Write the text, line by line."""
        text = "".join(line for entry in self.reprtraceback.reprentries for line in entry.lines)
        for number, line in enumerate(text.splitlines()):
            tw.line(line, **_markup(line, is_first=not number))


def restore(report: pytest.TestReport) -> None:
    """Give the report of a failed case its colours again, if a worker of pytest-xdist has sent it."""
    if type(report.longrepr) is ReprExceptionInfo:
        entries = report.longrepr.reprtraceback.reprentries
        if len(entries) == 1 and isinstance(entries[0], ReprEntryNative):
            report.longrepr = CaseFailure(report.longrepr.reprtraceback, report.longrepr.reprcrash)


def _markup(line: str, *, is_first: bool) -> dict[str, bool]:
    """Return the colours of a line: what is wrong in red, differences by their mark, as in the differ."""
    if is_first or line.strip() == "LIKELY CAUSES":
        return {"bold": True}
    if line.startswith("  export_meta_graph("):
        return {"cyan": True}
    if colour := _MARKS.get(line.lstrip()[:2]):
        return {colour: True} if line.startswith("  ") else {}
    if line and not line.startswith((" ", *_LABELS)):
        return {"red": True, "bold": True}
    return {}
