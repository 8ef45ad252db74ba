"""The order of a comparison: read both sides, make names alike if asked, compare, and join the results."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.canonical_saves import canonical_saves
from pytest_metagraph.diff.differences import Difference, DifferenceCode, Location
from pytest_metagraph.diff.engine import Differ
from pytest_metagraph.diff.generated_names import rename_functions
from pytest_metagraph.diff.names import match_names
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.patterns import unused_patterns
from pytest_metagraph.diff.result import MetaGraphDiff, joined
from pytest_metagraph.diff.rules import RULES
from pytest_metagraph.diff.saved_model_files import compare_folders
from pytest_metagraph.diff.sides import Side, UnusableInputError, read_meta_graphs, read_side
from reference_impl.saved_models import several_meta_graphs

ROOTS = {
    "MetaGraphDef": "",
    "GraphDef": "graph_def",
    "FunctionDefLibrary": "graph_def",
    "NodeDef": "node",
    "FunctionDef": "function",
}
"""The section in which the comparison of each message type starts. A library is read as a GraphDef."""

_Labels = tuple[str | None, str | None]
"""The names of the expected and the actual side in reports; None for the default."""


def diff_messages(
    message_type: str,
    expected: object,
    actual: object,
    options: CompareOptions,
    *,
    labels: _Labels = (None, None),
    call: Mapping[str, Any] | None = None,
    tags: Collection[str] | None = None,
) -> MetaGraphDiff:
    """Compare two messages of one type; see `diff_meta_graphs`.

    Args:
        message_type: the short name of the type.
        expected: the message that is right.
        actual: the message to compare with it.
        options: how to compare.
        labels: the names of the expected and the actual side in reports.
        call: the arguments of the export, if they are known.
        tags: the tags of the meta graph to compare, for SavedModels with several.

    Raises:
        TypeError: if `options` are not CompareOptions.
        UnusableInputError: if a side cannot be read as such a message.
    """
    _require_options(options)
    if message_type == "MetaGraphDef" and tags is None:
        lefts = read_meta_graphs(expected, "expected", labels[0])
        rights = read_meta_graphs(actual, "actual", labels[1])
        if len(lefts) > 1 or len(rights) > 1:
            return _diff_by_tags(lefts, rights, options, call)
        (left,), (right,) = lefts.values(), rights.values()
    else:
        left = read_side(expected, message_type, "expected", labels[0], tags)
        right = read_side(actual, message_type, "actual", labels[1], tags)
    return _compare(message_type, left, right, options, call)


def _require_options(options: object) -> None:
    if not isinstance(options, CompareOptions):
        raise TypeError(f"options must be CompareOptions, not {type(options).__name__}")


def _compare(
    message_type: str, left: Side, right: Side, options: CompareOptions, call: Mapping[str, Any] | None
) -> MetaGraphDiff:
    """Compare two sides, and the folders that they were read from."""
    kind = left.view.DESCRIPTOR.name  # of a library, it is the graph with these functions
    if options.canonicalize_saves and kind in {"MetaGraphDef", "GraphDef"}:
        left, right = canonical_saves(left, right)
    elif options.canonicalize_function_names:
        right = rename_functions(right, left, kind)
    renames: list[Difference] = []
    if options.ignore_names:
        right, renames = match_names(right, left, kind)
    differ = Differ(options, RULES, from_text=left.was_text or right.was_text)
    differ.compare_fields(Location(ROOTS[message_type]), left.view, right.view)
    _compare_folders(differ, left, right)
    notes = (
        *differ.notes,
        *renames,
        *unused_patterns(options, differ.used_patterns, (left.view, right.view)),
    )
    return MetaGraphDiff(left, right, tuple(differ.differences), notes, differ.composites, call)


def _diff_by_tags(
    lefts: Mapping[str | None, Side],
    rights: Mapping[str | None, Side],
    options: CompareOptions,
    call: Mapping[str, Any] | None,
) -> MetaGraphDiff:
    """Compare each meta graph of a SavedModel with the one that has the same tags, and the folders once."""
    differ = Differ(options, RULES)
    pairs: dict[str, MetaGraphDiff] = {}
    for tags in dict.fromkeys((*lefts, *rights)):
        if tags is None:
            several, name = (rights, "actual") if None in lefts else (lefts, "expected")
            label, there = next(iter(several.values())).label, [key for key in several if key is not None]
            raise UnusableInputError(name, f"{label} is {several_meta_graphs(there)}")
        left, right = lefts.get(tags), rights.get(tags)
        if left is not None and right is not None:
            without_folders = replace(left, folder=None), replace(right, folder=None)
            pairs[tags] = _compare("MetaGraphDef", *without_folders, options, call)
        elif left is not None:
            nodes = counted(len(left.nodes), "node")
            differ.report(DifferenceCode.ITEM_MISSING, Location("meta_graphs", tags), nodes, None)
        elif right is not None:
            nodes = counted(len(right.nodes), "node")
            differ.report(DifferenceCode.ITEM_EXTRA, Location("meta_graphs", tags), None, nodes)
    left, right = next(iter(lefts.values())), next(iter(rights.values()))
    _compare_folders(differ, left, right)
    sides = [replace(side, view=VIEWS["MetaGraphDef"]()) for side in (left, right)]
    files = MetaGraphDiff(sides[0], sides[1], tuple(differ.differences), tuple(differ.notes), call=call)
    return joined(files, pairs)


def _compare_folders(differ: Differ, left: Side, right: Side) -> None:
    """Compare the folders of two SavedModels, if both sides were read from one.

    Raises:
        UnusableInputError: if a file cannot be read.
    """
    if left.folder is not None and right.folder is not None:
        try:
            compare_folders(differ, left.folder, right.folder)
        except OSError as error:
            raise UnusableInputError("actual", f"cannot read {error.filename}: {error.strerror}") from error
