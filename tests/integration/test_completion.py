"""Shell completion by argcomplete, through the protocol that a shell uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from user_process import PROJECT

pytest.importorskip("argcomplete")


def _completions(line: str, folder: Path) -> list[str]:
    """Return what the shell would offer at the end of a command line."""
    answer = folder / "answer"
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "pytest_metagraph"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    return [word.strip() for word in answer.read_text(encoding="utf-8").split("\n")]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("metagraph sh", ["show", "shrink"]),
        ("metagraph --vers", ["--version"]),
        ("metagraph diff --no", ["--normalize-devices"]),
        ("metagraph diff --preset ", ["conformance", "strict", "tf-compat", "saved-model"]),
        ("metagraph fuzz --exporter reference --oracle t", ["tensorflow"]),
        ("metagraph fuzz --ag", []),
        ("metagraph report re", ["render"]),
        ("metagraph report render --format ann", ["annotations"]),
        ("metagraph new-adapter p", ["python"]),
    ],
)
def test_a_shell_is_offered_what_fits(line: str, offered: list[str], tmp_path: Path) -> None:
    """Names of commands, options and their values are completed; hidden former names are not."""
    assert [word for word in _completions(line, tmp_path) if word] == offered


def test_files_are_offered_for_a_file(tmp_path: Path) -> None:
    """A file name is completed if the command takes a file."""
    (tmp_path / "model.meta").touch()
    assert "model.meta" in _completions("metagraph show mod", tmp_path)


def test_completing_imports_one_command_only(tmp_path: Path) -> None:
    """Completing the name of a command does not import protobuf, whose import a user would notice."""
    answer = tmp_path / "answer"
    code = (
        "import os, sys; "
        "os._exit = lambda status: print('google.protobuf' in sys.modules) or sys.exit(status); "
        "from pytest_metagraph.cli import main; main()"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": "metagraph sh",
        "COMP_POINT": "12",
    }
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.stdout == "False\n", ended.stderr
