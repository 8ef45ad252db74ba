"""Hints about the op list: what it covers, and what its OpDefs say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.differences import Difference, DifferenceCode
from pytest_metagraph.diff.hints.call import given_message, is_two_saves, may_be_given
from pytest_metagraph.diff.hints.consequences import OP_SECTION, ops_of_functions, ops_of_nodes, unknown_attrs
from pytest_metagraph.diff.hints.hint import Hint, HintCode, list_keys
from reference_impl.schema import registered_ops

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_LOST = frozenset({DifferenceCode.FIELD_MISSING, DifferenceCode.ITEM_MISSING, DifferenceCode.LIST_CHANGED})
_EMPTY = frozenset({None, "", "''", "[]", "False", "0"})


def find_op_list(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield hints if the op list differs (OPS-01 to OPS-04, SCOPE-13)."""
    found = {position: one for position, one in enumerate(diff.differences) if one.section == OP_SECTION}
    if not found or is_two_saves(diff):
        return
    given = given_message(diff, "meta_info_def", "MetaGraphDef.MetaInfoDef")
    if given is not None and len(given.stripped_op_list.op):
        text = (
            "The op list of the given meta_info_def was changed: a list that is not empty is kept as it is."
        )
        yield Hint(HintCode.CALLERS_OP_LIST, text, frozenset(found))
        return
    whole = {position: one for position, one in found.items() if not one.field}
    extra, missing = (
        _with_code(whole, code) for code in (DifferenceCode.ITEM_EXTRA, DifferenceCode.ITEM_MISSING)
    )
    used = ops_of_nodes(diff.actual)
    if any(one.key in used for one in missing.values()):
        text = f"The op list lacks ops that exported nodes use: {list_keys(missing.values())}."
        yield Hint(HintCode.OPS_MISSING, text, frozenset((*missing, *extra)))
    else:
        yield from _find_extra(diff, extra)
        yield from _find_missing(diff, missing)
    yield from _find_changed(
        {position: one for position, one in found.items() if one.field}, unknown_attrs(diff)
    )


def _find_extra(diff: MetaGraphDiff, extra: dict[int, Difference]) -> Iterator[Hint]:
    if not extra:
        return
    in_nodes, in_functions = ops_of_nodes(diff.actual), ops_of_functions(diff.actual)
    unregistered = {at: one for at, one in extra.items() if one.key not in registered_ops()}
    if unregistered:
        text = (
            f"The op list has entries that are no registered ops, or has one twice: "
            f"{list_keys(unregistered.values())}."
        )
        yield Hint(HintCode.OPS_UNREGISTERED, text, frozenset(unregistered))
    rest = {at: one for at, one in extra.items() if at not in unregistered and one.key not in in_nodes}
    unused = {at: one for at, one in rest.items() if one.key not in in_functions}
    is_filtered = may_be_given(diff, "export_scope") or may_be_given(diff, "clear_extraneous_savers")
    if unused and is_filtered:
        text = (
            f"The op list was made before nodes were filtered: it has {counted(len(rest), 'op')} that no "
            f"exported node uses, such as {next(iter(unused.values())).key!r}."
        )
        yield Hint(HintCode.OPS_BEFORE_FILTERING, text, frozenset(rest))
    elif rest and not unused:
        text = (
            "The op list has ops of function bodies that do not count: a body counts if a node's op is the "
            f"function, or PartitionedCall or StatefulPartitionedCall names it: {list_keys(rest.values())}."
        )
        yield Hint(HintCode.OPS_OF_UNCALLED_FUNCTIONS, text, frozenset(rest))


def _find_missing(diff: MetaGraphDiff, missing: dict[int, Difference]) -> Iterator[Hint]:
    if missing and all(one.key in ops_of_functions(diff.expected) for one in missing.values()):
        text = f"The op list lacks ops of function bodies that nodes call: {list_keys(missing.values())}."
        yield Hint(HintCode.OPS_OF_FUNCTIONS_MISSING, text, frozenset(missing))


def _find_changed(changed: dict[int, Difference], unknown: frozenset[int]) -> Iterator[Hint]:
    if not changed:
        return
    ops = counted(len({one.key for one in changed.values()}), "op")
    fields = {one.field.rpartition(".")[2].partition("[")[0] for one in changed.values()}
    if not unknown and all(one.code in _LOST or one.actual in _EMPTY for one in changed.values()):
        text = f"OpDefs are incomplete: {', '.join(sorted(fields))} missing in {ops}."
        yield Hint(HintCode.OP_DEFS_INCOMPLETE, text, frozenset(changed))
    else:
        lacking = f", and nodes lack {counted(len(unknown), 'attribute')} of newer ones" if unknown else ""
        text = (
            f"OpDefs are those of another op registry: {ops} with other definitions{lacking}. If the "
            "exporter has its own registry, hand over its op list: `op_list` of the exporter, of a worker's "
            "introduction, or of exporter.json."
        )
        yield Hint(HintCode.OP_REGISTRY, text, frozenset(changed) | unknown)


def _with_code(found: dict[int, Difference], code: DifferenceCode) -> dict[int, Difference]:
    return {position: one for position, one in found.items() if one.code is code}
