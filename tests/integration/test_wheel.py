"""The installed wheel in a fresh project: every answer, every client, every way to load the plugin."""

from __future__ import annotations

import fnmatch
import json
import shlex
import subprocess
from pathlib import Path

import pytest
from wheel_project import WheelProject, clean_environment

from conformance_cases import ExpectedMessage, load_corpus
from reference_impl import Contract

Answered = dict[str, tuple[str, list[str]]]
"""Verdict and codes of findings by case."""

WITHOUT_AUTOLOAD = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
LOADING: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "-p": (("-p", "pytest_metagraph"), {}),
    "-p without autoload": (("-p", "pytest_metagraph"), WITHOUT_AUTOLOAD),
    "-p without xdist": (("-p", "pytest_metagraph", "-p", "no:xdist"), {}),
    "autoload": ((), {}),
    "-p with two workers": (("-p", "pytest_metagraph", "-n", "2"), {}),
    "-p of the module": (("-p", "pytest_metagraph.plugin"), {}),
    "-p of the module without autoload": (("-p", "pytest_metagraph.plugin"), WITHOUT_AUTOLOAD),
    "twice": (("-p", "pytest_metagraph.plugin", "-p", "pytest_metagraph"), {}),
    "-p without a cache": (("-p", "pytest_metagraph", "-p", "no:cacheprovider"), {}),
}
"""The ways to load the plugin. A function is judged in each, the other clients in one of the first three."""

ADAPTER = """
import sys
import time

from pytest_metagraph import Unsupported
from pytest_metagraph.exporters import reference


def export(request):
    return ANSWERS.get(request.case_id, reference.export)(request)


def another_message(request):
    message = reference.export(request)
    message.graph_def.node.add(name="another", op="NoOp")
    return message


def another_error(request):
    raise KeyError("lost")


def lacks_scopes(request):
    raise Unsupported("export_scope")


ANSWERS = {
    "SCOPE-02/two-slashes": another_message,
    "SCOPE-02/only-a-slash": another_error,
    "SCOPE-01/part-of-a-name": lacks_scopes,
    "SCOPE-01/siblings-by-prefix": lambda request: b"\\xff",
    "SCOPE-11/graph-def-and-scope": another_error,
    "SCOPE-01/variables-of-a-sibling": lambda request: sys.exit(3),
    "SCOPE-01/colocation-with-a-sibling": lambda request: time.sleep(3600),
}
export.unsupported = {"eager"}
export.version = "1.0"
"""
WORKER = """
from adapter import export
from pytest_metagraph import serve

serve(export)
"""

ANSWERED: Answered = {
    "SCOPE-02/slash-at-the-end": ("pass", []),
    "SCOPE-02/two-slashes": ("fail", ["message_differs"]),
    "SCOPE-02/only-a-slash": ("fail", ["raised"]),
    "SCOPE-01/part-of-a-name": ("fail", ["unsupported"]),
    "SCOPE-01/siblings-by-prefix": ("fail", ["malformed"]),
    "SCOPE-11/graph-def-and-scope": ("fail", ["wrong_error"]),
    "EAG-01/nothing": ("unsupported", []),
}
"""Cases, and what each client brings of them."""
ENDED: Answered = {"SCOPE-01/variables-of-a-sibling": ("fail", ["crashed"])}
HANGS: Answered = {"SCOPE-01/colocation-with-a-sibling": ("fail", ["timed_out"])}
"""What only a worker can be saved from."""

KNOWN_FAILURES = """
[[known_failure]]
case = "SCOPE-02/two-slashes"
fingerprint = "0123456789abcdef"
kind = "bug"
reason = "It failed in another way once."

[[known_failure]]
case = "SCOPE-02/slash-at-the-end"
kind = "bug"
reason = "It has been repaired."

[[known_failure]]
case = "SCOPE-02/no-such-case"
kind = "bug"
reason = "It was never there."

[[known_failure]]
case = "SCOPE-02/only-a-slash"
kind = "bug"
reason = "It should be repaired by now."
expires = 2020-01-01

[[known_failure]]
case = "SCOPE-01/part-*"
kind = "bug"
reason = "No scopes."

[[known_failure]]
case = "SCOPE-01/part-of-a-name"
kind = "bug"
reason = "No scopes, once more."
"""
RED = {
    "an unexpected failure": "FAILED conformance_cases::SCOPE-11::graph-def-and-scope*",
    "an unexpected pass": "known.toml:8 lists this case as a known failure*but it passes*",
    "a changed fingerprint": "known.toml:2 lists this case as a known failure*",
    "an entry that matches nothing": "known.toml:13: entry 3 matches nothing in the corpus*",
    "an expired entry": "known.toml:18: entry 4*expired on 2020-01-01*",
    "overlapping entries": "known.toml:29: entry 6 overlaps entry 5*",
}


