"""The starters: they are complete, run at once, and overwrite nothing."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conformance_cases import Capability
from pytest_metagraph.cli import main
from pytest_metagraph.exporters.starters import AdapterKind, starter_files, write_starter

SCRIPTS = str(Path(sys.executable).parent)


def run_steps(folder: Path, *prefixes: str) -> list[str]:
    """Run the steps of a starter's workflow that begin with one of the prefixes, and return their output."""
    workflow = yaml.safe_load((folder / ".github/workflows/conformance.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"]["export_meta_graph"]["steps"] if "run" in step]
    environment = {**os.environ, "PATH": os.pathsep.join([SCRIPTS, os.environ["PATH"]])}
    printed = []
    for step in steps:
        if step.startswith(prefixes):
            words = shlex.split(step.replace("-n auto", "-n 0"))
            finished = subprocess.run(
                words,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            printed.append(finished.stdout)
    return printed


def test_the_python_starter_runs_at_once(tmp_path: Path) -> None:
    """Both commands of its workflow run in a new folder, and show what is unsupported."""
    assert main(["new-adapter", "python", str(tmp_path)]) == 0
    smoke, corpus = run_steps(tmp_path, "metagraph", "pytest")
    assert "wired correctly" in smoke
    assert "not supported by the exporter" in corpus


def test_the_python_starter_lists_every_capability() -> None:
    """The starter has a line for each capability, with its sentence."""
    text = starter_files(AdapterKind.PYTHON)["metagraph_adapter.py"].decode()
    for capability in Capability:
        assert f'    "{capability}",  # {capability.sentence}\n' in text


def test_the_command_starter_has_everything_that_another_language_needs() -> None:
    """The protocol, TensorFlow's messages and its ops are among the files of the starter."""
    assert sorted(starter_files(AdapterKind.COMMAND)) == [
        ".github/workflows/conformance.yml",
        "export_meta_graph.mjs",
        "package.json",
        "tensorflow.binpb",
        "tensorflow_ops.binpb",
        "worker.mjs",
        "worker.proto",
    ]


@pytest.mark.parametrize("kind", list(AdapterKind))
def test_a_starter_overwrites_nothing(
    kind: AdapterKind, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If one of its files exists, none is written, and the command names it."""
    *_, last = starter_files(kind)
    (tmp_path / last).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / last).write_text("mine")
    assert main(["new-adapter", kind, str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]
    with pytest.raises(FileExistsError):
        write_starter(kind, tmp_path)
