"""Hints about arguments of the call: applied although they were not given, or given and not applied."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.differences import NODE_SECTION, DifferenceCode
from pytest_metagraph.diff.hints.call import (
    given_message,
    is_given,
    listed_collections,
    may_be_absent,
    may_be_given,
)
from pytest_metagraph.diff.hints.consequences import consequences_of_nodes, unknown_attrs
from pytest_metagraph.diff.hints.hint import Hint, HintCode, list_keys, select
from reference_impl.schema import registered_ops
from reference_impl.schema.recorded import SAVE_AND_RESTORE_OPS

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_SAVERS = "collection_def['savers']"
_SHAPES = "attr['_output_shapes']"
_ONE_SIDED = frozenset(
    {DifferenceCode.FIELD_MISSING, DifferenceCode.ITEM_MISSING, DifferenceCode.LIST_CHANGED}
)


def find_cleared_devices(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if only one side has devices (DEV-01, DEV-02)."""
    changed = select(diff, DifferenceCode.DEVICE_CHANGED)
    in_functions = {position for position, one in changed.items() if one.section != NODE_SECTION}
    missing = frozenset(position for position, one in changed.items() if not one.actual)
    kept = frozenset(position for position, one in changed.items() if not one.expected) - in_functions
    if may_be_given(diff, "clear_devices"):
        if kept:
            nodes = counted(len(kept), "node")
            text = f'clear_devices looks unapplied: {nodes} with a device; expected is "" everywhere.'
            yield Hint(HintCode.CLEAR_DEVICES, text, kept)
        if cleared := missing & in_functions:
            nodes = counted(len(cleared), "node")
            text = f"clear_devices was applied to function bodies, which keep their devices: {nodes}."
            yield Hint(HintCode.FUNCTION_DEVICES_CLEARED, text, cleared)
    if may_be_absent(diff, "clear_devices") and missing:
        nodes = counted(len(missing), "node")
        text = f"clear_devices looks applied although it was not requested: {nodes} without a device."
        yield Hint(HintCode.DEVICES_CLEARED, text, missing)


