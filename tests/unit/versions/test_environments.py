"""The environments of releases: where their Python is found, and that a complete one is used again."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_metagraph.versions.environments import (
    READY,
    EnvironmentMissingError,
    environment_of,
    find_interpreter,
)
from pytest_metagraph.versions.pins import release_of

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def program(path: Path, text: str) -> Path:
    """Write a shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python but what a test puts into the folder `bin`, pyenv or uv."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin{os.pathsep}/usr/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def test_a_python_on_the_path_is_found(alone: Path) -> None:
    """The interpreter is found by the name of its version."""
    python = program(alone / "bin" / "python3.1", "echo 3.1")
    assert find_interpreter("3.1") == python


def test_a_python_of_pyenv_is_found(alone: Path) -> None:
    """A shim on the path that has no such version is passed over, and the newest of pyenv is taken."""
    program(alone / "bin" / "python3.1", "echo 'pyenv: command not found' >&2; exit 127")
    program(alone / "pyenv" / "versions" / "3.1.2" / "bin" / "python", "echo 3.1")
    newest = program(alone / "pyenv" / "versions" / "3.1.5" / "bin" / "python", "echo 3.1")
    assert find_interpreter("3.1") == newest


def test_a_python_of_uv_is_found(alone: Path) -> None:
    """What `uv python find` prints is taken."""
    python = program(alone / "managed" / "python3", "echo 3.1")
    program(alone / "bin" / "uv", f'[ "$*" = "python find 3.1" ] && echo {python}')
    assert find_interpreter("3.1") == python


def test_a_missing_python_is_refused_with_the_way_out(alone: Path) -> None:
    """Without such an interpreter, the message says how to install one."""
    with pytest.raises(EnvironmentMissingError, match=r"there is no Python 3.1: .*uv python install 3.1"):
        find_interpreter("3.1")
    assert alone.exists()


def mark_as_complete(environment: Path, version: str) -> None:
    """Write into the folder of an environment that everything is installed in it."""
    (environment / READY).write_text("\n".join(release_of(version).requirements))


def test_a_complete_environment_is_used_again(alone: Path) -> None:
    """If everything is installed, neither an interpreter nor pip is needed."""
    (alone / "1.15.5").mkdir()
    mark_as_complete(alone / "1.15.5", "1.15.5")
    assert environment_of(release_of("1.15.5"), alone, print) == alone / "1.15.5" / "bin" / "python"


def python_of_the_table(alone: Path, then: str = "exit 0") -> Path:
    """Put a Python 3.7 on the path, which makes environments whose Python logs its arguments.

    Args:
        alone: the folder of the test.
        then: what the Python of an environment does after that.

    Returns:
        The log.
    """
    log = alone / "pip.log"
    template = alone / "template"
    program(template, f'echo "$*" >> {log}; {then}')
    made = f"mkdir -p $3/bin; cp {template} $3/bin/python"
    program(alone / "bin" / "python3.7", f'case "$1" in -c) echo 3.7;; *) {made};; esac')
    return log


def test_an_environment_is_made_once(alone: Path) -> None:
    """What the table names is installed, without keeping archives, and a second call runs nothing."""
    log = python_of_the_table(alone)
    steps: list[str] = []
    environments = alone / "environments"
    python = environment_of(release_of("1.15.5"), environments, steps.append)
    assert python == environments / "1.15.5" / "bin" / "python"
    installed = log.read_text().splitlines()[-1]
    assert installed.endswith("--no-cache-dir tensorflow==1.15.5 protobuf<3.21 numpy<1.19")
    assert steps[-1] == "installing tensorflow==1.15.5, protobuf<3.21, numpy<1.19"
    before = log.read_text()
    assert environment_of(release_of("1.15.5"), environments, steps.append) == python
    assert log.read_text() == before


def uv_of_the_table(alone: Path, install: str) -> Path:
    """Put a uv on the path, which makes empty environments and logs its arguments.

    Args:
        alone: the folder of the test.
        install: what it does when something is installed.

    Returns:
        The log.
    """
    log = alone / "uv.log"
    last = 'for last; do :; done; mkdir -p "$last"'
    program(
        alone / "bin" / "uv",
        f'echo "$*" >> {log}; case "$1" in venv) {last};; pip) {install};; *) exit 1;; esac',
    )
    return log


