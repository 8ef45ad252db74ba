"""The project of a user who checks types strictly: adapters, fixtures and public names have useful types."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from user_process import PROJECT

TYPED = PROJECT / "tests" / "typing_project"
RIGHT = ("adapter.py", "fixtures.py", "graph_tests.py")

needs_mypy = pytest.mark.skipif(
    importlib.util.find_spec("mypy") is None,
    reason="mypy is not installed; pip install -e .[lint] installs it",
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which mypy keeps what it knows about the kit, for both tests."""
    return tmp_path_factory.mktemp("mypy")


def pyright(*words: str) -> subprocess.CompletedProcess[str]:
    """Run pyright in the project, whose configuration is strict."""
    return subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, *words],
        cwd=TYPED,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def mypy(*names: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Check files of the project as strictly as mypy can; the kit itself is installed and not reported on."""
    words = ("--strict", "--follow-imports=silent", "--config-file=", "--cache-dir", str(cache))
    return subprocess.run(
        [sys.executable, "-m", "mypy", *words, *names],
        cwd=TYPED,
        env={**os.environ, "MYPYPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_mypy
def test_the_project_of_a_user_has_no_type_errors(cache: Path) -> None:
    """Every public name, every fixture and the decorator can be used under `mypy --strict`."""
    checked = mypy(*RIGHT, cache=cache)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout == f"Success: no issues found in {len(RIGHT)} source files\n"


@needs_mypy
def test_mistakes_are_type_errors(cache: Path) -> None:
    """The types are no `Any`: each planted mistake is reported, and nothing else."""
    checked = mypy("wrong.py", cache=cache)
    assert checked.returncode == 1
    reported = re.findall(r"^wrong\.py:(\d+): error: .*\[([a-z-]+)\]$", checked.stdout, re.MULTILINE)
    lines = enumerate((TYPED / "wrong.py").read_text(encoding="utf-8").splitlines(), start=1)
    planted = [
        (str(number), line.partition("  # ")[2].partition(":")[0]) for number, line in lines if "  # " in line
    ]
    assert len(planted) == 3
    assert reported == planted


def test_the_project_of_a_user_has_no_errors_in_pyright() -> None:
    """The types are clear to the other checker too, in its strict mode."""
    if importlib.util.find_spec("pyright") is None or pyright("--version").returncode:
        pytest.skip(
            "pyright is not installed; pip install -e .[lint] installs it, and its first run needs npm"
        )
    checked = pyright()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 errors, 0 warnings" in checked.stdout
