"""The report of a run is read from its file, whether it is complete or not."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import report_samples as samples

from pytest_metagraph.judging.result import to_line
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import ErrorCode, ProblemCode, ReportError
from pytest_metagraph.reports.jsonl import (
    ReportWriter,
    parse_report,
    read_report,
    report_text,
    write_report,
)

REPORT = samples.report(samples.result("a"), samples.result("b", Verdict.FAIL), samples.result("c"))
LINES = report_text(REPORT).splitlines(keepends=True)


def test_a_written_report_is_read_again(tmp_path: Path) -> None:
    """A report survives its file, and nothing but that file is left."""
    path = tmp_path / "report.jsonl"
    write_report(path, REPORT)
    assert read_report(path) == REPORT
    assert list(tmp_path.iterdir()) == [path]


def test_the_order_of_the_cases_does_not_matter() -> None:
    """Workers finish in any order; the reader sorts."""
    shuffled = [LINES[0], LINES[3], LINES[1], LINES[2], LINES[4]]
    assert parse_report("".join(shuffled), "x") == REPORT


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(LINES, [], id="whole"),
        pytest.param(LINES[:4], ["no_footer"], id="no footer"),
        pytest.param(LINES[:3], ["no_footer", "missing_cases"], id="interrupted"),
        pytest.param(LINES[:1], ["no_footer", "missing_cases"], id="only a header"),
        pytest.param([*LINES[:3], LINES[3][:40]], ["cut_off", "missing_cases"], id="cut in a line"),
        pytest.param([*LINES[:4], LINES[4][:-1]], ["cut_off"], id="cut in the footer"),
        pytest.param([*LINES[:4], LINES[1], LINES[4]], ["doubled_cases", "wrong_footer"], id="doubled"),
        pytest.param([*LINES[:3], LINES[4]], ["missing_cases", "wrong_footer"], id="missing"),
        pytest.param([*LINES[:3], LINES[1], LINES[4]], ["missing_cases", "doubled_cases"], id="both"),
        pytest.param([*LINES[:3], LINES[3].replace('"c"', '"z"'), LINES[4]], ["other_cases"], id="exchanged"),
        pytest.param([*LINES[:4], LINES[4].replace(":2", ":3")], ["wrong_footer"], id="wrong count"),
        pytest.param(
            [*LINES[:4], LINES[4].replace('"verdict":"fail"', '"verdict":"pass"')],
            ["wrong_footer"],
            id="wrong verdict",
        ),
    ],
)
def test_an_incomplete_or_contradictory_report_is_invalid(lines: list[str], expected: list[str]) -> None:
    """Whatever is missing, doubled or contradicted makes a report INVALID, with a code for each reason."""
    report = parse_report("".join(lines), "x")
    assert [problem.code for problem in report.problems] == expected
    assert report.is_valid is not bool(expected)
    assert bool(report.no_score) is bool(expected)


def test_a_run_of_some_cases_says_so() -> None:
    """A report of a selection is PARTIAL, and names the globs that restricted the run."""
    report = samples.report(
        samples.result("a"), selection=("a*",), expected_cases=3, tier_cases=3, expected_digest="other"
    )
    assert [problem.code for problem in report.problems] == [ProblemCode.PARTIAL]
    assert report.no_score == "Only a part of the cases ran (a*): 1 of 3."
    assert report.status == "PARTIAL"
    assert report.footer is not None
    assert report.footer.verdict == "partial"


def test_a_partial_run_with_another_problem_is_invalid() -> None:
    """A selection does not excuse a case that appears twice."""
    twice = (samples.result("a"), samples.result("a"))
    report = samples.report(
        *twice, selection=("a*",), expected_cases=3, tier_cases=3, expected_digest="other"
    )
    assert ProblemCode.PARTIAL in {problem.code for problem in report.problems}
    assert report.status == "INVALID"


def test_an_error_of_the_kit_is_no_score() -> None:
    """A case in which the kit itself failed makes the report INVALID: nothing is known about the exporter."""
    report = samples.report(samples.result("a"), samples.result("b", Verdict.HARNESS_ERROR))
    assert [problem.code for problem in report.problems] == [ProblemCode.HARNESS_ERRORS]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([Verdict.PASS, Verdict.KNOWN_FAILURE, Verdict.UNSUPPORTED, Verdict.UNTESTABLE], "pass"),
        ([Verdict.PASS, Verdict.FAIL], "fail"),
        ([Verdict.PASS, Verdict.UNEXPECTED_PASS], "fail"),
    ],
)
def test_the_verdict_of_a_run(verdicts: list[Verdict], expected: str) -> None:
    """A run fails if, and only if, the verdict of a case fails it."""
    report = samples.report(
        *(samples.result(str(number), verdict) for number, verdict in enumerate(verdicts))
    )
    assert report.footer is not None
    assert report.footer.verdict == expected


def test_a_wrong_list_of_known_failures_fails_a_run_and_leaves_its_score() -> None:
    """The problems of a list fail the footer as they fail the run, and the report stays valid."""
    report = samples.report(samples.result("a"), list_problems=("known.toml:3: entry 1 expired",))
    assert report.footer is not None
    assert report.footer.verdict == "fail"
    assert report.is_valid
    assert parse_report(report_text(report), "again") == report


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ErrorCode.NO_HEADER),
        (LINES[1], ErrorCode.NO_HEADER),
        ("no report\n", ErrorCode.BAD_LINE),
        (LINES[0] + LINES[0], ErrorCode.BAD_LINE),
        (LINES[0] + LINES[4] + LINES[1], ErrorCode.BAD_LINE),
        (LINES[0].replace('"format":2', '"format":7'), ErrorCode.UNKNOWN_FORMAT),
    ],
)
def test_what_is_no_report_is_a_typed_failure(text: str, code: ErrorCode) -> None:
    """The failure names the file and has a code."""
    with pytest.raises(ReportError, match="the-file") as caught:
        parse_report(text, "the-file")
    assert caught.value.code is code


def test_files_that_can_not_be_read_are_typed_failures(tmp_path: Path) -> None:
    """A missing file, a file that is not text, a FIFO and a device are refused with the name of the file."""
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "fifo.jsonl")
    (tmp_path / "device.jsonl").symlink_to("/dev/zero")
    for name in ("missing.jsonl", "binary.jsonl", "fifo.jsonl", "device.jsonl"):
        with pytest.raises(ReportError, match=name) as caught:
            read_report(tmp_path / name)
        assert caught.value.code is ErrorCode.UNREADABLE


def test_line_ends_of_windows_are_those_of_the_report(tmp_path: Path) -> None:
    """Version control may convert the line ends, which changes nothing in a report."""
    for name, end in (("unix.jsonl", "\n"), ("windows.jsonl", "\r\n")):
        (tmp_path / name).write_bytes("".join(LINES).replace("\n", end).encode())
    assert read_report(tmp_path / "windows.jsonl") == read_report(tmp_path / "unix.jsonl")


def test_an_older_report_stays_if_none_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk, the file of an earlier run is not lost before a line of the new one is written."""
    path = tmp_path / "report.jsonl"
    path.write_text("of an earlier run")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        ReportWriter(path, REPORT.header)
    assert path.read_text() == "of an earlier run"
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_in_the_making_is_true_after_every_line(tmp_path: Path) -> None:
    """Each line is in the file as soon as it was added, and the finished file is sorted."""
    path = tmp_path / "report.jsonl"
    path.write_text("of an earlier run")
    writer = ReportWriter(path, REPORT.header)
    assert path.read_text() == LINES[0]
    writer.add(REPORT.results[1])
    assert path.read_text() == LINES[0] + LINES[2]
    writer.add(REPORT.results[0])
    assert path.read_text() == LINES[0] + LINES[2] + to_line(REPORT.results[0])
    writer.finish(REPORT)
    assert path.read_text() == "".join(LINES)
