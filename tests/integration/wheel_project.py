"""A fresh environment with the wheel installed, and projects in it, as a user has them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]


def build_environment(folder: Path) -> None:
    """Make `environment` in a folder, whose own packages are this project's wheel alone.

    The packages that the project depends on are those of the running environment, which come last.
    """
    wheels, environment = folder / "wheels", folder / "environment"
    words = ["wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(PROJECT)]
    built = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    if built.returncode != 0:
        pytest.skip(f"the wheel cannot be built here: {built.stderr.strip()[-300:]}")
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    (wheel,) = wheels.glob("*.whl")
    install = ["--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    last = packages / "of_the_running_environment.pth"
    last.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


def clean_environment(**variables: str) -> dict[str, str]:
    """The variables of a user's shell: nothing of the run of this project's own tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    return {**kept, **variables}


@dataclass(frozen=True)
class WheelProject:
    """A project of a user in an environment with the wheel.

    Attributes:
        python: the environment's Python.
        folder: the folder of the project.
    """

    python: Path
    folder: Path

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run pytest in the folder, with warnings as errors."""
        words = [str(self.python), "-m", "pytest", "-q", "-W", "error", "-p", "no:hypothesispytest"]
        return subprocess.run(
            [*words, *arguments],
            cwd=self.folder,
            env=clean_environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def results(self) -> dict[str, dict[str, Any]]:
        """The results in `report.jsonl` by case, in the order in which they were written."""
        lines = (self.folder / "report.jsonl").read_text(encoding="utf-8").splitlines()
        return {line["case"]: line for line in map(json.loads, lines) if line.get("case")}
