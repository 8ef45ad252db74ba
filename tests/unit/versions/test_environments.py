"""The environments of releases: where their Python is found, and that a complete one is used again."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

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


def test_a_complete_environment_is_used_again(alone: Path) -> None:
    """If everything is installed, neither an interpreter nor pip is needed."""
    (alone / "1.15.5").mkdir()
    (alone / "1.15.5" / READY).touch()
    assert environment_of(release_of("1.15.5"), alone) == alone / "1.15.5" / "bin" / "python"


def test_an_environment_that_cannot_be_completed_is_not_used(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of what pip says is the reason, and the next call begins anew."""
    pip = "#!/bin/sh\\necho no such release >&2; exit 1\\n"
    made = f"mkdir -p $3/bin; printf '{pip}' > $3/bin/python; chmod +x $3/bin/python"
    program(alone / "bin" / "python3.7", f'case "$1" in -c) echo 3.7;; *) {made};; esac')
    monkeypatch.delenv("PYTHONHOME", raising=False)
    with pytest.raises(EnvironmentMissingError, match="no such release"):
        environment_of(release_of("1.15.5"), alone / "environments")
    assert not (alone / "environments" / "1.15.5" / READY).exists()
