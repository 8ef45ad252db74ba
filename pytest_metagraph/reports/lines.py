"""The lines of a report: one JSON object each, as `report.schema.json` describes them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from pytest_metagraph.judging.findings import Code
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.options.sharding import Shard
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.fields import FieldError, Fields, as_count, as_text
from pytest_metagraph.reports.model import (
    FORMAT,
    LEVELS,
    CaseResult,
    DifferenceGroup,
    Exporter,
    Footer,
    Header,
    ReportedFinding,
    ReportedRequirement,
)

RUN_VERDICTS = ("pass", "fail", "partial")
"""The verdicts that a footer can state."""

_TYPES: dict[type[Header | CaseResult | Footer], str] = {
    Header: "header",
    CaseResult: "case",
    Footer: "footer",
}
_BASES = ("documented", "observed", "conflict")
_VERDICTS = tuple(Verdict)
_CODES = tuple(Code)


def to_line(part: Header | CaseResult | Footer) -> str:
    """One part of a report as JSON on one line, with a newline at the end."""
    members: dict[str, Any] = {"type": _TYPES[type(part)]}
    if isinstance(part, Header):
        members["format"] = FORMAT
    members.update(dataclasses.asdict(part))
    line = json.dumps(members, ensure_ascii=False, separators=(",", ":")) + "\n"
    return line.encode(errors="replace").decode()  # an exporter's error may hold half a character


def from_line(line: str) -> Header | CaseResult | Footer:
    """Read one line.

    Raises:
        ReportError: when the line is not what `to_line` writes, or belongs to another version of the format.
    """
    try:
        parsed = json.loads(line)
        if "\\ud" in line.lower():  # an escaped half of a character, which no file can be written with
            json.dumps(parsed, ensure_ascii=False).encode()
        fields = Fields(parsed)
        match fields.text("type", tuple(_TYPES.values())):
            case "header":
                return _header(fields)
            case "case":
                return _case_result(fields)
            case _:
                return _footer(fields)
    except FieldError as error:
        raise ReportError(ErrorCode.BAD_LINE, f"It does not follow the format: {error}.") from error
    except (ValueError, RecursionError) as error:  # also too many digits, or half a character
        raise ReportError(ErrorCode.BAD_LINE, f"It is no JSON: {error}.") from error


def _header(fields: Fields) -> Header:
    version = fields.count("format")
    if version != FORMAT:
        raise ReportError(
            ErrorCode.UNKNOWN_FORMAT,
            f"The report has version {version} of the format, and this kit reads version {FORMAT}.",
            "Use the kit that wrote it.",
        )
    header = Header(
        kit_version=fields.text("kit_version"),
        corpus_digest=fields.text("corpus_digest"),
        requirements_revision=fields.text("requirements_revision"),
        requirements=fields.mapping("requirements", _requirement),
        exporter=exporter(fields.inner("exporter")),
        contract=fields.text("contract"),
        tier=fields.text("tier"),
        shard=_shard(fields.inner("shard")),
        selection=fields.texts("selection"),
        tier_cases=fields.count("tier_cases"),
        expected_cases=fields.count("expected_cases"),
        expected_digest=fields.text("expected_digest"),
        command=fields.text("command"),
        started=fields.text("started"),
    )
    fields.end()
    return header


def _requirement(value: object, where: str) -> ReportedRequirement:
    fields = Fields(value, where)
    requirement = ReportedRequirement(
        sentence=fields.text("sentence"),
        basis=fields.text("basis", _BASES),
        level=fields.text("level", LEVELS),
        quote=fields.text("quote"),
    )
    fields.end()
    return requirement


def exporter(fields: Fields) -> Exporter:
    """Read what was under test."""
    read = Exporter(fields.text("name"), fields.text("version"), fields.texts("not_claimed"))
    fields.end()
    return read


def _shard(fields: Fields) -> Shard:
    shard = Shard(fields.count("index", least=1), fields.count("count", least=1))
    if shard.index > shard.count:
        raise FieldError(f"shard.index is {shard.index}, but there are {shard.count} shards")
    fields.end()
    return shard


def _case_result(fields: Fields) -> CaseResult:
    result = CaseResult(
        case=fields.text("case"),
        graph=fields.text("graph"),
        arguments=fields.mapping("arguments", as_text),
        requirements=fields.texts("requirements"),
        verdict=Verdict(fields.text("verdict", _VERDICTS)),
        checks=fields.count("checks"),
        failed_checks=fields.count("failed_checks"),
        fingerprint=fields.text("fingerprint"),
        reason=fields.text("reason"),
        findings=fields.items("findings", _finding),
        duration=fields.seconds("duration"),
    )
    fields.end()
    return result


def _finding(value: object, where: str) -> ReportedFinding:
    fields = Fields(value, where)
    finding = ReportedFinding(
        code=fields.text("code", _CODES),
        summary=fields.text("summary"),
        detail=fields.text("detail"),
        hints=fields.texts("hints"),
        groups=fields.items("groups", _group),
        variants=fields.texts("variants"),
    )
    fields.end()
    return finding


def _group(value: object, where: str) -> DifferenceGroup:
    fields = Fields(value, where)
    group = DifferenceGroup(fields.text("section"), fields.text("kind"), fields.count("count", least=1))
    fields.end()
    return group


def _footer(fields: Fields) -> Footer:
    footer = Footer(
        expected_cases=fields.count("expected_cases"),
        actual_cases=fields.count("actual_cases"),
        verdict=fields.text("verdict", RUN_VERDICTS),
        verdicts=fields.mapping("verdicts", as_count),
        finished=fields.text("finished"),
        list_problems=fields.texts("list_problems"),
    )
    fields.end()
    return footer
