"""Carries results to the process that writes reports, on pytest's own reports: xdist brings those along.

User properties are not the place for it: JUnit XML shows them, and a diff is too long for that.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Generator

import pytest

from pytest_metagraph.reports.fields import Fields
from pytest_metagraph.reports.lines import exporter, from_line, to_line
from pytest_metagraph.reports.model import CaseResult, Exporter

_RESULT = pytest.StashKey[tuple[str, str]]()


def leave(item: pytest.Item, tested: Exporter, result: CaseResult) -> None:
    """Leave the result of an item for its report."""
    item.stash[_RESULT] = (json.dumps(dataclasses.asdict(tested)), to_line(result))


def pick_up(report: pytest.TestReport) -> tuple[Exporter, CaseResult] | None:
    """The result that a report carries, with the time that pytest measured; None where it carries none."""
    carried = getattr(report, "metagraph_result", None)
    if carried is None:
        return None
    tested, line = carried
    result = from_line(line)
    if not isinstance(result, CaseResult):
        raise TypeError(f"a report carries a {type(result).__name__} where the result of a case is expected")
    return exporter(Fields(json.loads(tested))), dataclasses.replace(
        result, duration=round(report.duration, 6)
    )


class TransportPlugin:
    """Puts what items leave onto their reports; registered in the processes that run cases."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the result of a case to the report of its call."""
        report = yield
        if call.when == "call" and _RESULT in item.stash:
            report.metagraph_result = item.stash[_RESULT]  # type: ignore[attr-defined] # pytest sends every attribute
        return report
