"""Notes patterns of the options that matched nothing: an ignore that ignores nothing hides a typing error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pytest_metagraph.diff import patterns
from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Code, Difference
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.shallow import VIEWS

_OPTIONS = ("ignore_attrs", "unordered_collections", "collection_types")
_OF_PRESETS = frozenset(CompareOptions.tf_compat().ignore_attrs)
"""Nobody has typed these, and a graph without such attributes is common."""


def note(run: Comparison, views: Iterable[Any]) -> None:
    """Add a note for each pattern of the run's options that nothing in either message matches.

    Args:
        run: the comparison, which has ended.
        views: the shallow messages of both sides.
    """
    unused = [
        (option, pattern)
        for option in _OPTIONS
        for pattern in getattr(run.options, option)
        if (option, pattern) not in run.used_patterns and pattern not in _OF_PRESETS
    ]
    if not unused:
        return
    # The comparison looks only at attributes that differ; a pattern may well match others.
    wanted = any(option == "ignore_attrs" for option, _ in unused)
    names = {name for view in views for name in _attr_names(view)} if wanted else set()
    for option, pattern in unused:
        if option == "ignore_attrs" and any(patterns.matching((pattern,), name) for name in names):
            continue
        found = "matches nothing in either message"
        run.notes.append(Difference(Code.OPTION_UNUSED, "options", pattern, "", option, found, found))


def _attr_names(view: Any) -> Iterator[str]:
    """The name of every attribute of every node, function bodies included."""
    if view.DESCRIPTOR.name == "MetaGraphDef":
        view = view.graph_def
    match view.DESCRIPTOR.name:
        case "GraphDef":
            for node in view.node:
                yield from _attr_names(VIEWS["NodeDef"].FromString(node))
            for function in view.library.function:
                yield from _attr_names(VIEWS["FunctionDef"].FromString(function))
        case "FunctionDef":
            yield from view.attr
            for node in view.node_def:
                yield from _attr_names(VIEWS["BodyNodeDef"].FromString(node))
        case _:
            for entry in view.attr:
                yield VIEWS["AttrEntry"].FromString(entry).key
