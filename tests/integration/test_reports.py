"""The reports of a run: complete from any number of workers, truthful when it ends early."""

from __future__ import annotations

import importlib.resources
import json
import os
import shutil
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import jsonschema
import msgspec
import pytest
from user_project import PLAIN, PLUGINS, Project

from conformance_cases import Tier, load_corpus
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import ProblemCode
from pytest_metagraph.reports.jsonl import read_report
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.scoring import scores_by_level

IGNORES_CLEAR_DEVICES = """
import dataclasses

def export(request):
    arguments = {**request.arguments, "clear_devices": False}
    return reference.export(dataclasses.replace(request, arguments=arguments))

export.unsupported = {"strip_default_attrs"}
export.version = "1.2"
"""

FORMATS = ("report.jsonl", "out/report.md", "out/report.html", "badge.svg")
"""The reports of one run, one of each format."""

ENDS_ABRUPTLY = """
asked = set()

def export(request):
    asked.add(request.case_id)
    if len(asked) == 4:
        report = Path("report.jsonl")  # with workers, results are on their way to it for a moment
        while not (report.is_file() and len(report.read_text().splitlines()) > 1):
            pass
        END
    return reference.export(request)
"""


def read(project: Project, name: str = "report.jsonl") -> Report:
    """A report in the folder of the project."""
    return read_report(project.pytester.path / name)


def timeless(report: Report) -> Report:
    """A report without anything that depends on the time."""
    assert report.footer is not None
    return Report(
        msgspec.structs.replace(report.header, started=""),
        tuple(msgspec.structs.replace(result, duration=0.0) for result in report.results),
        msgspec.structs.replace(report.footer, finished=""),
        report.problems,
    )


@pytest.fixture
def smoke(project: Project) -> Project:
    """A project that runs the smoke tier with an exporter that ignores clear_devices."""
    return project.with_adapter(IGNORES_CLEAR_DEVICES).given("--metagraph-tier=smoke")


