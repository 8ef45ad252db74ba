"""Glob patterns of the options: the names that they match, and the patterns that match nothing."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.differences import Difference, DifferenceCode
from pytest_metagraph.diff.options import CompareOptions

_OPTIONS = ("ignore_attrs", "unordered_collections", "collection_types")
"""The options whose patterns or keys should match something."""

_PRESET_PATTERNS = frozenset(CompareOptions.tf_compat().ignore_attrs)
"""Patterns that are never reported: the user did not write them, and many graphs have no such attribute."""


def matching_patterns(patterns: tuple[str, ...], name: str) -> list[str]:
    """Return the patterns that match a name, case-sensitively."""
    return [pattern for pattern in patterns if _compiled(pattern).match(name)]


def unused_patterns(
    options: CompareOptions, used: Collection[tuple[str, str]], views: Iterable[Any]
) -> Iterator[Difference]:
    """Yield a note for each pattern of the options that matches nothing in either message.

    Args:
        options: the options of a comparison.
        used: the patterns that matched during the comparison, as pairs of option and pattern.
        views: the shallow messages of both sides.
    """
    unused = [
        (option, pattern)
        for option in _OPTIONS
        for pattern in getattr(options, option)
        if (option, pattern) not in used and pattern not in _PRESET_PATTERNS
    ]
    # A comparison looks only at attributes that differ; a pattern may well match equal ones.
    needs_names = any(option == "ignore_attrs" for option, _ in unused)
    names = {name for view in views for name in _attr_names(view)} if needs_names else set()
    for option, pattern in unused:
        if option == "ignore_attrs" and any(matching_patterns((pattern,), name) for name in names):
            continue
        text = "matches nothing in either message"
        yield Difference(DifferenceCode.OPTION_UNUSED, "options", pattern, "", option, text, text)


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))


def _attr_names(view: Any) -> Iterator[str]:
    """Yield the name of every attribute of every node, including those of function bodies."""
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
