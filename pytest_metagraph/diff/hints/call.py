"""What hints know of the export that made the actual message: its arguments, and the scope."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

NAME = re.compile(r"[^\s'\",\[\]{}^@:]+")
"""A name of a node within the text of a difference."""

UNBOUND_INPUTS = "unbound_inputs"
"""The usual name of the collection of unbound inputs."""

_PROBES = 200
"""The number of differences that are searched for a scope if the call is not known."""


def is_two_saves(diff: MetaGraphDiff) -> bool:
    """Return whether both sides are from a SavedModel, and so not from a call of export_meta_graph."""
    views = (diff.expected.view, diff.actual.view)
    return all(view.DESCRIPTOR.name == "MetaGraphDef" and view.HasField("object_graph_def") for view in views)


def may_be_given(diff: MetaGraphDiff, argument: str) -> bool:
    """Return whether the call gives an argument, or is not known."""
    return diff.call is None or _is_given(diff.call.get(argument))


def may_be_absent(diff: MetaGraphDiff, argument: str) -> bool:
    """Return whether the call does not give an argument, or is not known."""
    return diff.call is None or not _is_given(diff.call.get(argument))


def is_given(diff: MetaGraphDiff, argument: str) -> bool:
    """Return whether the call is known and gives an argument."""
    return diff.call is not None and _is_given(diff.call.get(argument))


def given_message(diff: MetaGraphDiff, argument: str, name: str) -> Any:
    """Return the message of a type that the call gives; None if it gives none, or a value of another type."""
    value = (diff.call or {}).get(argument)
    is_right = isinstance(value, Message) and value.DESCRIPTOR.full_name == f"tensorflow.{name}"
    return value if is_right else None


def listed_collections(diff: MetaGraphDiff) -> list[Any]:
    """Return the keys that the call's collection_list names; none if it is not a list of its own."""
    value = (diff.call or {}).get("collection_list")
    return list(value) if isinstance(value, list | tuple | set | frozenset) else []


def unbound_inputs_key(diff: MetaGraphDiff) -> str:
    """Return the name of the collection of unbound inputs (UNB-05)."""
    key = (diff.call or {}).get("unbound_inputs_col_name")
    return key if isinstance(key, str) and key else UNBOUND_INPUTS


def scope_of(diff: MetaGraphDiff) -> str:
    """Return the scope of the export with a slash at its end; empty if there is none.

    If the call is not known, it is the prefix that most names of the actual side have beside the same names
    without it.
    """
    if diff.call is not None:
        scope = diff.call.get("export_scope")
        return f"{scope.removesuffix('/')}/" if isinstance(scope, str) and scope else ""
    prefixes: Counter[str] = Counter()
    for difference in itertools.islice(diff.differences, _PROBES):
        if difference.expected is None or difference.actual is None:
            continue
        names = NAME.findall(difference.expected), NAME.findall(difference.actual)
        for short, long in zip(*names, strict=False):
            if long.endswith(f"/{short}"):
                prefixes[long.removesuffix(short)] += 1
    return prefixes.most_common(1)[0][0] if prefixes else ""


def _is_given(value: object) -> bool:
    """Return whether a value counts as given; an empty collection_list does (COL-01)."""
    return value is not None and (bool(value) or isinstance(value, list | tuple | frozenset | set))
