"""The lists of mutants that no case can kill speak of code that exists."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PACKAGE = FOLDER.parents[1] / "reference_impl"
SURVIVORS = tomllib.loads((FOLDER / "surviving_mutants.toml").read_text(encoding="utf-8"))["survivor"]


def not_mutated() -> list[str]:
    """Read the keys of `NOT_MUTATED`, whose module needs cosmic-ray to be imported."""
    tree = ast.parse((FOLDER / "mutate_reference.py").read_text(encoding="utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NOT_MUTATED"
    )
    return list(ast.literal_eval(value))


@pytest.mark.parametrize(
    "survivor", SURVIVORS, ids=lambda survivor: f"{survivor['module']}: {survivor['line']}"
)
def test_a_survivor_is_a_line_of_its_module(survivor: dict[str, str]) -> None:
    """A line that has moved or changed needs its entry changed, or its mutants count as gaps."""
    source = (PACKAGE / f"{survivor['module']}.py").read_text(encoding="utf-8")
    assert survivor["line"] in [line.strip() for line in source.splitlines()]


@pytest.mark.parametrize("name", not_mutated())
def test_what_is_not_mutated_exists(name: str) -> None:
    """An excluded module, function or class is there."""
    module, _, definition = name.partition(":")
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert not definition or definition in names
