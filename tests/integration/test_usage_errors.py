"""Options that cannot work are usage errors that say what to do."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest
from user_project import PLAIN, Project

UNUSABLE = {
    "nowhere:export": "the exporter 'nowhere:export' cannot be imported: ModuleNotFoundError: *",
    "broken:export": "the exporter 'broken:export' cannot be imported: ZeroDivisionError: *",
    "adapter:missing": "the exporter 'adapter:missing' cannot be found: 'adapter' has no attribute*",
    "adapter:number": "the exporter 3 is not callable; give a function that takes one ExportRequest",
    "adapter:boastful": "*'flying' is not a capability; use collection_list, *",
    "adapter": "'adapter' is not the name of an exporter; use 'reference', 'tensorflow', or *",
}


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_exporter_is_a_usage_error(project: Project, name: str, workers: str) -> None:
    """An exporter that cannot be used ends the run with status 4 and one line, with and without xdist."""
    project.pytester.makepyfile(broken="1 / 0")
    adapter = "number = 3\n\ndef boastful(request): ...\n\nboastful.unsupported = {'flying'}"
    result = project.with_adapter(adapter).given(f"--metagraph-exporter={name}", "-n", workers).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {UNUSABLE[name]}"])


@pytest.mark.parametrize(
    "option", ["case", "limit", "report", "known-failures", "exporter", "tier", "graphs", "timeout"]
)
def test_an_empty_value_is_a_usage_error(project: Project, option: str) -> None:
    """An unset variable of a shell does not select every case, or lift a limit, without a word."""
    result = project.given("--metagraph-exporter=reference", f"--metagraph-{option}=").run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --metagraph-{option}: the value is empty; give one, or leave it out"]
    )


def test_a_report_does_not_replace_a_list_of_known_failures(project: Project) -> None:
    """The list is read, and may be updated; it stays, whatever its suffix is."""
    text = '[[known_failure]]\ncase = "*"\nkind = "bug"\nreason = "x"\n'
    run = project.with_file("list.md", text).given("--metagraph-exporter=reference").case(PLAIN)
    options = ("--metagraph-known-failures=list.md", "--metagraph-report=./list.md")
    result = run.given(*options).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --metagraph-report: *list.md' would replace *list.md', which is read; name another file"]
    )
    assert (project.pytester.path / "list.md").read_text() == text


@pytest.mark.parametrize("workers", ["0", "2"])
def test_no_exporter_is_a_usage_error(project: Project, workers: str) -> None:
    """Without an exporter the run ends with status 4 before collection, and names the ways to give one."""
    result = project.given("-n", workers).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: no exporter was given; use --metagraph-exporter=reference,*"])
    assert "collected" not in result.stdout.str()
    assert "gw0" not in result.stdout.str()


@pytest.mark.parametrize("chosen", ["python", "cpp", "nonsense"])
def test_another_implementation_of_protobuf_is_a_usage_error(
    project: Project, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that people set for an old TensorFlow is refused before protobuf is imported with it."""
    monkeypatch.setenv("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", chosen)
    result = project.given("--metagraph-exporter=reference").case(PLAIN).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION = {chosen!r} is not supported*"])


FIXTURE = """
import pytest
from pytest_metagraph.exporters import reference

@pytest.fixture(scope="session"{name})
def {function}():
    return reference.export
"""
HOOK = """
def pytest_metagraph_exporter(config):
    from pytest_metagraph.exporters import reference
    return reference.export
"""