def test_an_environment_is_made_with_uv(alone: Path) -> None:
    """Where uv is on the path, it makes the environment and installs everything, and pip is not run."""
    pip = python_of_the_table(alone)
    uv = uv_of_the_table(alone, "exit 0")
    steps: list[str] = []
    python = environment_of(release_of("1.15.5"), alone / "environments", steps.append)
    assert uv.read_text().splitlines() == [
        f"venv --quiet --python {alone / 'bin' / 'python3.7'} {python.parents[1]}",
        f"pip install --quiet --no-cache --python {python} tensorflow==1.15.5 protobuf<3.21 numpy<1.19",
    ]
    assert not pip.exists()
    assert steps[-1] == "installing tensorflow==1.15.5, protobuf<3.21, numpy<1.19 with uv"
    assert (python.parents[1] / READY).is_file()


@pytest.mark.parametrize("install", ['touch "${6%/bin/python}/left"; exit 2', "kill -9 $$"])
def test_pip_takes_the_place_of_a_uv_that_fails(install: str, alone: Path) -> None:
    """If uv cannot install everything, the environment is made again with pip."""
    log = python_of_the_table(alone)
    uv = uv_of_the_table(alone, install)
    python = environment_of(release_of("1.15.5"), alone / "environments", print)
    assert uv.read_text().splitlines()[-1].startswith("pip install")
    assert "tensorflow==1.15.5" in log.read_text()
    assert {path.name for path in python.parents[1].iterdir()} == {"bin", READY}


def test_a_uv_that_cannot_be_run_is_passed_over(alone: Path) -> None:
    """A file named uv that is not a program does not stop the command."""
    log = python_of_the_table(alone)
    program(alone / "bin" / "uv", "")
    (alone / "bin" / "uv").write_bytes(b"\x7fELF")
    environment_of(release_of("1.15.5"), alone / "environments", print)
    assert "tensorflow==1.15.5" in log.read_text()


def test_an_environment_of_other_requirements_is_made_again(alone: Path) -> None:
    """An environment is complete only with what the table names today."""
    log = python_of_the_table(alone)
    environment = alone / "environments" / "1.15.5"
    for requirements in ("tensorflow==1.15.5\nprotobuf<3.19\n", ""):
        environment.mkdir(parents=True, exist_ok=True)
        (environment / READY).write_text(requirements)
        (environment / "left").touch()
        log.write_text("")
        environment_of(release_of("1.15.5"), environment.parent, print)
        assert "protobuf<3.21" in log.read_text()
        assert not (environment / "left").exists()


def test_an_environment_that_cannot_be_completed_is_removed(alone: Path) -> None:
    """The end of what pip says is the reason, nothing of it stays, and the next call starts over."""
    python_of_the_table(alone, "echo no such release >&2; exit 1")
    for _ in range(2):
        with pytest.raises(EnvironmentMissingError, match="no such release"):
            environment_of(release_of("1.15.5"), alone / "environments", print)
        assert not (alone / "environments" / "1.15.5").exists()


def test_an_interrupted_environment_is_removed(alone: Path) -> None:
    """If the user interrupts while it is made, nothing of it stays."""
    python_of_the_table(alone)

    def step(text: str) -> None:
        if text.startswith("installing"):
            assert (alone / "environments" / "1.15.5" / "bin").is_dir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        environment_of(release_of("1.15.5"), alone / "environments", step)
    assert not (alone / "environments" / "1.15.5").exists()


def test_a_pip_that_outlives_its_run_is_waited_for(alone: Path) -> None:
    """If the kit is killed, its pip may go on; a second run begins after its end, not in the midst of it."""
    begun = alone / "begun"
    log = python_of_the_table(
        alone, f"mkdir {begun} 2>/dev/null && sleep 2 && echo ended >> {alone}/pip.log; :"
    )
    environments = alone / "environments"
    call = (
        "import sys; from pathlib import Path\n"
        "from pytest_metagraph.versions.environments import environment_of\n"
        "from pytest_metagraph.versions.pins import release_of\n"
        f"environment_of(release_of('1.15.5'), Path({str(environments)!r}), print)\n"
    )
    with subprocess.Popen([sys.executable, "-c", call], stdout=subprocess.DEVNULL) as killed:
        while not begun.exists():
            assert killed.poll() is None
            time.sleep(0.01)
        killed.kill()
    environment_of(release_of("1.15.5"), environments, print)
    lines = log.read_text().splitlines()
    first, ended, second = lines[0], lines[1], lines[2]
    assert (first, ended) == (second, "ended")


def test_too_little_space_is_refused_before_anything_is_made(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says how much there is, how much is needed, and how to get it."""
    python_of_the_table(alone)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_500_000_000))
    with pytest.raises(EnvironmentMissingError, match=r"has 1\.5 GB of free space, and 1\.15\.5 needs 3 GB"):
        environment_of(release_of("1.15.5"), alone / "environments", print)
    assert not (alone / "environments" / "1.15.5").exists()
