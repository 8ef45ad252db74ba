"""Hints about the messages that a call gives: graph_def, saver_def and meta_info_def."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.differences import NODE_SECTION, DifferenceCode
from pytest_metagraph.diff.hints.call import given_message, is_given, may_be_absent
from pytest_metagraph.diff.hints.consequences import consequences_of_nodes
from pytest_metagraph.diff.hints.hint import Hint, HintCode, select

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_SHAPES = "attr['_output_shapes']"
_ONE_SIDED = frozenset(
    {DifferenceCode.FIELD_MISSING, DifferenceCode.ITEM_MISSING, DifferenceCode.LIST_CHANGED}
)


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
