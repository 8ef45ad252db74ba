"""`metagraph report`: validate, merge, diff, render."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import report_samples as samples

from pytest_metagraph._util.option_values import Shard
from pytest_metagraph.cli import main
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.jsonl import read_report, write_report
from pytest_metagraph.reports.model import ReportedShard

Save = Callable[..., str]
RESULTS = [samples.result("a"), samples.result("b"), samples.result("c", Verdict.FAIL)]


@pytest.fixture
def save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Save:
    """Writes a report of some results to the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)

    def save(name: str, *results: object, **header: object) -> str:
        write_report(Path(name), samples.report(*results, **header))  # type: ignore[arg-type] # results
        return name

    return save


def test_validate_tells_valid_from_invalid(save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    """It exits with 1 if a report is INVALID, and prints a code and a sentence for each reason."""
    assert main(["report", "validate", save("good.jsonl", *RESULTS)]) == 0
    assert capsys.readouterr().out == "good.jsonl: valid, 2 of 3 required\n"
    assert (
        main(
            ["report", "validate", "good.jsonl", save("bad.jsonl", *RESULTS, expected_cases=4, tier_cases=4)]
        )
        == 1
    )
    assert capsys.readouterr().out == (
        "good.jsonl: valid, 2 of 3 required\nbad.jsonl: INVALID\n"
        "  missing_cases: There is no result for 1 of 4 cases.\n"
    )


def test_merge_writes_the_whole_report(save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    """The merged file is a report of the whole tier."""
    for index in (1, 2):
        part = Shard(index, 2).part(RESULTS)
        save(f"{index}.jsonl", *part, shard=ReportedShard(index, 2), tier_cases=3)
    assert main(["report", "merge", "1.jsonl", "2.jsonl", "-o", "all.jsonl"]) == 0
    assert capsys.readouterr().out == "all.jsonl: 2 of 3 required\n"
    assert read_report(Path("all.jsonl")) == samples.report(*RESULTS)


def test_no_report_is_replaced_that_is_read(save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    """The output of `merge` and `render` is another file than their inputs, which stay as they are."""
    for index in (1, 2):
        part = Shard(index, 2).part(RESULTS)
        save(f"{index}.jsonl", *part, shard=ReportedShard(index, 2), tier_cases=3)
    before = Path("1.jsonl").read_bytes()
    for words in (("merge", "1.jsonl", "2.jsonl"), ("render", "1.jsonl", "--format", "html")):
        assert main(["report", *words, "-o", "./1.jsonl"]) == 2
        assert "would replace '1.jsonl', which is read; name another file" in capsys.readouterr().err
    assert Path("1.jsonl").read_bytes() == before


def test_diff_fails_on_a_regression_only(save: Save, capsys: pytest.CaptureFixture[str]) -> None:
    """It exits with 1 on a regression, and with 0 on fixes, new cases and no change."""
    old = save("old.jsonl", *RESULTS)
    worse = save("worse.jsonl", samples.result("a", Verdict.FAIL), *RESULTS[1:])
    more = [samples.result("c"), samples.result("d", Verdict.FAIL)]
    better = save("better.jsonl", *RESULTS[:2], *more, corpus_digest="0")
    assert main(["report", "diff", old, worse]) == 1
    assert capsys.readouterr().out == f"1 regression:\n  a: pass -> fail: {samples.FINDING.summary}\n"
    assert main(["report", "diff", old, better]) == 0
    assert capsys.readouterr().out == (
        "The corpus has changed between the reports: cases may be new or gone.\n"
        f"1 fix:\n  c: fail -> pass\n1 new case:\n  d: fail: {samples.FINDING.summary}\n"
    )
    assert main(["report", "diff", old, old]) == 0
    assert capsys.readouterr().out == "Nothing has changed.\n"


def test_render_chooses_the_format_by_suffix_or_option(
    save: Save, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file by its suffix, stdout by --format, and several reports as a comparison."""
    report = save("report.jsonl", *RESULTS)
    other = save("other.jsonl", *RESULTS[:2], samples.result("c"))
    assert main(["report", "render", report, "-o", "report.html"]) == 0
    assert "2</strong> of 3" in Path("report.html").read_text()
    assert main(["report", "render", report, "--format", "annotations"]) == 0
    assert capsys.readouterr().out.startswith("::error title=clear_devices looks unapplied%3A ")
    assert main(["report", "render", report, other, "--format", "md", "-o", "comparison.txt"]) == 0
    assert "| c | fail | pass |" in Path("comparison.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["validate", "missing.jsonl"], "missing.jsonl cannot be read: No such file or directory."),
        (["validate", "text.jsonl"], "text.jsonl, line 1: It is not valid JSON"),
        (["validate", "report.jsonl", "report.jsonl"], "report.jsonl is given twice."),
        (
            ["merge", "report.jsonl", "partial.jsonl", "-o", "x.jsonl"],
            "partial.jsonl is INVALID: There is no result for 1 of 4 cases.",
        ),
        (
            ["merge", "report.jsonl", "-o", "text.jsonl/x.jsonl"],
            "cannot write 'text.jsonl/x.jsonl': a file is where",
        ),
        (["diff", "report.jsonl", "partial.jsonl"], "the new report is INVALID"),
        (["render", "report.jsonl"], "Give -o FILE or --format."),
        (["render", "report.jsonl", "-o", "x.txt"], "Use one of .jsonl, "),
        (["render", "report.jsonl", "partial.jsonl", "-o", "x.svg"], "Compare reports as md or html."),
    ],
)
def test_unusable_input_is_one_line_and_exit_status_2(
    save: Save, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Nothing is on stdout; the line on stderr contains the problem, its place, and what to do."""
    save("report.jsonl", *RESULTS)
    save("partial.jsonl", *RESULTS, expected_cases=4, tier_cases=4)
    Path("text.jsonl").write_text("no report\n")
    assert main(["report", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("metagraph report: ")
    assert captured.err.count("\n") == 1
    assert words in captured.err


@pytest.mark.parametrize("count", [1, 4000], ids=["when it ends", "while it writes"])
def test_a_reader_that_has_seen_enough_is_no_error(save: Save, count: int) -> None:
    """A closed pipe, as before `head`, ends the command without a traceback, whenever it closes."""
    old = save("old.jsonl", *(samples.result(f"{number}") for number in range(count)))
    new = save("new.jsonl", *(samples.result(f"{number}", Verdict.FAIL) for number in range(count)))
    command = [sys.executable, "-c", "import sys; from pytest_metagraph.cli import main; sys.exit(main())"]
    with subprocess.Popen(
        [*command, "report", "diff", old, new], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141