@pytest.fixture
def complete(smoke: Project, made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The folder with all reports of one run of that project, and with what it printed."""

    def fill(folder: Path) -> None:
        smoke.pytester.mkdir("out")
        result = smoke.given(
            "--junitxml=junit.xml", *(f"--metagraph-report={name}" for name in FORMATS)
        ).run()
        (smoke.pytester.path / "printed.txt").write_text(result.stdout.str(), encoding="utf-8")
        shutil.copytree(smoke.pytester.path, folder, dirs_exist_ok=True)

    return made_once("reports", fill)


def test_a_report_says_what_was_run_and_found(complete: Path) -> None:
    """Header and cases state exporter, corpus, tier, verdicts, findings with diff and cause, and times."""
    report = read_report(complete / "report.jsonl")
    header, cases = report.header, load_corpus().cases(Tier.SMOKE)
    assert report.is_valid
    assert header.exporter.label == "adapter:export 1.2"
    assert header.exporter.unsupported == ("strip_default_attrs",)
    assert header.corpus_digest == load_corpus().digest
    assert header.requirements.keys() == load_corpus().requirements.keys()
    assert (header.contract, header.tier, header.tier_cases) == ("documented", "smoke", len(cases))
    assert [result.case for result in report.results] == [case.id for case in cases]
    for result, case in zip(report.results, cases, strict=True):
        assert (result.graph, result.requirements) == (case.graph.name, case.requirements)
    assert {result.verdict for result in report.results} >= {Verdict.PASS, Verdict.FAIL, Verdict.UNSUPPORTED}


def test_a_failed_case_has_its_diff_and_its_cause(complete: Path) -> None:
    """What is wrong is there as text, as likely cause, and counted by kind for the picture."""
    results = read_report(complete / "report.jsonl").results
    failed = [result for result in results if result.verdict is Verdict.FAIL]
    assert failed
    for result in failed:
        (finding,) = result.findings
        assert "clear_devices" in result.arguments
        assert finding.code == "message_differs"
        assert "clear_devices looks unapplied" in finding.hints[0].text
        assert {group.section for group in finding.groups} == {"graph_def.node"}
        assert "~ device" in finding.detail
        assert result.checks == result.failed_checks == len(finding.variants)
        assert result.duration > 0


def test_every_line_follows_the_schema(complete: Path) -> None:
    """What a run writes is valid under the shipped schema."""
    schema = importlib.resources.files("pytest_metagraph.reports").joinpath("report.schema.json").read_text()
    validator = jsonschema.Draft202012Validator(json.loads(schema))
    for line in (complete / "report.jsonl").read_text().splitlines():
        validator.validate(json.loads(line))


def test_every_format_comes_from_one_run(complete: Path) -> None:
    """The option can be repeated, and the summary says where the reports are."""
    score = scores_by_level(read_report(complete / "report.jsonl"))["required"].text("required")
    assert score in (complete / "out/report.md").read_text()
    assert "<!doctype html>" in (complete / "out/report.html").read_text()
    assert "<svg" in (complete / "badge.svg").read_text()
    printed = (complete / "printed.txt").read_text(encoding="utf-8")
    pytest.LineMatcher(printed.splitlines()).fnmatch_lines([f"report: *{name}" for name in FORMATS])


def test_no_folder_is_created_for_a_report(smoke: Project) -> None:
    """A mistyped folder is refused before the first case, and is not created."""
    result = smoke.given("--metagraph-report=mistyped/report.html").run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*mistyped is not a folder. Create it first, or give another path."])
    assert not (smoke.pytester.path / "mistyped").exists()


def test_the_line_of_a_failure_runs_it_again(
    smoke: Project, complete: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command in a report fails in the same way, as a shell runs it."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    report = read_report(complete / "report.jsonl")
    failed = next(result for result in report.results if result.verdict is Verdict.FAIL)
    again = smoke.pytester.run("sh", "-c", report.header.command_for(failed.case))
    assert again.ret == pytest.ExitCode.TESTS_FAILED
    again.stdout.fnmatch_lines([f"*case {failed.case}"])
    assert again.parseoutcomes() == {"failed": 1}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_killed_run_leaves_a_truthful_part(
    project: Project, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was judged before the end is there, and without a footer every format is INVALID."""
    monkeypatch.delenv(
        "PYTEST_XDIST_WORKER", raising=False
    )  # else the run takes this test's process for its own
    end = "os.kill(os.getppid() if 'PYTEST_XDIST_WORKER' in os.environ else os.getpid(), 9)"
    reports = ("--metagraph-report=report.jsonl", "--metagraph-report=report.svg")
    project.pytester.path.joinpath("report.svg").write_text("of an earlier run")
    project.with_adapter(ENDS_ABRUPTLY.replace("END", end)).given(
        "--metagraph-tier=smoke", "--metagraph-in-process", "-n", workers, *reports
    ).run_apart()
    report = read(project)
    assert ProblemCode.NO_FOOTER in {problem.code for problem in report.problems}
    assert report.footer is None
    assert 1 <= len(report.results) < report.header.expected_cases
    assert {result.verdict for result in report.results} == {Verdict.PASS}
    assert "INVALID" in project.pytester.path.joinpath("report.svg").read_text()


def test_an_interrupted_run_says_that_it_is_partial(project: Project) -> None:
    """After Ctrl-C the footer says partial, and the summary says that the report is INVALID."""
    result = (
        project.with_adapter(ENDS_ABRUPTLY.replace("END", "raise KeyboardInterrupt"))
        .given("--metagraph-tier=smoke", "--metagraph-in-process", "--metagraph-report=report.jsonl")
        .run_apart()
    )
    report = read(project)
    assert report.footer is not None
    assert report.footer.verdict == "partial"
    assert [problem.code for problem in report.problems] == [ProblemCode.MISSING_CASES]
    result.stdout.fnmatch_lines(["the report is INVALID: There is no result for * of * cases."])


def test_a_selection_is_no_score(project: Project) -> None:
    """A report of some cases names the globs that restricted the run."""
    project.given("--metagraph-exporter=reference", "--metagraph-report=report.jsonl").case(PLAIN).run()
    report = read(project)
    assert report.header.selection == (PLAIN,)
    assert [problem.code for problem in report.problems] == [ProblemCode.PARTIAL]


def test_cases_that_pytest_leaves_out_are_left_out_on_purpose(smoke: Project) -> None:
    """A run with -k has no score either, and says what restricted it."""
    smoke.given("-k", "towers", "--metagraph-report=report.jsonl").run()
    report = read(smoke)
    assert report.status == "PARTIAL"
    assert report.header.selection == ("-k towers",)


def test_a_report_can_be_asked_for_in_the_ini_file(project: Project) -> None:
    """The ini twin takes a path in each line, relative to the ini file."""
    project.pytester.makeini("[pytest]\nmetagraph_report =\n  one.jsonl\n  two.svg\nmetagraph_tier = smoke\n")
    project.given("--metagraph-exporter=reference").case(PLAIN).run()
    assert read(project, "one.jsonl").results[0].case == PLAIN
    assert (project.pytester.path / "two.svg").is_file()


def test_sessions_without_cases_of_the_corpus_leave_reports_alone(pytester: pytest.Pytester) -> None:
    """The unit tests of a project with the option in its ini file do not touch the report of its last run."""
    pytester.makeini("[pytest]\nmetagraph_report = report.jsonl\n")
    pytester.makepyfile("def test_nothing(): pass")
    pytester.path.joinpath("report.jsonl").write_text("of the last run")
    result = pytester.runpytest_inprocess(*PLUGINS)
    assert result.ret == pytest.ExitCode.OK
    assert pytester.path.joinpath("report.jsonl").read_text() == "of the last run"
    result.stdout.no_fnmatch_line("*report:*")


@pytest.mark.parametrize(
    "options",
    [["-k", "no_such_word"], ["--metagraph-exporter=no_such_module:export"]],
    ids=["no case", "refused"],
)
def test_a_run_that_judges_nothing_touches_no_file(project: Project, options: list[str]) -> None:
    """Whatever is at the path of a report stays there until a case has been judged."""
    names = ["report.jsonl", "report.html"]
    for name in names:
        project.pytester.path.joinpath(name).write_text("precious")
    reports = [f"--metagraph-report={name}" for name in names]
    project.given("--metagraph-exporter=reference", *reports, *options).run()
    assert {project.pytester.path.joinpath(name).read_text() for name in names} == {"precious"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--metagraph-report=report.txt"], "*--metagraph-report: *'report.txt'*Use one of .jsonl, .md*"),
        (["--metagraph-report=a_file/report.jsonl"], "*--metagraph-report: *a_file*"),
        (["--metagraph-report=a_folder.md"], "*--metagraph-report: *a_folder.md cannot be written.*"),
        (
            ["--metagraph-shard=5/4"],
            "*metagraph_shard: '5/4' is not a valid shard; write the second of four as 2/4*",
        ),
    ],
)
def test_unusable_options_are_usage_errors(project: Project, options: list[str], words: str) -> None:
    """Nothing is run, and one line says what is wrong and the way out."""
    project.pytester.path.joinpath("a_file").touch()
    project.pytester.path.joinpath("a_folder.md").mkdir()
    result = project.given("--metagraph-exporter=reference", *options).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])


