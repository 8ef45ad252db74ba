"""Facts that many modules need are written once."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance_cases.axes import FLAGS
from reference_impl.contracts import TENSORFLOW_MINOR, TENSORFLOW_VERSION
from reference_impl.schema import provenance

PROJECT = Path(__file__).resolve().parents[3]
PACKAGES = ("reference_impl", "conformance_cases", "pytest_metagraph")


def test_the_tested_tensorflow_is_the_recorded_one() -> None:
    """The constant, the data of the schema and the extra `oracle` name the same version."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert TENSORFLOW_VERSION == "2.21.0"
    assert provenance().tensorflow == TENSORFLOW_VERSION
    assert f"tensorflow-cpu=={TENSORFLOW_VERSION}" in project["optional-dependencies"]["oracle"]


def _literals(path: Path) -> Iterator[str | frozenset[str]]:
    """Find the strings of a source that are not docstrings, and its collections of strings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value
        elif isinstance(node, ast.Tuple | ast.Set | ast.List):
            strings = [element.value for element in node.elts if isinstance(element, ast.Constant)]
            yield frozenset(string for string in strings if isinstance(string, str))


def _modules_with(fact: str | frozenset[str]) -> set[str]:
    """Find the modules that write a string as a part of another one, or a collection of strings."""
    return {
        str(path.relative_to(PROJECT))
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*.py")
        for literal in _literals(path)
        if (fact in literal if isinstance(fact, str) and isinstance(literal, str) else fact == literal)
    }


@pytest.mark.parametrize(
    ("fact", "module"),
    [
        (TENSORFLOW_VERSION, "reference_impl/contracts.py"),
        (frozenset(FLAGS), "conformance_cases/axes.py"),
        ("LegacyRestoreSlice", "reference_impl/schema/recorded.py"),
        (frozenset({"saved_model.pb", "saved_model.pbtxt"}), "reference_impl/saved_models.py"),
    ],
    ids=["the tested TensorFlow", "the flags", "the ops of savers", "the files of a SavedModel"],
)
def test_a_fact_has_one_module(fact: str | frozenset[str], module: str) -> None:
    """Every other module imports it from there."""
    assert _modules_with(fact) == {module}


def test_the_tested_minor_version_stands_twice() -> None:
    """The command line cannot import it from the reference, which loads protobuf; `settings` repeats it."""
    assert _modules_with(TENSORFLOW_MINOR) == {"reference_impl/contracts.py", "pytest_metagraph/settings.py"}


WRITE_DIRECTLY = {
    "conformance_cases/recorder/schema_data.py",
    "pytest_metagraph/exporters/exports_folder.py",
    "pytest_metagraph/judging/written_files.py",
    "pytest_metagraph/loadability/registry_program.py",
    "pytest_metagraph/reports/jsonl.py",
    "pytest_metagraph/versions/environments.py",
    "pytest_metagraph/versions/judging.py",
}
"""The modules whose files are not written by `atomic_write`, whose docstring has the reasons."""


def _writes_file(source: str) -> bool:
    """Return whether a source opens a file by name to write it."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in {"write_text", "write_bytes"}:
            return True
        is_open = any(keyword.arg in {"fileobj", "closefd"} for keyword in node.keywords)
        given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
        modes = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if name == "open" and not is_open and any(set("wax+") & set(mode) for mode in modes):
            return True
    return False


@pytest.mark.parametrize(
    ("source", "writes"),
    [
        ("path.write_bytes(b'')", True),
        ("path.open('x')", True),
        ("open(name, mode='r+b')", True),
        ("open(name, 'rb')", False),
        ("tarfile.open(fileobj=buffer, mode='w')", False),
        ("os.fdopen(pipe, 'wb')", False),
        ("open(2, 'w', closefd=False)", False),
    ],
)
def test_what_writes_a_file_is_seen(source: str, *, writes: bool) -> None:
    """The test below sees each way to write a file by its name."""
    assert _writes_file(source) is writes


def test_files_are_written_by_one_module() -> None:
    """No other module opens a file to write it, so that an interrupted command leaves no half of one."""
    found = {
        str(path.relative_to(PROJECT))
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*.py")
        if "starters" not in path.parts and _writes_file(path.read_text(encoding="utf-8"))
    }
    assert found == WRITE_DIRECTLY
