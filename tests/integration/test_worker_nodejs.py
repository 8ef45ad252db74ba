"""The worker of the how-to: JavaScript, with npm's protobufjs, against the smoke tier."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from user_project import Project

from pytest_metagraph.cli import main

EXPORTER = Path(__file__).parents[2] / "docs" / "how-to" / "nodejs-worker"


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the starter of `metagraph new-adapter command`, and install what it needs from npm."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("worker")
    assert main(["new-adapter", "command", str(folder)]) == 0
    words = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    installed = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        pytest.skip(f"npm install fails here: {installed.stderr.strip()[-200:]}")
    return folder


def test_the_starter_runs_at_once(starter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker that supports only the plain export passes the adapter check, and lists its gaps."""
    assert main(["smoke", f"--command=node {starter / 'worker.mjs'}"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("exporter my-exporter 0.1.0\ndeclared as unsupported: any_collections,")
    assert "wired correctly" in printed


def test_what_the_import_throws_is_no_error_of_the_export(starter: Path, project: Project) -> None:
    """A case that expects a ValueError is not passed by an importer that throws one."""
    worker = project.pytester.path / "worker"
    shutil.copytree(starter, worker, symlinks=True)
    exporter = worker / "export_meta_graph.mjs"
    text = exporter.read_text().replace(
        "  return data;", '  throw new ExportError("ValueError", "a damaged graph");'
    )
    exporter.write_text(re.sub(r"unsupported = \[[^]]*\]", "unsupported = []", text))
    run = project.given("--metagraph-command=node worker/worker.mjs").case("EAG-01/graph-only")
    result = run.run_apart()
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*EAG-01/graph-only (1 case): Error: a damaged graph"])


def test_the_exporter_of_the_how_to_passes_what_it_supports(starter: Path, project: Project) -> None:
    """It passes whole graphs, collections, devices and default attributes, and declares five gaps."""
    worker = project.pytester.path / "worker"
    shutil.copytree(starter, worker, symlinks=True)
    shutil.copytree(EXPORTER, worker, dirs_exist_ok=True)
    smoke = project.given("--metagraph-command=node worker/worker.mjs", "--metagraph-tier=smoke")
    result = smoke.run_apart()
    outcomes = result.parseoutcomes()
    assert result.ret == 0
    assert outcomes.keys() == {"passed", "skipped"}
    assert outcomes["passed"] >= 40
    result.stdout.fnmatch_lines(["exporter nodejs-example*", "* not supported by the exporter*"])


def test_a_defect_in_the_exporter_is_found(starter: Path, project: Project) -> None:
    """The same exporter with an incomplete list of ops fails."""
    worker = project.pytester.path / "worker"
    shutil.copytree(starter, worker, symlinks=True)
    shutil.copytree(EXPORTER, worker, dirs_exist_ok=True)
    op_list = worker / "op_list.mjs"
    op_list.write_text(op_list.read_text().replace("return listed.sort", "return listed.slice(1).sort"))
    result = (
        project.given("--metagraph-command=node worker/worker.mjs").case("matrix/towers/plain").run_apart()
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*stripped_op_list*"])
