"""The summary at the end of a run, in sessions that ran conformance cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from pytest_metagraph.judging.records import Record
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.options.settings import Settings

_MAX_GROUPS = 5
"""Groups of equal failures that are listed."""


class SummaryPlugin:
    """Gathers the records of all reports, those of xdist workers included, and prints what they say.

    Args:
        config: pytest's configuration.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._records: list[Record] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record of a judged case."""
        if report.when == "call" and report.user_properties:
            record = Record.from_properties(report.user_properties)
            if record is not None:
                self._records.append(record)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the summary."""
        if not self._records:
            return
        settings = Settings.from_config(self._config)
        terminalreporter.write_sep("=", "conformance of export_meta_graph")
        for line in summary_lines(self._records, settings, _cases_in_tier(settings)):
            terminalreporter.write_line(line)


def summary_lines(records: Sequence[Record], settings: Settings, cases_in_tier: int) -> Iterator[str]:
    """What a run says about an exporter.

    Args:
        records: the results, in any order; at least one.
        settings: the options of the run.
        cases_in_tier: how many cases the tier holds.

    Yields:
        Lines without newlines.
    """
    verdicts = Counter(record.verdict for record in records)
    graphs = {record.graph for record in records}
    checks = sum(record.checks for record in records)
    exporter = f"{records[0].exporter} {records[0].exporter_version}".rstrip()
    yield f"exporter {exporter}, contract {records[0].contract}, tier {settings.tier}"
    yield f"{len(graphs):,} graphs, {len(records):,} cases, {checks:,} checks: {_counts(verdicts)}"
    if len(records) < cases_in_tier:
        yield f"This is no score: {len(records):,} of the {cases_in_tier:,} cases of the tier ran."
    failed = [record for record in records if record.verdict == Verdict.FAIL]
    if failed:
        yield from _group_lines(failed)
        yield f"next: look at one of them alone: {settings.command_for(failed[0].case)}"
    elif len(records) == cases_in_tier and settings.tier != "full":
        yield "next: --metagraph-tier=full runs every combination of the arguments"


def _counts(verdicts: Counter[str]) -> str:
    """The verdicts that occurred; passed and failed always."""
    words = {
        "pass": "passed",
        "fail": "failed",
        "known_failure": "known to fail",
        "unexpected_pass": "passed although known to fail",
        "unsupported": "not supported by the exporter",
        "untestable": "not asked under this contract",
        "harness_error": "broken by an error of the kit",
    }
    shown = {"pass", "fail", *verdicts}
    return ", ".join(f"{verdicts[verdict]:,} {text}" for verdict, text in words.items() if verdict in shown)


def _group_lines(failed: Sequence[Record]) -> Iterator[str]:
    """Failures with the same symptom together, the largest group first."""
    groups: dict[str, list[Record]] = {}
    for record in sorted(failed, key=lambda record: record.case):
        groups.setdefault(record.fingerprint, []).append(record)
    largest = sorted(groups.values(), key=len, reverse=True)
    yield f"{len(groups):,} different symptoms:"
    for group in largest[:_MAX_GROUPS]:
        others = f" and {len(group) - 1:,} more" if len(group) > 1 else ""
        yield f"  {group[0].summary}: {group[0].case}{others}"
    if len(largest) > _MAX_GROUPS:
        yield f"  and {len(largest) - _MAX_GROUPS:,} other symptoms"


def _cases_in_tier(settings: Settings) -> int:
    from conformance_cases import Tier, load_corpus  # noqa: PLC0415 - only a session that ran cases pays for it

    return len(load_corpus().cases(Tier(settings.tier)))