def find_default_attrs(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if only one side has attributes with the default of their op (STRIP-01, STRIP-03)."""
    extra = frozenset(select(diff, DifferenceCode.DEFAULT_ATTR_EXTRA))
    missing = frozenset(select(diff, DifferenceCode.DEFAULT_ATTR_MISSING)) - unknown_attrs(diff)
    if extra:
        attributes = counted(len(extra), "extra attribute")
        if may_be_given(diff, "strip_default_attrs"):
            text = f"strip_default_attrs looks unapplied: {attributes} with the default of the op."
            if _strips_some_defaults(diff):
                text = (
                    f"strip_default_attrs looks incomplete: {attributes} with the default of the op; others "
                    "were removed. Values are compared by content, as STRIP-04 says."
                )
            yield Hint(HintCode.STRIP_DEFAULT_ATTRS, text, extra)
        else:
            text = f"Defaults were filled in although nodes are exported as they are: {attributes}."
            yield Hint(HintCode.DEFAULT_ATTRS_ADDED, text, extra)
    if missing and may_be_absent(diff, "strip_default_attrs"):
        attributes = counted(len(missing), "missing attribute")
        text = (
            "strip_default_attrs looks applied although it was not requested, or defaults were not "
            f"filled in: {attributes} with the default of the op."
        )
        yield Hint(HintCode.DEFAULT_ATTRS_STRIPPED, text, missing)
    elif is_given(diff, "strip_default_attrs"):
        lost = missing | {
            position
            for position, one in select(diff, DifferenceCode.ATTR_MISSING).items()
            if not one.field.startswith("attr['_")
        }
        if lost:
            attributes = counted(len(lost), "attribute")
            text = (
                f"strip_default_attrs removed too much: {attributes} that are not declared by the op, have "
                "another value than its default, or belong to a function of the same name."
            )
            yield Hint(HintCode.ATTRS_OVERSTRIPPED, text, lost)


def _strips_some_defaults(diff: MetaGraphDiff) -> bool:
    """Return whether an attribute that has a default was removed from a node by a known call.

    A loaded graph has all attributes that have a default; a given graph_def may lack some.
    """
    if not is_given(diff, "strip_default_attrs"):
        return False
    given = given_message(diff, "graph_def", "GraphDef")
    attrs = None if given is None else {node.name: node.attr.keys() for node in given.node}
    ops = registered_ops()
    for node in map(VIEWS["NodeDef"].FromString, diff.actual.nodes):
        declared = ops[node.op].attr if node.op in ops else ()
        defaults = {attr.name for attr in declared if attr.HasField("default_value")}
        if attrs is not None:
            defaults &= attrs.get(node.name, set())
        if defaults - {VIEWS["AttrEntry"].FromString(entry).key for entry in node.attr}:
            return True
    return False


def find_stripped_flag(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if `stripped_default_attrs` does not say what was done (STRIP-02)."""
    changed = {
        position: one
        for position, one in select(diff, DifferenceCode.FIELD_CHANGED, section="meta_info_def").items()
        if one.field == "stripped_default_attrs"
    }
    for position, one in changed.items():
        text = (
            f"meta_info_def.stripped_default_attrs is {one.actual} instead of {one.expected}: it is true if "
            "strip_default_attrs is set or the given meta_info_def says so."
        )
        yield Hint(HintCode.STRIPPED_FLAG, text, frozenset({position}))


def find_extraneous_savers(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if only one side has the nodes or collection entries of a saver (SAV-02 to SAV-06)."""
    extra = _saver_parts(
        diff, DifferenceCode.NODE_EXTRA, DifferenceCode.ITEM_EXTRA, DifferenceCode.COLLECTION_EXTRA
    )
    missing = _saver_parts(
        diff, DifferenceCode.NODE_MISSING, DifferenceCode.ITEM_MISSING, DifferenceCode.COLLECTION_MISSING
    )
    if extra and may_be_given(diff, "clear_extraneous_savers"):
        parts = counted(len(extra), "extra part")
        text = f"clear_extraneous_savers looks unapplied: {parts} of savers (nodes and collection items)."
        yield _with_consequences(diff, HintCode.CLEAR_EXTRANEOUS_SAVERS, text, extra)
    if missing and is_given(diff, "clear_extraneous_savers"):
        parts = counted(len(missing), "missing part")
        text = f"clear_extraneous_savers removed too much: {parts} of savers (nodes and collection items)."
        yield _with_consequences(diff, HintCode.SAVERS_OVERCLEARED, text, missing)
    elif missing:
        parts = counted(len(missing), "missing part")
        too_much = ", or removed too much" if diff.call is None else ""
        text = (
            f"clear_extraneous_savers looks applied although it was not requested{too_much}: "
            f"{parts} of savers (nodes and collection items)."
        )
        yield _with_consequences(diff, HintCode.SAVERS_CLEARED, text, missing)


def find_unlisted_collections(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if collections were exported that collection_list does not name (COL-01, COL-02)."""
    if not may_be_given(diff, "collection_list"):
        return
    extra = select(diff, DifferenceCode.COLLECTION_EXTRA)
    if diff.call is not None:
        listed = listed_collections(diff)
        twice = {f"collection_def[{key!r}]" for key in listed if listed.count(key) > 1}
        items = select(diff, DifferenceCode.ITEM_MISSING, DifferenceCode.ITEM_EXTRA)
        extra = {position: one for position, one in extra.items() if one.key not in listed}
        extra |= {position: one for position, one in items.items() if one.section in twice}
    if extra:
        text = (
            "collection_list looks unapplied: these collections were not requested: "
            f"{list_keys(extra.values())}."
        )
        yield Hint(HintCode.COLLECTION_LIST, text, frozenset(extra))


def find_missing_collections(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if collections are missing (COL-01, COL-08)."""
    missing = select(diff, DifferenceCode.COLLECTION_MISSING)
    if missing:
        reason = (
            "Either collection_list does not contain them, or one of their items could not be serialised."
            if diff.call is None
            else "One of their items could not be serialised, or they were filtered out."
        )
        text = f"Collections are missing: {list_keys(missing.values())}. {reason}"
        yield Hint(HintCode.COLLECTIONS_MISSING, text, frozenset(missing))


def _with_consequences(diff: MetaGraphDiff, code: HintCode, text: str, parts: frozenset[int]) -> Hint:
    """Return a hint about nodes that one side lacks and about what follows from them."""
    nodes = {diff.differences[position].key for position in parts}
    explained = frozenset(consequences_of_nodes(diff, nodes)) - parts
    return Hint(code, text, parts | explained, explained)


def _saver_parts(
    diff: MetaGraphDiff, node: DifferenceCode, item: DifferenceCode, collection: DifferenceCode
) -> frozenset[int]:
    """Return the positions of the differences about savers, given the codes for one direction."""
    nodes = select(diff, node, section=NODE_SECTION)
    # A saver has a scope with any name, which contains the nodes that save and restore (SAV-02).
    scopes = _outermost(
        f"{_scope(one.key)}/" for one in nodes.values() if one.subject in SAVE_AND_RESTORE_OPS
    )
    in_savers = {position for position, one in nodes.items() if _lies_in(one.key, scopes)}
    items = select(diff, item, section=_SAVERS).keys()
    # Without a node of a saver, a missing or extra collection is more likely caused by collection_list.
    collections = (
        {position for position, one in select(diff, collection).items() if one.key == "savers"}
        if in_savers
        else set()
    )
    return frozenset(in_savers | items | collections)


def _outermost(scopes: Iterable[str]) -> list[str]:
    """Return the scopes that lie in no other one, sorted."""
    kept: list[str] = []
    for scope in sorted(scopes):
        if not kept or not scope.startswith(kept[-1]):
            kept.append(scope)
    return kept


def _lies_in(name: str, scopes: Sequence[str]) -> bool:
    """Return whether a name lies in one of some outermost scopes: only the last one before it is possible."""
    at = bisect.bisect_right(scopes, name)
    return at > 0 and name.startswith(scopes[at - 1])


def _scope(name: str) -> str:
    return name.rpartition("/")[0]


def find_ignored_graph_def(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if the graph was exported in the place of the given graph_def (PATH-03, PATH-04).

    Nodes that it does not have show this, or several kinds of difference of which added shapes are one.
    """
    if (given := given_message(diff, "graph_def", "GraphDef")) is None:
        return
    graph = VIEWS["GraphDef"].FromString(given.SerializeToString())
    names = {VIEWS["NodeDef"].FromString(node).name for node in graph.node}
    extra = select(diff, DifferenceCode.NODE_EXTRA, section=NODE_SECTION)
    foreign = {position: one for position, one in extra.items() if one.key not in names}
    in_graph = {
        position: one for position, one in enumerate(diff.differences) if one.section.startswith("graph_def")
    }
    kinds = {(one.code, one.field) for one in in_graph.values()}
    if not foreign and not (len(kinds) > 1 and (DifferenceCode.ATTR_EXTRA, _SHAPES) in kinds):
        return
    missing = select(diff, DifferenceCode.NODE_MISSING, section=NODE_SECTION)
    nodes = {*foreign, *missing} or {*in_graph}
    keys = {diff.differences[position].key for position in (*foreign, *missing)}
    explained = (consequences_of_nodes(diff, keys) | {*in_graph}) - nodes
    what = f": {counted(len(foreign), 'node')} that it does not have were exported" if foreign else ""
    text = f"graph_def looks ignored, and the nodes of the graph exported{what}."
    yield Hint(HintCode.GRAPH_DEF_IGNORED, text, frozenset(nodes | explained), frozenset(explained))


def find_saver_def(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if the saver_def is not the given one (SAV-01, NODE-07)."""
    covered = frozenset(
        position
        for position, one in enumerate(diff.differences)
        if one.section == "saver_def" or (not one.section and one.field == "saver_def")
    )
    if not covered:
        return
    if is_given(diff, "saver_def"):
        text = "saver_def looks ignored or changed: the result states it as it was given."
        yield Hint(HintCode.SAVER_DEF_IGNORED, text, covered)
    elif may_be_absent(diff, "saver_def") and diff.call is not None:
        text = "saver_def was filled in although it was not given: the result then has none."
        yield Hint(HintCode.SAVER_DEF_ADDED, text, covered)


def find_ignored_meta_info(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if fields of the given meta_info_def are missing (META-02)."""
    if not is_given(diff, "meta_info_def"):
        return
    lost = frozenset(
        position
        for position, one in enumerate(diff.differences)
        if one.section.startswith("meta_info_def")
        and not one.section.startswith("meta_info_def.stripped_op_list")
        and one.field != "stripped_default_attrs"
        and (one.code in _ONE_SIDED or one.actual in {None, "", "''"})
    )
    if lost:
        fields = {diff.differences[position].field or diff.differences[position].section for position in lost}
        text = f"meta_info_def looks ignored: the result lacks {', '.join(sorted(fields))} of the given one."
        yield Hint(HintCode.META_INFO_IGNORED, text, lost)
