"""Virtual environments of TensorFlow releases: the interpreter of each, and what is installed into it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.versions.pins import Release
from reference_impl.atomic_write import write_file

if sys.platform != "win32":
    import fcntl

READY = "READY"
"""The file in an environment that says that everything is installed: the requirements, one on each line."""

NEEDED_BYTES = 3 * 10**9
"""The free space that making an environment needs: the packages, and their archives meanwhile."""

_LAST_LINES = 6
_NOT_PASSED_ON = frozenset({"PYTEST_ADDOPTS", "PYTHONHOME", "PYTHONPATH"})
"""Variables that are about this interpreter, or about the tests of the user."""


class EnvironmentMissingError(MetagraphError):
    """A release cannot be installed here."""


def default_folder() -> Path:
    """Return the folder of environments that is used if none is given."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "pytest-metagraph" / "tensorflows"


def environment_of(release: Release, folder: Path, step: Callable[[str], None]) -> Path:
    """Return the interpreter of a release's environment; make the environment if it is not complete.

    An environment is complete only when everything is installed. If that fails or is interrupted, what there
    is of it is removed, at once or before the next attempt.

    Args:
        release: the release.
        folder: the folder of all environments.
        step: shows the progress.

    Raises:
        EnvironmentMissingError: if there is no interpreter of its Python, too little space, or pip fails.
    """
    environment = folder / release.folder
    python = environment / "bin" / "python"
    if _is_complete(environment, release):
        return python
    base = find_interpreter(release.python)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise EnvironmentMissingError(f"{str(folder)!r} cannot be used: {error.strerror}") from error
    if free < NEEDED_BYTES:
        raise EnvironmentMissingError(
            f"{str(folder)!r} has {free / 1e9:.1f} GB of free space, and {release.words} needs "
            f"{NEEDED_BYTES / 1e9:.0f} GB",
            "remove environments that are no longer needed, or name another folder with --environments",
        )
    step("waiting for another process that makes this environment")
    with _locked(folder / f"{release.folder}.lock") as lock:
        if not _is_complete(environment, release):  # another process has just made it
            try:
                _make(release, base, environment, lock, step)
            except BaseException:
                shutil.rmtree(environment, ignore_errors=True)
                raise
    return python


def _is_complete(environment: Path, release: Release) -> bool:
    """Return whether everything is installed that the table names now."""
    try:
        installed = (environment / READY).read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return installed == list(release.requirements)


def _make(
    release: Release, base: Path, environment: Path, lock: int | None, step: Callable[[str], None]
) -> None:
    """Make an environment with programs that hold the lock, too: they keep it if this process is killed."""
    held = () if lock is None else (lock,)
    shutil.rmtree(environment, ignore_errors=True)
    step(f"making an environment of Python {release.python}")
    if not _make_with_uv(release, base, environment, held, step):
        shutil.rmtree(environment, ignore_errors=True)
        _make_with_pip(release, base, environment, held, step)
    write_file(environment / READY, "".join(f"{one}\n" for one in release.requirements).encode())


def _make_with_uv(
    release: Release, base: Path, environment: Path, held: Sequence[int], step: Callable[[str], None]
) -> bool:
    """Make an environment with uv, which takes a third of the processor time of pip.

    Returns:
        Whether it is complete. uv may be missing, refuses old Pythons, and does not read the settings of pip.
    """
    uv = shutil.which("uv")
    if uv is None:
        return False
    step(f"installing {', '.join(release.requirements)} with uv")
    install = [uv, "pip", "install", "--quiet", "--no-cache", "--python", str(environment / "bin" / "python")]
    commands = [
        [uv, "venv", "--quiet", "--python", str(base), str(environment)],
        [*install, *release.requirements],
    ]
    try:
        return all(run_program(command, inherited=held).returncode == 0 for command in commands)
    except OSError:
        return False


def _make_with_pip(
    release: Release, base: Path, environment: Path, held: Sequence[int], step: Callable[[str], None]
) -> None:
    """Make an environment with pip.

    Raises:
        EnvironmentMissingError: if it fails.
    """
    _run([str(base), "-m", "venv", str(environment)], f"no environment for {release.words}", held)
    # The environment is what is kept; a copy of each archive in pip's cache would double the space.
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install"]
    pip += ["--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    _run([*pip, "--upgrade", "pip"], f"pip of {release.words} cannot be updated", held)
    step(f"installing {', '.join(release.requirements)}")
    _run([*pip, *release.requirements], f"{release.words} cannot be installed", held)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Hold a lock for as long as this process, or one that inherits its descriptor, needs it.

    Yields:
        The descriptor to inherit; None on Windows, which has no such lock.
    """
    if sys.platform == "win32":
        yield None
        return
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


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
    """Return whether an interpreter runs, has the version, and can make environments with pip."""
    program = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    return _output([str(python), "-c", program]).strip() == version


def _output(command: Sequence[str]) -> str:
    try:
        ended = run_program(command)
    except OSError:
        return ""
    return ended.stdout if ended.returncode == 0 else ""


def _run(command: Sequence[str], problem: str, inherited: Sequence[int]) -> None:
    ended = run_program(command, inherited=inherited)
    if ended.returncode:
        raise EnvironmentMissingError(f"{problem}: {end_of(ended.stderr or ended.stdout)}")


def run_program(
    command: Sequence[str], folder: Path | None = None, inherited: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; neither its status nor its output is checked.

    Args:
        command: the program and its arguments.
        folder: the folder to run it in; None for the current one.
        inherited: descriptors that stay open in the program.
    """
    return subprocess.run(  # noqa: S603 - programs that the user names or that this kit wrote
        command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        pass_fds=inherited,
    )


def end_of(text: str) -> str:
    """Return the last lines of what a program wrote, as one line."""
    return " ".join(text.strip().splitlines()[-_LAST_LINES:]) or "it wrote nothing"
