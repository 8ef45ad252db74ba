"""Every public name can be imported, says what it is, and has a promise about its stability."""

from __future__ import annotations

import functools
import importlib
import inspect
import re
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message

PROJECT = Path(__file__).resolve().parents[3]
PACKAGES = (
    "reference_impl",
    "reference_impl.schema",
    "conformance_cases",
    "pytest_metagraph",
    "pytest_metagraph.diff",
    "pytest_metagraph.fuzzing.strategies",
)
_DESCRIBED = (types.FunctionType, classmethod, staticmethod, property, functools.cached_property)
LEVELS = {"stable", "evolving"}
_ROW = re.compile(r"^\| `(?P<package>[\w.]+)` \| (?P<level>\w+) \| (?P<names>`.+`) \|$", re.MULTILINE)

PINNED = {
    "reference_impl": {"export_meta_graph", "Graph", "GraphKeys", "read_meta_graph_file", "eager_execution"},
    "reference_impl.schema": {
        "MetaGraphDef",
        "GraphDef",
        "NodeDef",
        "SaverDef",
        "CollectionDef",
        "GraphDebugInfo",
    },
    "conformance_cases": {
        "load_corpus",
        "Corpus",
        "Case",
        "InputGraph",
        "Variant",
        "ExpectedMessage",
        "ExpectedError",
        "NotAsked",
        "Tier",
    },
    "pytest_metagraph": {
        "diff_meta_graphs",
        "assert_meta_graph_equal",
        "CompareOptions",
        "MetaGraphDiff",
        "MetaGraphMismatch",
        "ExportRequest",
        "Unsupported",
    },
}
"""What users were promised from the first version on."""


def _public(package: str) -> list[str]:
    names: list[str] = importlib.import_module(package).__all__
    return names


def _promises(page: str) -> dict[tuple[str, str], list[str]]:
    """The levels that a page gives to each public name."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in _ROW.finditer(page):
        for name in re.findall(r"`(\w+)`", row["names"]):
            found.setdefault((row["package"], name), []).append(row["level"])
    return found


PUBLIC = [(package, name) for package in PACKAGES for name in _public(package)]


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as ruff sorts `__all__`."""
    if name.isupper():
        return (0, name)
    return (1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_sorted_and_stated_once(package: str) -> None:
    """`__all__` is in order, so that a name is found at a glance and none is there twice."""
    names = _public(package)
    assert names == sorted(set(names), key=_order)


@pytest.mark.parametrize("package", PINNED)
def test_what_was_promised_is_public(package: str) -> None:
    """No name of the first version is missing."""
    assert PINNED[package] - set(_public(package)) == set()


@pytest.mark.parametrize(("package", "name"), PUBLIC)
def test_a_public_name_says_what_it_is(package: str, name: str) -> None:
    """A function or class of the project has a docstring of its own, and so have its public members."""
    value = getattr(importlib.import_module(package), name)
    if _explains_itself(value):
        return
    assert _undocumented(name, value) == []


def _explains_itself(value: object) -> bool:
    """Whether a value is protobuf's, a constant or an alias, which have no docstring of their own."""
    if inspect.isclass(value):
        return issubclass(value, Message)
    return isinstance(value, EnumTypeWrapper | types.UnionType) or not inspect.isroutine(value)


def _undocumented(name: str, value: object) -> list[str]:
    """What has no docstring; the one that a dataclass makes of its fields is none."""
    return [
        where
        for where, part in _parts(name, value)
        if not part.__doc__ or part.__doc__.startswith(f"{name}(")
    ]


def _parts(name: str, value: object) -> list[tuple[str, object]]:
    """The value itself and, of a class, its public methods and properties."""
    parts = [(name, value)]
    if inspect.isclass(value):
        parts += [
            (f"{name}.{member}", found)
            for member, found in vars(value).items()
            if not member.startswith("_") and isinstance(found, _DESCRIBED)
        ]
    return parts


def test_the_check_of_docstrings_sees_what_has_none() -> None:
    """A dataclass and a public method without a docstring are found; private names do not need one."""

    @dataclass
    class Silent:
        size: int

        def method(self) -> None: ...

        def _private(self) -> None: ...

    assert _undocumented("Silent", Silent) == ["Silent", "Silent.method"]


def test_every_public_name_is_promised_once() -> None:
    """The stability page names each public name exactly once, with a level that it explains, and no other."""
    page = (PROJECT / "docs" / "reference" / "stability.md").read_text(encoding="utf-8")
    promises = _promises(page)
    assert set(promises) == set(PUBLIC)
    assert {key: levels for key, levels in promises.items() if len(levels) != 1} == {}
    assert {level for levels in promises.values() for level in levels} == LEVELS


def test_the_same_name_has_the_same_promise() -> None:
    """A name that two packages share is one object, and its promise does not depend on the import."""
    page = (PROJECT / "docs" / "reference" / "stability.md").read_text(encoding="utf-8")
    promises = _promises(page)
    shared = [name for package, name in PUBLIC if package == "pytest_metagraph"]
    for name in set(shared) & set(_public("pytest_metagraph.diff")):
        assert promises["pytest_metagraph", name] == promises["pytest_metagraph.diff", name]


def test_importing_the_plugin_package_loads_nothing_heavy() -> None:
    """A session that does not use the kit pays neither for protobuf nor for the corpus or the differ."""
    code = (
        "import sys, pytest_metagraph; "
        "heavy = {'google.protobuf', 'deepdiff', 'jinja2', 'conformance_cases', 'pytest_metagraph.diff'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout == "[]\n"


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazily loaded package answers for a name it does not have as any module does."""
    package = importlib.import_module("pytest_metagraph")
    with pytest.raises(AttributeError, match="no_such_name"):
        package.no_such_name  # noqa: B018 - the access is what is tested
