"""Quirks of TensorFlow, which no exporter is tested for: calls that crash it, or that no rule covers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_metagraph.fuzzing.example import Example
from reference_impl.contracts import Contract
from reference_impl.schema import GraphDef, NodeDef
from reference_impl.schema.recorded import SAVE_AND_RESTORE_OPS

NEW_SAVER = "SAV-06: TensorFlow builds a new Saver in the live graph"
FRAME_NAME = "FRM-02: a frame_name outside the scope crashes TensorFlow"
ODD_CLASS = "CLS-03: an entry of _class without @, or not in UTF-8, crashes TensorFlow under a scope"
CALL_WITHOUT_FUNCTION = "OPS-05: TensorFlow adds an empty attribute f to a call without one"
SAVER_WITHOUT_SCOPE = (
    "SAV-04: the documentation does not say which nodes belong to a saver without its own scope"
)
EAGER_SAVERS = "SAV-09: eager TensorFlow cannot look up variables among removed nodes"

_SAVER_OPS = SAVE_AND_RESTORE_OPS | {
    "Assign", "AssignVariableOp", "Const", "DisableCopyOnRead", "Identity", "MergeV2Checkpoints", "NoOp",
    "Pack", "Placeholder", "PlaceholderWithDefault", "ReadVariableOp", "SaveSlices", "Select",
    "ShardedFilename", "StaticRegexFullMatch", "StringJoin",
}  # fmt: skip
"""The ops of the nodes that tf.train.Saver makes, and Placeholder, which a smaller example has for others."""

_CRASHES: Mapping[tuple[str, str], str] = {
    ("UnboundLocalError", "new_s"): FRAME_NAME,
    ("TypeError", "expected bytes, list found"): FRAME_NAME,
    ("IndexError", ""): ODD_CLASS,
    ("UnicodeDecodeError", ""): ODD_CLASS,
    ("AttributeError", "no attribute 'save_tensor_name'"): "CALL-08: a falsy saver_def is not always none",
    (
        "InvalidArgumentError",
        "duplicate function",
    ): "EAG-03: eager TensorFlow keeps functions of other graphs",
    ("TypeError", "unhashable"): EAGER_SAVERS,
    ("RuntimeError", "`var_list` must specify"): "SAV-09: eager TensorFlow cannot build a Saver to export",
    ("error", "invalid group reference"): "DBG-05: debug info under a scope like 0/a crashes TensorFlow",
}
"""The reason why a call is not tested, by the class of TensorFlow's error and a part of its text."""


def crash_reason(error: str, text: str) -> str:
    """Return why a call that TensorFlow answers with an error is not tested; empty if it is tested.

    Args:
        error: the name of the error's class.
        text: the text of the error.
    """
    return next(
        (reason for (name, part), reason in _CRASHES.items() if error == name and part in text),
        "",
    )


def builds_saver(arguments: Mapping[str, Any], exported_keys: Collection[Any]) -> bool:
    """Return whether TensorFlow builds a Saver in the graph during a call (SAV-06).

    Args:
        arguments: the arguments of the call.
        exported_keys: the keys of the collections that the call exports.
    """
    clears = bool(arguments.get("clear_extraneous_savers")) and not arguments.get("saver_def")
    return clears and "savers" in exported_keys


def reason_not_asked(example: Example) -> str:
    """Return why an export is not tested, as far as its arguments and graph show; empty if it is tested.

    An export is not tested if that holds for one of its earlier calls, either.

    Args:
        example: the export.
    """
    calls = [example.arguments, *(call.arguments for call in example.earlier)]
    return next((reason for call in calls for reason in _reasons(replace(example, arguments=call))), "")


def _reasons(example: Example) -> Iterator[str]:
    """Yield the reasons why the last call of an example is not tested."""
    arguments = example.arguments
    is_tensorflow = example.contract is Contract.TENSORFLOW
    keys = arguments.get("collection_list", example.graph.collection_def.keys())
    if is_tensorflow and builds_saver(arguments, keys):
        yield NEW_SAVER
    if arguments.get("clear_extraneous_savers"):
        if example.eager:
            yield EAGER_SAVERS
        if not is_tensorflow and _has_saver_without_scope(example):
            yield SAVER_WITHOUT_SCOPE
    if any(map(_calls_no_function, _nodes_and_bodies(example))):
        yield CALL_WITHOUT_FUNCTION
    if scope := arguments.get("export_scope", ""):
        nodes = [node for node in _exported_nodes(example) if node.name.startswith(scope.removesuffix("/"))]
        if is_tensorflow and any(_has_frame_outside(node, scope) for node in nodes):
            yield FRAME_NAME
        if any(map(_has_odd_class, nodes)):
            yield ODD_CLASS


def _exported_nodes(example: Example) -> Iterable[NodeDef]:
    return _exported_graph_def(example).node


def _exported_graph_def(example: Example) -> GraphDef:
    given: GraphDef | None = example.arguments.get("graph_def")
    return example.graph.graph_def if given is None else given


def _nodes_and_bodies(example: Example) -> Iterator[NodeDef]:
    exported = _exported_graph_def(example)
    yield from exported.node
    for function in exported.library.function:
        yield from function.node_def


def _calls_no_function(node: NodeDef) -> bool:
    return node.op in {"PartitionedCall", "StatefulPartitionedCall"} and "f" not in node.attr


def _has_saver_without_scope(example: Example) -> bool:
    """Return whether a saver is in the root scope, or in a scope with another saver or with other nodes."""
    nodes = list(_exported_nodes(example))
    scopes = {node.name.rpartition("/")[0] for node in nodes if node.op in SAVE_AND_RESTORE_OPS}
    if "" in scopes:
        return True
    below = [node for node in nodes if any(node.name.startswith(f"{scope}/") for scope in scopes)]
    return any(node.op not in _SAVER_OPS or node.name in scopes for node in below) or any(
        scope.startswith(f"{other}/") for scope in scopes for other in scopes
    )


def _has_frame_outside(node: NodeDef, scope: str) -> bool:
    is_enter = node.op in {"Enter", "RefEnter"} and "frame_name" in node.attr
    return is_enter and not node.attr["frame_name"].s.startswith(scope.encode())


def _has_odd_class(node: NodeDef) -> bool:
    return "_class" in node.attr and any(map(_is_odd, node.attr["_class"].list.s))


def _is_odd(entry: bytes) -> bool:
    try:
        return "@" not in entry.decode()
    except UnicodeDecodeError:
        return True
