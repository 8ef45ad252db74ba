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
        ("LegacyRestoreSlice", "reference_impl/savers.py"),
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