@pytest.mark.parametrize(
    ("file", "source", "options"),
    [
        ("conftest.py", FIXTURE.format(name="", function="metagraph_exporter"), ()),
        ("conftest.py", FIXTURE.format(name=", name='metagraph_exporter'", function="other"), ("-n1",)),
        ("provider.py", FIXTURE.format(name="", function="metagraph_exporter"), ("-p", "provider")),
        ("conftest.py", HOOK, ("-n1",)),
    ],
    ids=["fixture", "fixture with a name", "plugin", "hook"],
)
def test_an_exporter_from_a_conftest_needs_no_option(
    project: Project, file: str, source: str, options: tuple[str, ...]
) -> None:
    """A fixture or a hook of the user provides the exporter, with and without xdist."""
    project.pytester.syspathinsert()
    result = project.with_file(file, source).case(PLAIN).given(*options).run()
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_pattern_without_a_case_is_a_usage_error(project: Project, workers: str) -> None:
    """A mistyped --metagraph-case beside a right one ends the run with status 4 and the nearest ids."""
    patterns = ("--metagraph-case=matrix/towers/plane", "-n", workers)
    result = project.given("--metagraph-exporter=reference", *patterns).case(PLAIN).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    words = "ERROR: 'matrix/towers/plane' matches no case of the corpus; the nearest ids are"
    result.stderr.fnmatch_lines([f"{words} {PLAIN}*"])
    assert "collected" not in result.stdout.str()


def test_a_case_of_another_tier_is_told_apart(project: Project) -> None:
    """A case that only the full tier holds is named as such."""
    case = "matrix/towers/clear_devices,strip_default_attrs"
    result = project.given("--metagraph-exporter=reference").case(case).run()
    words = "matches no case of the tier default, but some of the tier full; add --metagraph-tier=full"
    result.stderr.fnmatch_lines([f"ERROR: '{case}' {words}"])


def test_a_wrong_ini_value_is_a_usage_error(project: Project) -> None:
    """A contract that does not exist is refused also in the ini file."""
    project.pytester.makeini("[pytest]\nmetagraph_contract = wishful")
    result = project.given("--metagraph-exporter=reference").case(PLAIN).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: metagraph_contract: 'wishful' is not a valid choice; use documented, tensorflow"]
    )


@pytest.mark.parametrize("xdist", [(), ("-n1",)])
def test_a_node_id_can_be_pasted_back(project: Project, xdist: tuple[str, ...]) -> None:
    """The id that a summary prints runs that one case, and nothing else is needed to say where it is."""
    node_id = "conformance_cases::matrix/towers::plain"
    again = dataclasses.replace(project, arguments=(node_id, "--metagraph-exporter=reference", *xdist))
    result = again.run()
    result.assert_outcomes(passed=1)


def test_the_head_of_a_run_names_what_is_judged(project: Project) -> None:
    """Exporter, contract, tier and level are in the header of pytest."""
    result = project.given("--metagraph-exporter=reference").case(PLAIN).run()
    head = "metagraph: exporter reference, contract documented, tier default, level required"
    result.stdout.fnmatch_lines([head])


PATHS = {"a name that is too long": "n" * 300, "a path that is too long": "a/" * 2100, "a loop": "loop/x"}
OPTIONS = ("--metagraph-report={}.jsonl", "--metagraph-known-failures={}", "--metagraph-graphs={}")


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", PATHS)
def test_a_path_that_no_file_can_have_is_a_usage_error(project: Project, option: str, kind: str) -> None:
    """Whatever is wrong with a path, the run ends before the first case with status 4 and one line."""
    (project.pytester.path / "loop").symlink_to("loop")
    run = project.given("--metagraph-exporter=reference", option.format(PATHS[kind])).case(PLAIN)
    result = run.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert len([line for line in result.stderr.lines if line.startswith("ERROR: ")]) == 1
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_fifo_gets_a_whole_report(project: Project) -> None:
    """Without a reader the run ends and does not wait; with one it gets each line once."""
    fifo = project.pytester.path / "r.jsonl"
    os.mkfifo(fifo)
    run = project.given("--metagraph-exporter=reference", f"--metagraph-report={fifo}").case(PLAIN)
    result = run.run_apart()
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.stderr.fnmatch_lines(["*a report cannot be written: no program reads from the FIFO*"])
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run.run_apart().ret == pytest.ExitCode.OK
        lines = os.read(reader, 1 << 20).decode().splitlines()
    finally:
        os.close(reader)
    assert [json.loads(line)["type"] for line in lines] == ["header", "case", "footer"]
