"""Merge the reports of all shards of a run into the report of the whole tier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.footer import footer_of
from pytest_metagraph.reports.model import Header, Report, ReportedShard, digest_of
from pytest_metagraph.reports.validity import find_problems

_SAME_IN_ALL_SHARDS = {
    "kit_version": "version of the kit",
    "corpus_digest": "corpus",
    "requirements_revision": "requirement catalogue",
    "exporter": "exporter",
    "contract": "contract",
    "oracle": "oracle",
    "check_loads": "versions of TensorFlow that messages must load in",
    "tier": "tier",
    "level": "level",
    "tier_cases": "number of cases",
}


def merge(reports: Mapping[str, Report]) -> Report:
    """Merge the reports of all shards.

    Args:
        reports: one report for each shard, by its name in messages.

    Returns:
        The report that a run without shards would have written.

    Raises:
        ReportError: if a report is not valid or does not belong to the same run as the first one, or if a
            shard is missing or given twice.
    """
    if not reports:
        raise ReportError(
            ErrorCode.MISSING_SHARDS, "There is no report to merge.", "Give the reports of all shards."
        )
    names, parts = list(reports), list(reports.values())
    for name, report in reports.items():
        if not report.is_valid:
            raise ReportError(
                ErrorCode.INVALID_REPORT,
                f"{name} is {report.status}: {report.no_score}",
                "Run that shard again.",
            )
        _require_same_run(names[0], parts[0].header, name, report.header)
    _require_all_shards([report.header.shard for report in parts])
    return _join(parts)


def _require_same_run(first_name: str, first: Header, name: str, header: Header) -> None:
    for attribute, noun in _SAME_IN_ALL_SHARDS.items():
        here, there = getattr(header, attribute), getattr(first, attribute)
        if here != there:
            raise ReportError(
                ErrorCode.DIFFERENT_RUNS,
                f"{name} and {first_name} differ in their {noun}: {_short(here)} and {_short(there)}.",
                "Merge shards of one run only.",
            )


def _require_all_shards(shards: Sequence[ReportedShard]) -> None:
    counts = {shard.count for shard in shards}
    if len(counts) > 1:
        listed = ", ".join(map(str, sorted(counts)))
        raise ReportError(ErrorCode.DIFFERENT_RUNS, f"The runs have different numbers of shards: {listed}.")
    (count,) = counts
    given = Counter(shard.index for shard in shards)
    doubled = [index for index in sorted(given) if given[index] > 1]
    if doubled:
        raise ReportError(
            ErrorCode.DOUBLED_SHARDS, f"There is more than one report of {_listed(doubled, count)}."
        )
    missing = [index for index in range(1, count + 1) if index not in given]
    if missing:
        raise ReportError(
            ErrorCode.MISSING_SHARDS,
            f"There is no report of {_listed(missing, count)}.",
            "Give the reports of all shards.",
        )


def _listed(indices: Sequence[int], count: int) -> str:
    return "shard " + ", ".join(str(ReportedShard(index, count)) for index in indices)


def _join(parts: Sequence[Report]) -> Report:
    results = tuple(
        sorted((result for part in parts for result in part.results), key=lambda result: result.case)
    )
    header = msgspec.structs.replace(
        parts[0].header,
        shard=ReportedShard(1, 1),
        expected_cases=parts[0].header.tier_cases,
        expected_digest=digest_of(result.case for result in results),
        started=min(part.header.started for part in parts),
    )
    finished = max(part.footer.finished for part in parts if part.footer)
    # Every shard checks the whole list, so that all of them have the same problems.
    list_problems = tuple(dict.fromkeys(problem for part in parts for problem in part.list_problems))
    footer = footer_of(header, results, finished, list_problems)
    problems = find_problems(header, results, footer)
    if problems:
        sentences = " ".join(problem.sentence for problem in problems)
        raise ReportError(ErrorCode.INVALID_REPORT, f"The merged report is INVALID: {sentences}")
    return Report(header, results, footer, problems)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - so that a message fits into one line