@pytest.fixture
def project(environment: Path, tmp_path: Path) -> WheelProject:
    """A project with the adapter and its worker."""
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    return WheelProject(environment, tmp_path)


def judged(project: WheelProject, loading: str, expected: Answered, *more: str) -> str:
    """Run the cases of an expectation and compare verdicts and findings; returns what was printed."""
    arguments, variables = LOADING[loading]
    cases = [f"--metagraph-case={case}" for case in expected]
    corpus = (
        "--pyargs",
        "conformance_cases",
        "--metagraph-level=recommended",
        "--metagraph-report=report.jsonl",
    )
    printed = project.run(*arguments, *corpus, *cases, *more, **variables).stdout
    found = {
        case: (result["verdict"], [finding["code"] for finding in result["findings"]])
        for case, result in project.results().items()
    }
    assert found == expected, printed
    assert printed.count("= conformance of export_meta_graph =") == 1
    return printed


def test_the_environment_has_the_wheel(environment: Path) -> None:
    """What the runs below import is what was installed, and nothing of this checkout."""
    program = "import conformance_cases, pytest_metagraph, reference_impl as r; print(pytest_metagraph, r)"
    finished = subprocess.run(
        [environment, "-c", program],
        cwd=environment.parent,  # Python looks for packages there first
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.count(str(environment.parents[1])) == 2


@pytest.mark.parametrize("loading", LOADING)
def test_a_function_is_judged(project: WheelProject, loading: str) -> None:
    """Each answer has its verdict, however the plugin is loaded; it is loaded once, without a warning."""
    printed = judged(project, loading, ANSWERED | ENDED, "--metagraph-exporter=adapter:export")
    assert "exporter adapter:export 1.0, contract documented, tier default" in printed


def test_a_worker_is_judged(project: WheelProject) -> None:
    """A worker brings the same answers, and the kit goes on after one that never answers."""
    command = shlex.join([str(project.python), "worker.py"])
    worker = (f"--metagraph-command={command}", "--metagraph-timeout=3")
    judged(project, "-p without autoload", ANSWERED | ENDED | HANGS, *worker)


def test_a_folder_of_exports_is_judged(project: WheelProject) -> None:
    """A folder brings the same answers, as far as a file can state them."""
    folder = project.folder / "answers"
    write_answers(folder)
    judged(project, "-p without xdist", ANSWERED, f"--metagraph-exports={folder}")


def test_a_list_of_known_failures_is_red(project: WheelProject) -> None:
    """Each of the six conditions is red, in one run with one list."""
    (project.folder / "known.toml").write_text(KNOWN_FAILURES, encoding="utf-8")
    arguments, _ = LOADING["-p"]
    cases = [f"--metagraph-case={case}" for case in ANSWERED]
    finished = project.run(
        *arguments,
        *("--pyargs", "conformance_cases", "--metagraph-exporter=adapter:export", "-rf"),
        *("--metagraph-level=recommended", "--metagraph-known-failures=known.toml", *cases),
    )
    assert finished.returncode == pytest.ExitCode.TESTS_FAILED
    lines = finished.stdout.splitlines()
    missing = [what for what, pattern in RED.items() if not fnmatch.filter(lines, pattern)]
    assert missing == [], finished.stdout


def write_answers(folder: Path) -> None:
    """Write the answers of the adapter to files, as a user does whose exporter cannot be called."""
    stated = {"name": "adapter:export", "version": "1.0", "unsupported": ["eager"]}
    files: dict[str, bytes] = {"exporter.json": json.dumps(stated).encode()}
    for case_id in ANSWERED:
        expectation = load_corpus().case(case_id).expectation(Contract.DOCUMENTED)
        if isinstance(expectation, ExpectedMessage):
            files[f"{case_id}.pb"] = expectation.data
    for case_id in ("SCOPE-02/only-a-slash", "SCOPE-11/graph-def-and-scope"):
        files.pop(f"{case_id}.pb", None)
        files[f"{case_id}.error.json"] = b'{"classes": ["KeyError", "LookupError"], "text": "lost"}'
    files["SCOPE-02/two-slashes.pb"] += files["SCOPE-02/slash-at-the-end.pb"]
    del files["SCOPE-01/part-of-a-name.pb"]
    files["SCOPE-01/part-of-a-name.error.json"] = b'{"unsupported": "export_scope"}'
    files["SCOPE-01/siblings-by-prefix.pb"] = b"\xff"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
