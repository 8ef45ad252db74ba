"""Commands whose standard streams are closed, full or without a reader: the status is right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from user_process import PROJECT, run_python, sample_graph

from reference_impl import read_meta_graph_file

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two equal files and one that differs."""
    graph = sample_graph()
    for name in ("one.meta", "same.meta"):
        (tmp_path / name).write_bytes(graph.SerializeToString())
    graph.graph_def.node[0].name = "another"
    (tmp_path / "other.meta").write_bytes(graph.SerializeToString())
    return tmp_path


def _run(folder: Path, line: str, *, unbuffered: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command line of a shell in which `metagraph` is this project's command."""
    script = f'metagraph() {{ "{sys.executable}" -m pytest_metagraph "$@"; }}\n{line}'
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1" if unbuffered else ""}
    return subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


STATUSES = {
    "metagraph diff one.meta same.meta": 0,
    "metagraph diff one.meta other.meta": 1,
    "metagraph diff one.meta missing.meta": 2,
    "metagraph show one.meta": 0,
    "metagraph show missing": 2,
    "metagraph --help": 0,
    "metagraph --version": 0,
    "metagraph diff": 2,
}


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", STATUSES)
def test_a_closed_stream_does_not_change_the_status(command: str, closed: str, folder: Path) -> None:
    """A command whose caller does not want its output ends as it would otherwise, without a traceback."""
    ended = _run(folder, f"{command} {closed}")
    assert ended.returncode == STATUSES[command], ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


@FULL
@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("command", [command for command, status in STATUSES.items() if status < 2])
def test_output_that_is_lost_is_no_success(command: str, unbuffered: bool, folder: Path) -> None:
    """If stdout cannot be written, the status is 2, and one line gives the reason."""
    ended = _run(folder, f"{command} > /dev/full", unbuffered=unbuffered)
    assert ended.returncode == 2
    assert "cannot write the output or a temporary file: No space left on device" in ended.stderr
    assert ended.stderr.count("\n") == 1


@FULL
@pytest.mark.parametrize("command", STATUSES)
def test_a_full_stderr_does_not_change_the_status(command: str, folder: Path) -> None:
    """A message that nobody can read is lost; the status still tells."""
    assert _run(folder, f"{command} 2> /dev/full").returncode == STATUSES[command]


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_message_goes_into_the_exported_file(closed: str, folder: Path) -> None:
    """The file that is written does not get the descriptor of a closed stream, and so no message."""
    ended = _run(folder, f"metagraph export one.meta out.meta {closed}")
    assert ended.returncode == 0
    assert read_meta_graph_file(folder / "out.meta").graph_def == sample_graph().graph_def


def test_a_reader_that_leaves_early_gets_no_traceback(folder: Path) -> None:
    """`metagraph ... | head -1` ends with the status of SIGPIPE, and prints nothing."""
    line = 'metagraph show one.meta --text; echo "status $?" >&2'
    ended = _run(folder, f"{{ {line}; }} | true")
    assert ended.stderr in {"status 141\n", "status 0\n"}  # 0 if everything fitted into the pipe in time


def test_a_command_that_a_signal_ends_says_so(tmp_path: Path) -> None:
    """What protobuf may do without memory is not silent: stderr names the signal."""
    code = (
        "import ctypes, sys; sys.argv = ['metagraph', 'show', 'x']; "
        "import pytest_metagraph.cli.show as show; show.run = lambda arguments: ctypes.string_at(0); "
        "from pytest_metagraph.cli import main; main()"
    )
    ended = run_python("-c", code, folder=tmp_path)
    assert ended.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in ended.stderr
