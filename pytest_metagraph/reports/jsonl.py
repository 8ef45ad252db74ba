"""The JSON Lines report: write it as a run goes, and read it back."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pytest_metagraph.judging.findings import Code
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.model import (
    FORMAT,
    LEVELS,
    CaseResult,
    DifferenceGroup,
    Exporter,
    Footer,
    Header,
    Report,
    ReportedFinding,
    ReportedRequirement,
)
from pytest_metagraph.reports.validity import find_problems
from pytest_metagraph.settings import Shard
from reference_impl.files import write_files

T = TypeVar("T")


class FieldError(ValueError):
    """A member of a JSON object is absent, surplus, or not what it has to be."""


class Fields:
    """The members of one JSON object; each is read once, and none may be left over.

    Args:
        value: the parsed JSON value.
        where: the path to it, for messages; empty for a line itself.

    Raises:
        FieldError: when it is no object.
    """

    def __init__(self, value: object, where: str = "") -> None:
        if not isinstance(value, dict):
            raise FieldError(f"{where or 'the line'} is no object")
        self._members: dict[str, object] = dict(value)
        self._where = where

    def text(self, name: str, choices: Collection[str] = ()) -> str:
        """A string, one of `choices` where there are any."""
        value = as_text(self._take(name), self._path(name))
        if choices and value not in choices:
            raise FieldError(f"{self._path(name)} is {value!r}; it can be {', '.join(choices)}")
        return value

    def count(self, name: str, least: int = 0) -> int:
        """An integer of at least `least`."""
        return as_count(self._take(name), self._path(name), least)

    def seconds(self, name: str) -> float:
        """A finite number of at least 0."""
        value = self._take(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
            raise FieldError(f"{self._path(name)} is no number of at least 0")
        return float(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """An array of strings."""
        return self.items(name, as_text)

    def items(self, name: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
        """An array whose items `read` reads; it is given each item and the path to it."""
        value = self._take(name)
        if not isinstance(value, list):
            raise FieldError(f"{self._path(name)} is no array")
        return tuple(read(item, f"{self._path(name)}[{index}]") for index, item in enumerate(value))

    def mapping(self, name: str, read: Callable[[Any, str], T]) -> Mapping[str, T]:
        """An object with any keys, whose values `read` reads; it is given each value and the path to it."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise FieldError(f"{self._path(name)} is no object")
        return {key: read(item, f"{self._path(name)}.{key}") for key, item in value.items()}

    def inner(self, name: str) -> Fields:
        """An object with members of its own."""
        return Fields(self._take(name), self._path(name))

    def end(self) -> None:
        """Check that nothing is left over.

        Raises:
            FieldError: when a member has not been read.
        """
        if self._members:
            raise FieldError(f"{self._path(min(self._members))} is unknown")

    def _take(self, name: str) -> object:
        try:
            return self._members.pop(name)
        except KeyError:
            raise FieldError(f"{self._path(name)} is missing") from None

    def _path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name


def as_text(value: object, where: str) -> str:
    """A string; `where` is the path to it.

    Raises:
        FieldError: when it is none.
    """
    if not isinstance(value, str):
        raise FieldError(f"{where} is no string")
    return value


def as_count(value: object, where: str, least: int = 0) -> int:
    """An integer of at least `least`; `where` is the path to it. In JSON, 2.0 is an integer too.

    Raises:
        FieldError: when it is none.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise FieldError(f"{where} is no integer of at least {least}")
    return value


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


def read_report(path: Path) -> Report:
    """Read a report, be it valid or INVALID.

    Args:
        path: a file of JSON Lines.

    Returns:
        The report, its results sorted by case whatever the order in the file.

    Raises:
        ReportError: when the file is no report at all.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReportError(ErrorCode.UNREADABLE, f"{path} can not be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ReportError(ErrorCode.UNREADABLE, f"{path} is no text in UTF-8.") from error
    return parse_report(text, str(path))


def parse_report(text: str, name: str) -> Report:
    """Read a report from its text.

    Args:
        text: JSON Lines.
        name: what messages call the report.

    Raises:
        ReportError: when the text is no report at all; see `read_report`.
    """
    lines = text.split("\n")
    # Every line that was written whole ends with a newline, so what follows the last one was cut off.
    cut_off = lines.pop()
    parts = _parts(lines, name)
    header = parts.pop(0) if parts else None
    if not isinstance(header, Header):
        raise ReportError(
            ErrorCode.NO_HEADER,
            f"{name} does not start with a header.",
            "Give a .jsonl file that --metagraph-report has written.",
        )
    footer = parts[-1] if parts and isinstance(parts[-1], Footer) else None
    if footer is not None:
        parts.pop()
    results = []
    for number, part in enumerate(parts, start=2):
        if not isinstance(part, CaseResult):
            raise ReportError(
                ErrorCode.BAD_LINE, f"{name}, line {number}: a header or footer among the cases."
            )
        results.append(part)
    results.sort(key=lambda result: result.case)
    problems = find_problems(header, results, footer, cut_off=bool(cut_off))
    return Report(header, tuple(results), footer, problems)


def _parts(lines: list[str], name: str) -> list[Header | CaseResult | Footer]:
    parts = []
    for number, line in enumerate(lines, start=1):
        try:
            parts.append(from_line(line))
        except ReportError as error:
            raise ReportError(error.code, f"{name}, line {number}: {error.problem}", error.way_out) from error
    return parts


class ReportWriter:
    """A report in the making. What it holds is true at every moment, so that an interrupted run leaves it so.

    Args:
        path: the file; what was in it is replaced.
        header: the first line.

    Raises:
        OSError: when the file can not be written.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._file: io.TextIOWrapper = path.open("w", encoding="utf-8", newline="\n")
        self._write(header)

    def add(self, result: CaseResult) -> None:
        """Write the result of a case, and hand it to the operating system at once."""
        self._write(result)

    def finish(self, report: Report) -> None:
        """Replace the file by the whole report, its cases sorted: workers finish in any order.

        A reader finds either the old or the new file, never a mixture.
        """
        self._file.close()
        write_report(self._path, report)

    def _write(self, part: Header | CaseResult) -> None:
        self._file.write(to_line(part))
        self._file.flush()


def write_report(path: Path, report: Report) -> None:
    """Write a whole report.

    Raises:
        OSError: when the file can not be written; a file that was there before is then as it was.
    """
    write_files({str(path): report_text(report).encode()})


def report_text(report: Report) -> str:
    """A report as JSON Lines."""
    footer = to_line(report.footer) if report.footer else ""
    return "".join([to_line(report.header), *map(to_line, report.results), footer])
