"""The summary at the end of a run, in sessions that ran conformance cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_metagraph.judging.records import Record
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.plugin.options import settings_of
from pytest_metagraph.settings import Settings

if TYPE_CHECKING:
    from conformance_cases import Case, Requirement

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

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Print the summary below all that pytest prints, where it is read: failures may be hundreds."""
        yield
        if not self._records:
            return
        settings = settings_of(self._config)
        terminalreporter.write_sep("=", "conformance of export_meta_graph")
        for line in summary_lines(self._records, settings):
            terminalreporter.write_line(line)


def summary_lines(records: Sequence[Record], settings: Settings) -> Iterator[str]:
    """What a run says about an exporter.

    Args:
        records: the results, in any order; at least one.
        settings: the options of the run.

    Yields:
        Lines without newlines.
    """
    from conformance_cases import Tier  # noqa: PLC0415 - only a session that ran cases pays for it
    from pytest_metagraph.selection import corpus_of  # noqa: PLC0415 - as above

    verdicts = Counter(record.verdict for record in records)
    graphs = {record.graph for record in records}
    checks = sum(record.checks for record in records)
    exporter = f"{records[0].exporter} {records[0].exporter_version}".rstrip()
    yield f"exporter {exporter}, contract {records[0].contract}, tier {settings.tier}"
    if settings.graphs:
        yield f"own graphs of {settings.graphs}, compared with what {settings.oracle} exports of them"
    yield (
        f"{_counted(len(graphs), 'graph')}, {_counted(len(records), 'case')}, {_counted(checks, 'check')}: "
        f"{_verdicts(verdicts)}"
    )
    corpus = corpus_of(settings)
    cases = corpus.cases(Tier(settings.tier))
    is_whole = len(records) == len(cases)
    if not is_whole:
        yield f"This is no score: {len(records):,} of the {len(cases):,} cases of the tier ran."
    elif Verdict.HARNESS_ERROR in verdicts:
        yield "This is no score: the kit itself failed."
    else:
        yield f"score: {_score(records, _levels(cases, corpus.requirements))}"
    failed = [record for record in records if record.verdict == Verdict.FAIL]
    if failed and len(records) > 1:
        yield from _symptom_lines(failed)
        yield f"next: look at one of them alone: {settings.command_for(failed[0].case)}"
    elif not failed and is_whole and settings.tier != "full":
        yield "next: --metagraph-tier=full runs every combination of the arguments"


def _score(records: Sequence[Record], levels: Mapping[str, str]) -> str:
    """The score of each level that has cases, the strictest first."""
    from pytest_metagraph.reports.model import LEVELS  # noqa: PLC0415 - only a session that ran cases pays for it
    from pytest_metagraph.reports.scoring import score_of_verdicts  # noqa: PLC0415 - as above

    grouped: dict[str, list[Verdict]] = {level: [] for level in LEVELS}
    for record in records:
        grouped[levels[record.case]].append(Verdict(record.verdict))
    return "; ".join(
        score_of_verdicts(verdicts).text(level) for level, verdicts in grouped.items() if verdicts
    )


def _verdicts(verdicts: Counter[str]) -> str:
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


def _symptom_lines(failed: Sequence[Record]) -> Iterator[str]:
    """Failures with the same symptom together, the most frequent first, each with its likeliest cause."""
    symptoms: dict[str, list[Record]] = {}
    for record in sorted(failed, key=lambda record: record.case):
        symptoms.setdefault(record.fingerprint, []).append(record)
    most_frequent = sorted(symptoms.values(), key=len, reverse=True)
    yield "one symptom:" if len(symptoms) == 1 else f"{len(symptoms):,} different symptoms:"
    for records in most_frequent[:_MAX_GROUPS]:
        others = f" and {len(records) - 1:,} more" if len(records) > 1 else ""
        yield f"  {records[0].summary}: {records[0].case}{others}"
        if records[0].hint:
            yield f"    likely cause: {records[0].hint}"
    if len(most_frequent) > _MAX_GROUPS:
        others = "symptom" if len(most_frequent) == _MAX_GROUPS + 1 else "symptoms"
        yield f"  and {len(most_frequent) - _MAX_GROUPS:,} other {others}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _levels(cases: Iterable[Case], known: Mapping[str, Requirement]) -> Mapping[str, str]:
    """The level of every case, by id."""
    from pytest_metagraph.reports.model import strictest  # noqa: PLC0415 - as above

    return {case.id: strictest(str(known[name].level) for name in case.requirements) for case in cases}
