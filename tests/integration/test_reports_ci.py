"""The GitHub Action and the GitLab job do what they say: the commands of their steps are run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_metagraph.reports.jsonl import read_report

PROJECT = Path(__file__).parents[2]
ACTION = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
GUIDE = (PROJECT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
IGNORES_CLEAR_DEVICES = """
import dataclasses
from pytest_metagraph import NotLoadable
from pytest_metagraph.exporters import reference

def export(request):
    if request.graph.ByteSize() > 5_000:
        raise NotLoadable("larger than these tests need")
    arguments = {**request.arguments, "clear_devices": False}
    return reference.export(dataclasses.replace(request, arguments=arguments))
"""


@dataclass
class Runner:
    """As much of a runner of GitHub Actions as a composite action of shell steps needs."""

    folder: Path
    inputs: Mapping[str, str]
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """What the steps have written to the summary of the job."""
        path = self.folder / "summary.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the action."""
        (step,) = (step for step in ACTION["runs"]["steps"] if step["name"] == name)
        output = self.folder / "output.txt"
        environment = {
            **os.environ,
            **{key: self._filled(value) for key, value in step.get("env", {}).items()},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTEST_ADDOPTS": "-p no:hypothesispytest",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "RUNNER_TEMP": str(self.folder),
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        if output.exists():
            self.outputs.update(line.split("=", 1) for line in output.read_text().splitlines())  # type: ignore[misc] # pairs
        return done

    def _filled(self, text: str) -> str:
        """Put in what GitHub puts in for an expression."""
        defaults = {name: entry["default"] for name, entry in ACTION["inputs"].items()}
        values = {f"inputs.{name}": value for name, value in {**defaults, **self.inputs}.items()}
        values.update({f"steps.run.outputs.{name}": value for name, value in self.outputs.items()})
        return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: values[found[1]], text)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner whose workspace has an adapter that ignores clear_devices, and loads half of the graphs."""
    (tmp_path / "adapter.py").write_text(IGNORES_CLEAR_DEVICES, encoding="utf-8")
    return Runner(tmp_path, {"exporter": "adapter:export", "tier": "smoke", "workers": "0"})


def test_the_action_reports_a_failing_exporter(runner: Runner) -> None:
    """It installs, fails as the run does, and leaves summary, annotations, page, badge and JUnit XML."""
    assert runner.run("Install").returncode == 0
    ran = runner.run("Run")
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout + ran.stderr
    assert runner.run("Validate the report").returncode == 0
    told = runner.run("Summary and annotations")
    assert told.returncode == 0
    assert told.stdout.startswith("::error title=")
    assert "## Conformance of adapter:export" in runner.summary
    folder = Path(runner.outputs["folder"])
    assert read_report(folder / "report.jsonl").is_valid
    assert {path.name for path in folder.iterdir()} == {
        "report.jsonl", "report.html", "report.md", "badge.svg", "junit.xml",
    }  # fmt: skip


def test_the_action_passes_its_inputs_on(runner: Runner) -> None:
    """Contract, shard and further arguments reach the run; a good exporter makes it succeed."""
    given = {"exporter": "reference", "contract": "tensorflow", "shard": "1/2", "arguments": "-k\ntowers\n-v"}
    runner.inputs = {**runner.inputs, **given}
    assert runner.run("Run").returncode == pytest.ExitCode.OK
    header = read_report(Path(runner.outputs["folder"]) / "report.jsonl").header
    assert (header.exporter.name, header.contract, str(header.shard)) == ("reference", "tensorflow", "1/2")


def test_every_shown_workflow_is_pinned_and_restricted() -> None:
    """Actions of others are named by commit, and a workflow may only read the repository."""
    shown = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), PROJECT / "action.yml"]
    shown += (PROJECT / "pytest_metagraph" / "exporters" / "starters").rglob("*.yml")
    texts = [path.read_text(encoding="utf-8") for path in shown]
    used = [name for text in texts for name in re.findall(r"uses: (actions/\S+)", text)]
    assert len(used) > 10
    assert [name for name in used if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", name)] == []
    workflows = [text for text in texts if "runs-on:" in text]
    assert all("permissions: { contents: read }" in text for text in workflows)


def test_the_action_says_when_nothing_was_judged(runner: Runner) -> None:
    """A run that is refused fails, and the summary says that there is no report."""
    runner.inputs = {**runner.inputs, "exporter": "no_such_module:export"}
    assert runner.run("Run").returncode == pytest.ExitCode.USAGE_ERROR
    assert runner.run("Validate the report").returncode == 1
    assert runner.run("Summary and annotations").returncode == 0
    assert runner.summary == "No case was judged, so there is no conformance report.\n"


def test_the_action_fails_for_a_report_without_its_end(runner: Runner) -> None:
    """A run that ended with 0 and left half a report does not make the job succeed."""
    runner.inputs = {**runner.inputs, "exporter": "reference", "tier": "smoke", "arguments": "-k DEV-01"}
    assert runner.run("Run").returncode == pytest.ExitCode.OK
    report = Path(runner.outputs["folder"]) / "report.jsonl"
    assert runner.run("Validate the report").returncode == 0  # only a part of the tier, on purpose
    report.write_text(
        "".join(report.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8"
    )
    assert runner.run("Validate the report").returncode == 1


def test_the_action_takes_no_input_for_code(runner: Runner) -> None:
    """An input stays one word of a command: no step has an expression inside its script."""
    assert all("${{" not in step.get("run", "") for step in ACTION["runs"]["steps"])
    runner.inputs = {**runner.inputs, "exporter": '$(touch taken) "; touch taken; "'}
    assert runner.run("Run").returncode != 0
    assert not (runner.folder / "taken").exists()


def test_the_guide_lists_every_input() -> None:
    """The table of inputs names them all, with the defaults of the action."""
    rows = re.findall(r"^\| `([\w-]+)` \| .+ \| (?:`(.+)`|empty) \|$", GUIDE, re.MULTILINE)
    assert dict(rows) == {name: entry["default"] for name, entry in ACTION["inputs"].items()}


def job(title: str) -> dict[str, Any]:
    """A block of the guide that is a file of a CI system."""
    (text,) = re.findall(rf'^```yaml title="{title}"\n(.*?)^```$', GUIDE, re.MULTILINE | re.DOTALL)
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


def test_the_gitlab_job_runs(runner: Runner) -> None:
    """Its commands, in a shell, make what it keeps as artifacts."""
    conformance = job("gitlab.yml")["conformance"]
    environment = {
        **os.environ,
        **conformance["variables"],
        "EXPORTER": "adapter:export",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTEST_ADDOPTS": "--metagraph-tier=smoke -p no:hypothesispytest",
    }
    script = "\n".join(conformance["script"])
    command = ["bash", "-eo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=runner.folder, env=environment, check=False)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    for name in (*conformance["artifacts"]["paths"], conformance["artifacts"]["reports"]["junit"]):
        assert (runner.folder / name).stat().st_size
    assert read_report(runner.folder / "report.jsonl").is_valid


def test_the_github_workflow_gives_inputs_that_exist() -> None:
    """The example uses the action with inputs that it has."""
    (step,) = (
        step
        for step in job("github.yml")["jobs"]["conformance"]["steps"]
        if step.get("uses", "").startswith("./")
    )
    assert step["with"].keys() <= ACTION["inputs"].keys()
