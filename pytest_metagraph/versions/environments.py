"""Virtual environments of TensorFlow releases: the interpreter of each, and what is installed into it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.versions.pins import Release

READY = "READY"
"""The file in an environment that says that everything is installed."""

_LAST_LINES = 6
_NOT_PASSED_ON = frozenset({"PYTEST_ADDOPTS", "PYTHONHOME", "PYTHONPATH"})
"""Variables that are about this interpreter, or about the tests of the user."""


class EnvironmentMissingError(MetagraphError):
    """A release cannot be installed here."""


def default_folder() -> Path:
    """Return the folder of environments that is used if none is given."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "pytest-metagraph" / "tensorflows"


def environment_of(release: Release, folder: Path) -> Path:
    """Return the interpreter of a release's environment; make the environment if it is not complete.

    Args:
        release: the release.
        folder: the folder of all environments.

    Raises:
        EnvironmentMissingError: if there is no interpreter of its Python, or pip fails.
    """
    environment = folder / release.folder
    python = environment / "bin" / "python"
    if (environment / READY).is_file():
        return python
    base = find_interpreter(release.python)
    shutil.rmtree(environment, ignore_errors=True)
    _run([str(base), "-m", "venv", str(environment)], f"no environment for {release.words}")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--upgrade", "pip"], f"pip of {release.words} cannot be updated")
    _run([*pip, *release.requirements], f"{release.words} cannot be installed")
    (environment / READY).touch()
    return python


def find_interpreter(version: str) -> Path:
    """Return an interpreter of a minor version of Python: on the path, of pyenv, or of uv.

    Args:
        version: the minor version, such as `3.7`.

    Raises:
        EnvironmentMissingError: if there is none.
    """
    for candidate in _candidates(version):
        if _answers(candidate, version):
            return candidate
    raise EnvironmentMissingError(
        f"there is no Python {version}: no python{version} on the path, none of pyenv or uv",
        f"install one, such as with `uv python install {version}` or `pyenv install {version}`",
    )


def _candidates(version: str) -> Iterator[Path]:
    if found := shutil.which(f"python{version}"):
        yield Path(found)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob(f"versions/{version}.*/bin/python"), reverse=True)
    if uv := shutil.which("uv"):
        found = _output([uv, "python", "find", version]).strip()
        if found:
            yield Path(found)


def _answers(python: Path, version: str) -> bool:
    """Return whether an interpreter runs and has the version; a shim of pyenv may do neither."""
    program = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    return _output([str(python), "-c", program]).strip() == version


def _output(command: Sequence[str]) -> str:
    try:
        ended = run_program(command)
    except OSError:
        return ""
    return ended.stdout if ended.returncode == 0 else ""


def _run(command: Sequence[str], problem: str) -> None:
    ended = run_program(command)
    if ended.returncode:
        raise EnvironmentMissingError(f"{problem}: {end_of(ended.stderr or ended.stdout)}")


def run_program(command: Sequence[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; neither its status nor its output is checked.

    Args:
        command: the program and its arguments.
        folder: the folder to run it in; None for the current one.
    """
    return subprocess.run(  # noqa: S603 - programs that the user names or that this kit wrote
        command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON},
        capture_output=True,
        text=True,
        check=False,
    )


def end_of(text: str) -> str:
    """Return the last lines of what a program wrote, as one line."""
    return " ".join(text.strip().splitlines()[-_LAST_LINES:]) or "it wrote nothing"
