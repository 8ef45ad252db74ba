"""The lines of a report can be read again and follow the schema; any other line is refused."""

from __future__ import annotations

import copy
import importlib.resources
import json
from typing import Any

import jsonschema
import pytest
import report_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from pytest_metagraph._util.text import printable
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import to_line
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.jsonl import from_line
from pytest_metagraph.reports.model import ReportedShard
from pytest_metagraph.reports.schema import schema_text

SCHEMA = json.loads(
    importlib.resources.files("pytest_metagraph.reports").joinpath("report.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

FAILED = samples.result("a", Verdict.FAIL, arguments={"export_scope": "tower_1"}, reason="why")
# No integer that the property below puts in makes a shard beyond the last one, which no schema can refuse.
REPORT = samples.report(FAILED, samples.result("b"), shard=ReportedShard(1, 2), list_problems=("stale",))
PARTS = [REPORT.header, FAILED, REPORT.footer]
LINES = [json.loads(to_line(part)) for part in PARTS if part is not None]

PLACES = st.sampled_from(
    [
        (index, path)
        for index, line in enumerate(LINES)
        for path in [
            (),
            *((name,) for name in line),
            *((name, inner) for name in line if isinstance(line[name], dict) for inner in line[name]),
            *(
                (name, 0, inner)
                for name in line
                if isinstance(line[name], list) and line[name] and isinstance(line[name][0], dict)
                for inner in line[name][0]
            ),
        ]
    ]
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2), st.floats(0.1, 0.9), st.text(max_size=2),
    st.just([]), st.just([1]), st.just(["a"]), st.just({}), st.just({"a": "b"}), st.just([{}]),
)  # fmt: skip


@pytest.mark.parametrize("text", ["\x9b31m\u202e\u2028\ufeff\U000e0041", "::error::x", "\ud800\x85"])
def test_no_character_of_a_line_acts(text: str) -> None:
    """A report that is printed to a terminal or a log is as harmless as every other output of JSON."""
    result = samples.result("a", reason=text)
    line = to_line(result)
    assert printable(line, keep_newlines=True) == line
    read = from_line(line.rstrip("\n"))
    assert getattr(read, "reason") == text.replace("\ud800", "?")  # noqa: B009 - of one class of three


def is_taken(line: Any) -> bool:
    """Whether the reader takes a line."""
    try:
        from_line(json.dumps(line))
    except ReportError:
        return False
    return True


@pytest.mark.parametrize("part", PARTS, ids=["header", "case", "footer"])
def test_a_part_survives_its_line(part: Any) -> None:
    """A part is written as one line of text, and read again as an equal value."""
    line = to_line(part)
    assert from_line(line) == part
    assert line.endswith("\n")
    assert line.count("\n") == 1


@pytest.mark.parametrize("line", LINES, ids=["header", "case", "footer"])
def test_a_line_follows_the_schema(line: Any) -> None:
    """Each kind of line is valid under the shipped schema."""
    VALIDATOR.validate(line)


def test_the_schema_is_a_schema() -> None:
    """The shipped schema is itself valid."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_names_every_verdict_and_code() -> None:
    """The enumerations of the schema are those of the program."""
    assert set(SCHEMA["$defs"]["Verdict"]["enum"]) == set(Verdict)
    assert set(SCHEMA["$defs"]["FindingCode"]["enum"]) == set(FindingCode)


def test_the_shipped_schema_is_that_of_the_declarations() -> None:
    """The schema file equals the schema of the declarations, with a description of each member."""
    assert json.loads(schema_text()) == SCHEMA
    declared = [SCHEMA["$defs"][name]["properties"] for name in ("Header", "CaseResult", "Footer")]
    assert all(
        "description" in member for part in declared for name, member in part.items() if name != "type"
    )


@given(place=PLACES, value=VALUES)
def test_reader_and_schema_take_the_same_lines(place: tuple[int, tuple[Any, ...]], value: Any) -> None:
    """The reader accepts a line with one replaced value if, and only if, the schema allows it."""
    index, path = place
    line: Any = copy.deepcopy(LINES[index])
    if path:
        target = line
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value
    else:
        line = value
    assert is_taken(line) == VALIDATOR.is_valid(line)


@pytest.mark.parametrize("line", LINES, ids=["header", "case", "footer"])
def test_a_member_more_or_less_is_refused(line: Any) -> None:
    """The reader names the member that is missing or unknown, and the schema refuses it too."""
    for name in line:
        less = {key: value for key, value in line.items() if key != name}
        with pytest.raises(ReportError, match=f"missing required field `{name}`"):
            from_line(json.dumps(less))
        assert not VALIDATOR.is_valid(less)
    with pytest.raises(ReportError, match="unknown field `surplus`"):
        from_line(json.dumps({**line, "surplus": 1}))
    assert not VALIDATOR.is_valid({**line, "surplus": 1})


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", ErrorCode.BAD_LINE),
        ("{", ErrorCode.BAD_LINE),
        ("[]", ErrorCode.BAD_LINE),
        ("[" * 100_000, ErrorCode.BAD_LINE),
        (json.dumps({**LINES[1], "duration": float("nan")}), ErrorCode.BAD_LINE),
        (json.dumps({**LINES[1], "checks": 2.0}), ErrorCode.BAD_LINE),
        ('{"type":"footer",' + json.dumps(LINES[2])[1:], ErrorCode.BAD_LINE),
        (json.dumps({**LINES[0], "shard": {"index": 3, "count": 2}}), ErrorCode.BAD_LINE),
        (json.dumps({**LINES[0], "format": 1}), ErrorCode.UNKNOWN_FORMAT),
    ],
)
def test_other_lines_are_typed_failures(line: str, code: ErrorCode) -> None:
    """Text that is not a line of a report is refused with a code."""
    with pytest.raises(ReportError) as caught:
        from_line(line)
    assert caught.value.code is code
