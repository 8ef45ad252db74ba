"""The imports and the sizes of the three packages keep to the design."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
LAYERS = ("reference_impl", "conformance_cases", "pytest_metagraph")
"""The packages from the lowest to the highest; each may import itself and those before it."""

KIT_LAYERS = (
    "_version",
    "_util",
    "settings",
    "diff",
    "loadability",
    "exporters",
    "rewriting",
    "own_graphs",
    "selection",
    "snapshots",
    "judging",
    "known_failures",
    "reports",
    "versions",
    "fuzzing",
    "plugin",
    "cli",
)
"""The parts of the kit, the lowest first; the public names of `pytest_metagraph` itself are above them."""

PUBLIC_NAMES = {"pytest_metagraph", "pytest_metagraph.__main__"}

TENSORFLOW_IMPORTERS = {
    "conformance_cases.recorder.tensorflow_calls",
    "pytest_metagraph.exporters.tensorflow",
}

MOST_LINES = 400
LATE_IMPORT_MARK = "# noqa: PLC0415 - "

LATE_PACKAGES = {
    *("google.protobuf", "msgspec", "jinja2", "deepdiff", "tomlkit", "pytest"),
    *("conformance_cases", "reference_impl", "pytest_metagraph.diff", "pytest_metagraph.exporters"),
    *("pytest_metagraph.snapshots", "difflib"),
}
"""What a start-up must not load: `tests/integration/test_command_startup.py` looks at `sys.modules`, and
`tests/unit/diff/test_rendering.py` at deepdiff."""

OPTIONAL_PACKAGES = {"argcomplete", "ctypes", "hypothesis", "tensorflow"}
"""What may be missing: extras, and the part of Python that some builds lack."""


def _modules() -> dict[str, Path]:
    """Find every module of the project by its dotted name."""
    found = {}
    for layer in LAYERS:
        for path in sorted((PROJECT / layer).rglob("*.py")):
            parts = path.relative_to(PROJECT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = _modules()


@dataclass(frozen=True)
class Import:
    """One import of a module.

    Attributes:
        module: the module that is imported.
        line: the number of its line.
        is_for_types: whether it is below `if TYPE_CHECKING:`, and so never runs.
        is_late: whether it is inside a function.
    """

    module: str
    line: int
    is_for_types: bool = False
    is_late: bool = False


def _imports(source: str) -> list[Import]:
    """Find all imports of a source."""
    return list(_imports_below(ast.parse(source), is_for_types=False, is_late=False))


def _imports_below(parent: ast.AST, *, is_for_types: bool, is_late: bool) -> Iterator[Import]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, is_for_types, is_late)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                module = submodule if submodule in MODULES else node.module
                yield Import(module, node.lineno, is_for_types, is_late)
        else:
            yield from _imports_below(
                node,
                is_for_types=is_for_types
                or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)),
                is_late=is_late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda),
            )


SOURCES = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
IMPORTS = {name: _imports(source) for name, source in SOURCES.items()}


def test_every_kind_of_import_is_seen() -> None:
    """The finder below tells imports at the top, for types alone, and inside functions and methods apart."""
    source = """
import ast, pytest
if TYPE_CHECKING:
    from reference_impl import graph
class A:
    def method(self):
        with x:
            from pytest_metagraph import diff
"""
    assert _imports(source) == [
        Import("ast", 2),
        Import("pytest", 2),
        Import("reference_impl.graph", 4, is_for_types=True),
        Import("pytest_metagraph.diff", 8, is_late=True),
    ]


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_from_higher_packages_to_lower_ones(name: str) -> None:
    """A module imports no package above its own, not even for types."""
    allowed = LAYERS[: LAYERS.index(name.partition(".")[0]) + 1]
    imported = {one.module.partition(".")[0] for one in IMPORTS[name]}
    assert imported & set(LAYERS) <= set(allowed)


def test_every_part_of_the_kit_has_a_layer() -> None:
    """A new part is put into the order, and one that is gone is taken out of it."""
    parts = {name.split(".")[1] for name in MODULES if name.startswith("pytest_metagraph.")}
    assert parts == {*KIT_LAYERS, "__main__"}


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("pytest_metagraph.")])
def test_imports_run_from_higher_layers_of_the_kit_to_lower_ones(name: str) -> None:
    """A module of the kit imports no part of the kit above its own, not even for types."""
    if name in PUBLIC_NAMES:
        return
    allowed = KIT_LAYERS[: KIT_LAYERS.index(name.split(".")[1]) + 1]
    imported = {one.module for one in IMPORTS[name] if one.module.split(".")[0] == "pytest_metagraph"}
    assert {module for module in imported if [*module.split("."), ""][1] not in allowed} == set()


def test_tensorflow_is_imported_by_two_files_at_most() -> None:
    """Only the recorder's oracle and the TensorFlow adapter import TensorFlow."""
    importers = {
        name
        for name, imports in IMPORTS.items()
        for one in imports
        if one.module.partition(".")[0] == "tensorflow"
    }
    assert importers <= TENSORFLOW_IMPORTERS


def test_pytest_is_imported_by_the_plugin_alone() -> None:
    """Outside `pytest_metagraph.plugin`, nothing needs pytest, not even for types."""
    importers = {
        name
        for name, imports in IMPORTS.items()
        for one in imports
        if one.module.partition(".")[0] in {"pytest", "_pytest", "xdist"}
    }
    assert {name for name in importers if not name.startswith("pytest_metagraph.plugin")} == set()


def test_no_module_imports_itself_in_a_circle() -> None:
    """The modules can be put in an order by the imports that run, late ones included."""
    graph = {
        name: {
            one.module
            for one in imports
            if one.module in MODULES and one.module != name and not one.is_for_types
        }
        for name, imports in IMPORTS.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_a_circle_of_imports_is_seen() -> None:
    """The check above fails if two modules import each other."""
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()


@pytest.mark.parametrize(
    "name", [name for name, imports in IMPORTS.items() if any(one.is_late for one in imports)]
)
def test_a_late_import_says_why(name: str) -> None:
    """An import inside a function stands beside the reason why it is not at the top."""
    lines = SOURCES[name].splitlines()
    late = [lines[one.line - 1] for one in IMPORTS[name] if one.is_late]
    assert [line for line in late if not line.partition(LATE_IMPORT_MARK)[2].strip()] == []


def _loaded_by(module: str, loaded: set[str]) -> set[str]:
    """Add a module and all that its import loads, packages above included, and return the whole."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        if name not in loaded:
            loaded.add(name)
            for one in IMPORTS.get(name, ()):
                if not one.is_late and not one.is_for_types:
                    _loaded_by(one.module, loaded)
    return loaded


@pytest.mark.parametrize(
    ("name", "module"),
    sorted({(name, one.module) for name, imports in IMPORTS.items() for one in imports if one.is_late}),
)
def test_a_late_import_saves_what_a_start_up_must_not_load(name: str, module: str) -> None:
    """An import inside a function loads a package that its module does not load, and that a test forbids."""
    gained = _loaded_by(module, set()) - _loaded_by(name, set())
    assert gained & (LATE_PACKAGES | OPTIONAL_PACKAGES)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_short_enough_to_read(name: str) -> None:
    """No source file has more than 400 lines."""
    assert SOURCES[name].count("\n") <= MOST_LINES
