"""The imports of the three packages keep to the design."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
LAYERS = ("reference_impl", "conformance_cases", "pytest_metagraph")
"""The packages from the lowest to the highest; each may import itself and those before it."""

PLUGIN_LAYERS = (
    "_util",
    "_version",
    "settings",
    "diff",
    "exporters",
    "own_graphs",
    "selection",
    "snapshots",
    "judging",
    "known_failures",
    "reports",
    "fuzzing",
    "plugin",
)
"""The parts of the kit, the lowest first; `cli` is above them."""

TENSORFLOW_IMPORTERS = {
    "conformance_cases.recorder.oracle",
    "pytest_metagraph.exporters.tensorflow",
}


def _modules() -> dict[str, Path]:
    """Every module of the project by its dotted name."""
    found = {}
    for layer in LAYERS:
        for path in sorted((PROJECT / layer).rglob("*.py")):
            parts = path.relative_to(PROJECT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = _modules()


def _imported(path: Path) -> Iterator[str]:
    """The modules that a file imports: when it is loaded, inside of its functions, and for types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in MODULES else node.module


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_from_higher_packages_to_lower_ones(name: str) -> None:
    """A module imports no package above its own."""
    allowed = LAYERS[: LAYERS.index(name.partition(".")[0]) + 1]
    imported = {module.partition(".")[0] for module in _imported(MODULES[name])}
    assert imported & set(LAYERS) <= set(allowed)


@pytest.mark.parametrize("layer", PLUGIN_LAYERS)
def test_imports_run_from_higher_layers_of_the_plugin_to_lower_ones(layer: str) -> None:
    """A package of the plugin imports nothing of the plugin that stands above it."""
    allowed = {f"pytest_metagraph.{name}" for name in PLUGIN_LAYERS[: PLUGIN_LAYERS.index(layer) + 1]}
    package = f"pytest_metagraph.{layer}"
    imported = {
        ".".join(module.split(".")[:2])
        for name, path in MODULES.items()
        if name == package or name.startswith(f"{package}.")
        for module in _imported(path)
        if module.startswith("pytest_metagraph.")
    }
    assert package in MODULES
    assert imported <= allowed


def test_tensorflow_is_imported_by_two_files_at_most() -> None:
    """TensorFlow is known to the recorder's oracle and to the TensorFlow adapter, and to nothing else."""
    importers = {
        name
        for name, path in MODULES.items()
        if any(module.partition(".")[0] == "tensorflow" for module in _imported(path))
    }
    assert importers <= TENSORFLOW_IMPORTERS


def test_no_module_imports_itself_in_a_circle() -> None:
    """The modules that name each other in any import, a late one too, can be put in an order."""
    graph = {
        name: {module for module in _imported(path) if module in MODULES and module != name}
        for name, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_a_circle_of_imports_is_seen() -> None:
    """The check above fails where two modules import each other."""
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()
