"""Exporters side by side under both contracts: a table of requirements and versions, small enough to keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import msgspec
from packaging.version import Version

from pytest_metagraph.judging.result import Count
from pytest_metagraph.reports.causes import reported_causes
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.scoring import rows_by_requirement, score_of
from reference_impl.files import read_regular_file

FORMAT: Final = 1
"""The version of the JSON form of the table."""

MOST_CAUSES = 8
"""Causes of failures that the table keeps for each exporter and contract."""

OWN_CONTRACT = "tensorflow"
"""The contract under which failures are told apart from differences of the op registry."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The reports about one exporter.

    Attributes:
        label: the words that name it, such as `1.15.5`.
        reports: its reports by contract; those that exist if there is a problem.
        passed_with_kit_ops: the cases that also pass under `OWN_CONTRACT` if the exporter's own registry is
            left out of account; None if it has none.
        problem: why a report is missing; empty if none is.
        is_release: whether it is a release of TensorFlow, named by its version, with a place in their order.
    """

    label: str
    reports: Mapping[str, Report] = field(default_factory=dict)
    passed_with_kit_ops: frozenset[str] | None = None
    problem: str = ""
    is_release: bool = False

    @property
    def scored(self) -> Mapping[str, Report]:
        """The reports that have a score, by contract: of an exporter that loads nothing, none has."""
        return {contract: report for contract, report in self.reports.items() if not report.no_score}

    @property
    def reason(self) -> str:
        """Why a report or a score is missing; empty if none is."""
        unscored = (report.no_score for name, report in self.reports.items() if name not in self.scored)
        return self.problem or " ".join(dict.fromkeys(unscored))


class MeasuredCause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One explanation of failed cases.

    Attributes:
        cause: what is wrong, as a sentence or a few words.
        cases: the number of cases that it explains.
        smallest: the id of the smallest of them.
        requirements: ids of the requirements that it violates.
    """

    cause: str
    cases: Count
    smallest: str
    requirements: tuple[str, ...]


class MeasuredContract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The result of one exporter under one contract.

    Attributes:
        passed: number of cases that passed.
        tested: number of cases that were tested.
        unsupported: number of cases that need a capability that the exporter lacks.
        not_loadable: number of cases whose graph the exporter cannot load.
        registry: number of passed cases that would fail if its ops were compared with those of TensorFlow
            2.21; None if that was not measured.
        blamed: number of failed cases that point at a requirement, for those with any.
        not_tested: the requirements that no case tested with this exporter, although some case is about them.
        causes: the causes of the failures, most cases first.
    """

    passed: Count
    tested: Count
    unsupported: Count
    not_loadable: Count
    registry: Count | None
    blamed: dict[str, Count]
    not_tested: tuple[str, ...]
    causes: tuple[MeasuredCause, ...]

    @property
    def failed(self) -> int:
        """The number of cases in which its behaviour differs."""
        return self.tested - self.passed


class MeasuredExporter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of the table.

    Attributes:
        label: what it is called in the table.
        exporter: name and version, as it declares them.
        environment: what it ran on, such as Python, protobuf and numpy.
        measured: the day, as ISO 8601.
        is_release: whether it is a release of TensorFlow, and so has a place in their order.
        contracts: its results by contract; empty if there is none.
        problem: why a result is missing; empty if none is.
    """

    label: str
    exporter: str
    environment: dict[str, str]
    measured: str
    is_release: bool
    contracts: dict[str, MeasuredContract]
    problem: str


class VersionsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exporters side by side.

    Attributes:
        format: the version of this form.
        kit_version: the version of pytest-metagraph.
        corpus_digest: the SHA-256 of the corpus.
        tier: the tier.
        requirements: the sentence of each requirement that some exporter violates.
        columns: the releases of TensorFlow in their order, then the others as they were given.
    """

    format: Literal[1]
    kit_version: str
    corpus_digest: str
    tier: str
    requirements: dict[str, str]
    columns: tuple[MeasuredExporter, ...]

    @property
    def contracts(self) -> tuple[str, ...]:
        """The contracts that some column has."""
        return tuple(dict.fromkeys(name for column in self.columns for name in column.contracts))

    def failing(self, contract: str) -> list[str]:
        """Return the requirements that some exporter violates under a contract, as the catalogue has them."""
        blamed = {name for column in self._measured(contract) for name in column.contracts[contract].blamed}
        return [name for name in self.requirements if name in blamed]

    def cell(self, column: MeasuredExporter, contract: str, requirement: str) -> str:
        """Return what a table shows: a check mark, a number of failed cases, or a dash if none was tested."""
        if contract not in column.contracts:
            return ""
        found = column.contracts[contract]
        if requirement in found.blamed:
            return f"{found.blamed[requirement]:,}"
        return "–" if requirement in found.not_tested else "✓"  # noqa: RUF001 - a dash of typography

    def holds(self, contract: str, requirement: str) -> str:
        """Return in which releases of TensorFlow a requirement holds, such as `since 2.1.4`."""
        known = [
            (column.label, cell == "✓")
            for column in self._measured(contract)
            if column.is_release and (cell := self.cell(column, contract, requirement)) != "–"  # noqa: RUF001
        ]
        return span_of(known)

    def _measured(self, contract: str) -> list[MeasuredExporter]:
        return [column for column in self.columns if contract in column.contracts]


def span_of(known: Sequence[tuple[str, bool]]) -> str:
    """Return when something holds.

    Args:
        known: releases in their order, and whether it holds there.

    Returns:
        Such as `since 2.1.4`, `until 2.19.1`, `not in 2.4.4`, or `never`; empty if it always holds.
    """
    if not any(holds for _, holds in known):
        return "never" if known else ""
    parts = []
    first = next(index for index, (_, holds) in enumerate(known) if holds)
    last = max(index for index, (_, holds) in enumerate(known) if holds)
    if first:
        parts.append(f"since {known[first][0]}")
    gaps = [label for label, holds in known[first:last] if not holds]
    if gaps:
        parts.append(f"not in {', '.join(gaps)}")
    if last < len(known) - 1:
        parts.append(f"until {known[last][0]}")
    return ", ".join(parts)


def versions_table(
    measurements: Iterable[Measurement], earlier: VersionsTable | None = None
) -> VersionsTable:
    """Put exporters side by side.

    Args:
        measurements: the exporters, in the order in which they were given.
        earlier: a table of the same kit, corpus and tier, whose other columns are taken over.

    Returns:
        The releases of TensorFlow in their order, then the other columns, those of the earlier table first.

    Raises:
        ReportError: if no exporter has a report with a score, and none had one in the earlier table.
    """
    given = list(measurements)
    reports = [report for one in given for report in one.scored.values()]
    columns = {column.label: column for column in earlier.columns} if earlier else {}
    columns |= {one.label: _column(one) for one in given}
    ordered = (
        *sorted((one for one in columns.values() if one.is_release), key=lambda one: Version(one.label)),
        *(one for one in columns.values() if not one.is_release),
    )
    if not any(column.contracts for column in ordered):
        reasons = "; ".join(f"{column.label}: {column.problem}" for column in ordered)
        raise ReportError(ErrorCode.UNREADABLE, f"No exporter has a score. {reasons}")
    sentences: dict[str, str] = dict(earlier.requirements) if earlier else {}
    if reports:
        sentences = {name: rule.sentence for name, rule in reports[0].header.requirements.items()}
    blamed = {name for one in ordered for found in one.contracts.values() for name in found.blamed}
    about = earlier or reports[0].header
    return VersionsTable(
        FORMAT,
        about.kit_version,
        about.corpus_digest,
        about.tier,
        {name: sentence for name, sentence in sentences.items() if name in blamed},
        ordered,
    )


def _column(one: Measurement) -> MeasuredExporter:
    header = next((report.header for report in one.reports.values()), None)
    return MeasuredExporter(
        label=one.label,
        exporter=header.exporter.label if header else "",
        environment=header.environment if header else {},
        measured=header.started[:10] if header else "",
        is_release=one.is_release,
        contracts={
            contract: _contract(report, one.passed_with_kit_ops if contract == OWN_CONTRACT else None)
            for contract, report in one.scored.items()
        },
        problem=one.reason,
    )


def _contract(report: Report, passed_with_kit_ops: frozenset[str] | None) -> MeasuredContract:
    score = score_of(report.results)
    rows = rows_by_requirement(report)
    registry = None
    if passed_with_kit_ops is not None:
        registry = sum(result.passed and result.case not in passed_with_kit_ops for result in report.results)
    return MeasuredContract(
        passed=score.passed,
        tested=score.tested,
        unsupported=score.unsupported,
        not_loadable=score.not_loadable,
        registry=registry,
        blamed={row.name: row.blamed for row in rows if row.blamed},
        not_tested=tuple(
            row.name
            for row in rows
            if not row.score.tested and (row.score.unsupported or row.score.not_loadable)
        ),
        causes=tuple(
            MeasuredCause(one.cause, len(one.cases), one.cases[0], one.requirements)
            for one in reported_causes(report)[:MOST_CAUSES]
        ),
    )


def table_to_json(table: VersionsTable) -> str:
    """Return the table as JSON, one exporter in a line."""
    data = msgspec.json.encode(table).decode()
    return msgspec.json.format(data, indent=1) + "\n"


def read_table(path: Path) -> VersionsTable:
    """Read a table that `table_to_json` wrote.

    Raises:
        ReportError: if the file is not one.
    """
    try:
        return msgspec.json.decode(read_regular_file(path), type=VersionsTable)
    except OSError as error:
        raise ReportError(ErrorCode.UNREADABLE, f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise ReportError(ErrorCode.BAD_LINE, f"{path} is not a table of versions: {error}.") from error