def test_a_stale_list_of_known_failures_fails_the_report_as_it_fails_the_run(project: Project) -> None:
    """A run that is red for an entry of the list alone has a footer that says fail, and why."""
    entry = 'case = "NO-99/such-case"\nkind = "bug"\nreason = "long gone"\n'
    project.with_file("known.toml", f"[[known_failure]]\n{entry}")
    run = project.with_adapter_for_some_graphs("export = reference.export").given("--metagraph-tier=smoke")
    options = ("--metagraph-known-failures=known.toml", "--metagraph-report=report.jsonl")
    result = run.given(*options).run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    report = read(project)
    assert report.is_valid
    assert report.footer is not None
    assert report.footer.verdict == "fail"
    (problem,) = report.list_problems
    assert problem.startswith("known.toml:1: entry 1 matches nothing in the corpus: 'NO-99/such-case'")


def test_junit_xml_carries_the_record_and_no_diff(complete: Path) -> None:
    """Each test case of pytest's own XML has the verdict among its properties, in short values."""
    found = {}
    root = ET.parse(complete / "junit.xml")  # noqa: S314 - pytest wrote it just now
    for testcase in root.iter("testcase"):
        properties = {item.attrib["name"]: item.attrib["value"] for item in testcase.iter("property")}
        assert all(len(value) < 500 for value in properties.values())
        found[properties["metagraph_case"]] = properties["metagraph_verdict"]
    assert found == {result.case: result.verdict for result in read_report(complete / "report.jsonl").results}
