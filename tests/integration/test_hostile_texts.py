"""Texts of an exporter act in no output of a real run: neither on a terminal nor on a CI system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from user_process import run_metagraph
from user_project import PLAIN, Project

from conformance_cases.corpus import REQUIREMENT_CASES_FOLDER

sys.path.append(str(Path(__file__).parents[1] / "property" / "text"))

from hostile_messages import HOSTILE, acting_parts

ADAPTER = f"""
    HOSTILE = {HOSTILE!r}
    calls = []
    def export(request):
        from pytest_metagraph import NotLoadable, Unsupported
        from pytest_metagraph.exporters.reference import export as right
        calls.append(request)
        kind = len(calls) % 4
        if kind == 0:
            raise type(HOSTILE, (ValueError,), {{"__module__": HOSTILE, "__qualname__": HOSTILE}})(HOSTILE)
        if kind == 1:
            raise NotLoadable(HOSTILE)
        if kind == 2:
            raise Unsupported(HOSTILE)
        message = right(request)
        message.meta_info_def.tags.append(HOSTILE)
        message.graph_def.node.add(name=HOSTILE, op=HOSTILE, device=HOSTILE)
        message.collection_def[HOSTILE].bytes_list.value.append(HOSTILE.encode())
        return message
    export.version = HOSTILE
    """

COMMANDS = {
    "smoke": ["smoke"],
    "fuzz": ["fuzz", "--seconds", "1", "--out", "found"],
    "replay": ["replay", "case"],
}


@pytest.mark.parametrize("apart", [False, True], ids=["plain", "all results"])
def test_no_text_of_an_exporter_acts_in_a_run(project: Project, apart: bool) -> None:
    """Class names, messages, versions, reasons and names of nodes are escaped wherever pytest shows them."""
    project.with_adapter(ADAPTER)
    shown = ["-rA", "-v", "--metagraph-report=r.md", "--junitxml=r.xml"] if apart else []
    run = project.given("--metagraph-exporter=adapter:export", "--metagraph-tier=smoke", *shown)
    result = run.case(PLAIN, "DEV-01/*", "CALL-*").run_apart()
    output = result.stdout.str() + result.stderr.str()
    assert "1 failed" in output or " failed" in output
    assert "\\x1b[31m" in output
    assert acting_parts(output) == []
    if apart:
        for name in ("r.md", "r.xml"):
            assert acting_parts((project.pytester.path / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_no_text_of_an_exporter_acts_in_a_command(project: Project, command: str) -> None:
    """The commands that call an exporter escape what it says as well."""
    project.with_adapter(ADAPTER)
    (project.pytester.path / "case").symlink_to(REQUIREMENT_CASES_FOLDER / "SCOPE-05" / "nested-scope")
    words = [*COMMANDS[command], "--exporter", "adapter:export"]
    ended = run_metagraph(*words, folder=project.pytester.path)
    assert ended.returncode in {0, 1, 2}
    assert "Traceback" not in ended.stderr
    assert acting_parts(ended.stdout + ended.stderr) == []


def test_the_stderr_of_a_worker_does_not_act(project: Project) -> None:
    """What a worker writes to stderr is shown escaped, with its lines and tabs."""
    worker = project.pytester.makepyfile(
        worker=f"import sys; sys.stderr.write({HOSTILE!r} + '\\n\\tat main'); sys.exit(3)"
    )
    result = project.given(f"--metagraph-command={sys.executable} {worker}").case(PLAIN).run_apart()
    output = result.stdout.str() + result.stderr.str()
    assert "at main" in output
    assert acting_parts(output) == []
