"""Hints about whole parts of a message: shapes, the function library, versions, unknown fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.differences import NODE_SECTION, Difference, DifferenceCode
from pytest_metagraph.diff.generated_names import SAVING_FUNCTIONS
from pytest_metagraph.diff.hints.call import given_message, is_given, is_two_saves, may_be_given
from pytest_metagraph.diff.hints.consequences import OP_SECTION, ops_of_functions, ops_of_nodes, unknown_attrs
from pytest_metagraph.diff.hints.hint import Hint, HintCode, list_keys, list_names, select
from reference_impl.schema import provenance, registered_ops

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_SHAPES = "attr['_output_shapes']"
_LIBRARY = "graph_def.library"
_VERSIONS = "graph_def.versions"
_FUNCTION_SPEC = "function_spec"
_LOST = frozenset({DifferenceCode.FIELD_MISSING, DifferenceCode.ITEM_MISSING, DifferenceCode.LIST_CHANGED})
_EMPTY = frozenset({None, "", "''", "[]", "False", "0"})


def find_empty_message(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if the actual message is empty."""
    if diff.differences and not diff.actual.view.ByteSize():
        text = "The message is empty: it has no field at all."
        yield Hint(HintCode.EMPTY_MESSAGE, text, frozenset(range(len(diff.differences))))


def find_lost_attrs(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if nodes lack attributes (PATH-05)."""
    unknown = unknown_attrs(diff)  # an op registry without them explains these
    missing = select(diff, DifferenceCode.ATTR_MISSING, section=NODE_SECTION)
    lost = {position: one for position, one in missing.items() if position not in unknown}
    if lost:
        names = sorted({one.field.split("'")[1] for one in lost.values()})
        text = f"Attributes were lost: {list_names(names)} ({counted(len(lost), 'node')})."
        yield Hint(HintCode.ATTRS_LOST, text, frozenset(lost))


def find_shapes(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if shapes of nodes are missing, added or other ones (NODE-02, PATH-03)."""
    missing = _shapes(diff, DifferenceCode.ATTR_MISSING)
    if missing and not any(b"_output_shapes" in node for node in diff.actual.nodes):
        nodes = counted(len(missing), "node")
        text = f"Shapes were not added: `_output_shapes` is missing everywhere ({nodes})."
        yield Hint(HintCode.SHAPES_NOT_ADDED, text, missing)
    added = _shapes(diff, DifferenceCode.ATTR_EXTRA)
    if added and is_given(diff, "graph_def"):
        nodes = counted(len(added), "node")
        text = f"Shapes were added to a given graph_def, which is exported as it is: {nodes}."
        yield Hint(HintCode.SHAPES_ADDED, text, added)
    changed = frozenset(
        position
        for position, one in enumerate(diff.differences)
        if one.section == NODE_SECTION and one.code is DifferenceCode.SHAPES_CHANGED
    )
    if changed:
        first = diff.differences[min(changed)]
        text = (
            f"Shapes differ on {counted(len(changed), 'node')}, such as {first.actual} instead of "
            f"{first.expected} on {first.key!r}."
        )
        yield Hint(HintCode.SHAPES_DIFFER, text, changed)


def find_functions(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield hints if functions, gradients or details of functions are missing (LIB-01, LIB-03, LIB-04)."""
    missing = select(diff, DifferenceCode.FUNCTION_MISSING)
    gradients = select(diff, DifferenceCode.ITEM_MISSING, section=f"{_LIBRARY}.gradient")
    if missing:
        names = {one.key for one in missing.values()}
        follows = {at for at, one in gradients.items() if any(name in (one.expected or "") for name in names)}
        text = f"Functions are missing from the library: {list_keys(missing.values())}."
        yield Hint(HintCode.FUNCTIONS_MISSING, text, frozenset({*missing, *follows}), frozenset(follows))
    if gradients:
        text = f"Gradients of functions are missing from the library: {list_keys(gradients.values())}."
        yield Hint(HintCode.GRADIENTS_MISSING, text, frozenset(gradients))
    codes = (DifferenceCode.ATTR_MISSING, DifferenceCode.ITEM_MISSING, DifferenceCode.LIST_CHANGED)
    lost = {
        position: one
        for position, one in select(diff, *codes).items()
        if one.section == f"{_LIBRARY}.function" or (one.section == _LIBRARY and one.key)
    }
    if lost:
        fields = sorted({one.field.rpartition("].")[2] for one in lost.values() if one.field})
        text = f"Details of functions were lost: {list_names(fields)} ({counted(len(lost), 'place')})."
        yield Hint(HintCode.FUNCTION_DETAILS_LOST, text, frozenset(lost))


def find_versions(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if the versions of the graph are unset or incomplete (NODE-04)."""
    found = {position: one for position, one in enumerate(diff.differences) if one.section == _VERSIONS}
    unset = {
        position
        for position, one in found.items()
        if one.code is DifferenceCode.VERSION_UNSET and one.field == "producer" and one.actual == "0"
    }
    if unset:
        text = "Versions were not exported: graph_def.versions.producer is 0."
        yield Hint(HintCode.VERSIONS_NOT_EXPORTED, text, frozenset(found))
    elif found:
        fields = sorted({one.field for one in found.values() if one.field})
        what = f"{list_names(fields)} of it differ" if fields else "it is set on one side only"
        text = f"Versions are incomplete in graph_def.versions: {what}."
        yield Hint(HintCode.VERSIONS_INCOMPLETE, text, frozenset(found))


def find_unknown_fields(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if either side has fields that are not in the schema."""
    unknown = frozenset(select(diff, DifferenceCode.UNKNOWN_FIELD))
    if unknown:
        text = (
            f"{counted(len(unknown), 'field')} unknown to the schema of TensorFlow "
            f"{provenance().tensorflow}; the message may come from a newer version. "
            "Set ignore_unknown_fields to ignore such fields."
        )
        yield Hint(HintCode.OLDER_SCHEMA, text, unknown)


def find_other_tensorflow(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if two SavedModels were written by two versions of TensorFlow, and it shows."""
    if not is_two_saves(diff):
        return
    old, new = (side.view.meta_info_def.tensorflow_version for side in (diff.expected, diff.actual))
    typical = frozenset(
        position
        for position, one in enumerate(diff.differences)
        if one.section == OP_SECTION or one.key.startswith(SAVING_FUNCTIONS) or _FUNCTION_SPEC in one.field
    )
    if old and new and old != new and typical:
        text = (
            f"The models were saved by TensorFlow {old} and {new}. Another version traces other functions, "
            "describes them in another way and has other OpDefs. To see what else changed, save both models "
            "with the same version."
        )
        yield Hint(HintCode.OTHER_TENSORFLOW, text, typical)


def _shapes(diff: MetaGraphDiff, code: DifferenceCode) -> frozenset[int]:
    found = select(diff, code, section=NODE_SECTION)
    return frozenset(position for position, one in found.items() if one.field == _SHAPES)


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
            f"The op list has entries that are not registered ops, or has one twice: "
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
