"""What the wheel installs, and nothing else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path, PurePosixPath

import pytest

PACKAGES = {"conformance_cases", "pytest_metagraph", "reference_impl"}
SUFFIXES = {
    "", ".binpb", ".css", ".jinja", ".js", ".json", ".mjs", ".pb", ".pbtxt", ".proto", ".py", ".pyi",
    ".toml", ".txt", ".typed", ".xz", ".yml",
}  # fmt: skip
"""The kinds of files in the packages; whoever adds a kind adds it here."""

MOST_BYTES = 30_000_000
"""As installed. The wheel itself, which is compressed, has to stay below 10 MB."""

LISTING = """
import importlib.metadata, json
files = importlib.metadata.files("pytest-metagraph")
print(json.dumps([[str(path), path.locate().stat().st_size] for path in files if path.locate().exists()]))
"""


@pytest.fixture(scope="module")
def installed(environment: Path) -> dict[PurePosixPath, int]:
    """The size of each installed file in bytes, without what Python compiles."""
    listed = subprocess.run([str(environment), "-c", LISTING], capture_output=True, text=True, check=True)
    sizes = {PurePosixPath(name): size for name, size in json.loads(listed.stdout)}
    return {path: size for path, size in sizes.items() if path.suffix != ".pyc"}


def test_the_wheel_installs_three_packages_and_one_command(installed: dict[PurePosixPath, int]) -> None:
    """Nothing but the packages, their metadata and the command `metagraph` reaches an environment."""
    others = {path for path in installed if path.parts[0] not in PACKAGES}
    command = {path for path in others if path.name == "metagraph"}
    assert len(command) == 1
    assert all(path.parts[0].endswith(".dist-info") for path in others - command)


def test_every_file_is_of_a_kind_that_belongs_there(installed: dict[PurePosixPath, int]) -> None:
    """No test, cache or stray output is among the files of the packages."""
    inside = {path for path in installed if path.parts[0] in PACKAGES}
    assert {path.suffix for path in inside} <= SUFFIXES
    assert not [path for path in inside if path.name.startswith(("test_", "conftest"))]


def test_types_and_notices_are_installed(installed: dict[PurePosixPath, int]) -> None:
    """Type checkers find each package typed, and lawyers find the licence and what was recorded from whom."""
    names = {str(path) for path in installed}
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert {"conformance_cases/NOTICE", "reference_impl/schema/NOTICE"} <= names
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_the_wheel_stays_small(installed: dict[PurePosixPath, int]) -> None:
    """The packages stay far below what a TensorFlow takes."""
    assert 1_000_000 < sum(installed.values()) < MOST_BYTES
