"""Reduce an export to the smallest one that still shows a difference of the same kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from google.protobuf.message import Message

from conformance_cases import Variant
from conformance_cases.model import DEFAULT_FILENAME
from pytest_metagraph.fuzzing.evaluate import DifferenceKind, Evaluation, Evaluator
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.graph_builder import OUTPUT_SHAPES
from pytest_metagraph.fuzzing.subgraphs import part_of, without_functions, without_nodes
from reference_impl.schema import AttrValue, DataType, MetaGraphDef, NodeDef, registered_ops
from reference_impl.schema.parsing import is_repeated

Reduction: TypeAlias = Callable[[Example], Iterator[Example]]
"""Yields smaller examples to try."""

DEFAULT_SECONDS = 60.0
"""The default time limit for reducing one finding."""


def reduce_finding(
    evaluation: Evaluation, kind: DifferenceKind, evaluator: Evaluator, seconds: float = DEFAULT_SECONDS
) -> Evaluation:
    """Remove everything that the difference does not need, until nothing is left to remove or the time is up.

    Args:
        evaluation: an export that shows the difference.
        kind: the kind of difference to keep.
        evaluator: evaluates the smaller exports.
        seconds: the time limit.

    Returns:
        The smallest export that was found; it shows a difference of the kind.
    """
    ends = time.monotonic() + seconds
    smallest = evaluation
    is_smaller = True
    while is_smaller and time.monotonic() < ends:
        is_smaller = False
        for reduction in REDUCTIONS:
            found = _reduced(smallest, kind, evaluator, reduction, ends)
            is_smaller |= found is not smallest
            smallest = found
    return smallest


def fewer_calls(example: Example) -> Iterator[Example]:
    """Remove or simplify one of the earlier calls."""
    for index, call in enumerate(example.earlier):
        before, after = example.earlier[:index], example.earlier[index + 1 :]
        yield replace(example, earlier=(*before, *after))
        smaller = [
            {name: value for name, value in call.arguments.items() if name != left_out}
            for left_out in call.arguments
        ]
        for arguments in (*smaller, *_simpler(call.arguments)):
            yield replace(example, earlier=(*before, replace(call, arguments=arguments), *after))


def fewer_arguments(example: Example) -> Iterator[Example]:
    """Remove one of the arguments, or one thing that makes the call special."""
    if example.variant != Variant():
        yield replace(example, variant=Variant())
    if example.variant.default_graph:
        yield replace(example, variant=replace(example.variant, default_graph=False))
    if example.variant.save_debug_info:
        yield replace(example, variant=replace(example.variant, save_debug_info=False))
    if example.variant.as_text:
        yield replace(example, variant=replace(example.variant, as_text=False))
    if example.filename != DEFAULT_FILENAME:
        yield replace(example, filename=DEFAULT_FILENAME)
    if example.eager:
        yield replace(example, eager=False)
    for name in example.arguments:
        rest = {other: value for other, value in example.arguments.items() if other != name}
        yield replace(example, arguments=rest)


def simpler_arguments(example: Example) -> Iterator[Example]:
    """Remove one field from a message, or one key from a list."""
    for arguments in _simpler(example.arguments):
        yield replace(example, arguments=arguments)


def fewer_nodes(example: Example) -> Iterator[Example]:
    """Keep small parts of the graph, then remove shorter and shorter runs of nodes."""
    for graph, changed in _graphs(example):
        names = [node.name for node in graph.graph_def.node]
        if names:
            yield changed(without_nodes(graph, names))
        for name in names:
            part = part_of(graph, [name])
            if len(part.graph_def.node) < len(names):
                yield changed(part)
        size = len(names) // 2
        while size:
            for start in range(0, len(names), size):
                yield changed(without_nodes(graph, names[start : start + size]))
            size //= 2


def fewer_inputs(example: Example) -> Iterator[Example]:
    """Replace a node by a placeholder, so that the nodes that it reads can be removed."""
    for graph, changed in _graphs(example):
        for index, node in enumerate(graph.graph_def.node):
            kind = _output_type(node)
            if kind and any(not name.startswith("^") for name in node.input):
                cut = _copy(graph)
                _become_placeholder(cut.graph_def.node[index], kind)
                yield changed(cut)


def fewer_collections(example: Example) -> Iterator[Example]:
    """Remove one of the collections, or one item of one."""
    for key in sorted(example.graph.collection_def):
        smaller = _copy(example.graph)
        del smaller.collection_def[key]
        yield replace(example, graph=smaller)
    for key in sorted(example.graph.collection_def):
        kind = example.graph.collection_def[key].WhichOneof("kind")
        count = len(getattr(example.graph.collection_def[key], kind).value) if kind else 0
        for index in range(count if count > 1 else 0):
            smaller = _copy(example.graph)
            del getattr(smaller.collection_def[key], str(kind)).value[index]
            yield replace(example, graph=smaller)


def simpler_nodes(example: Example) -> Iterator[Example]:
    """Remove the device, the control inputs or the optional attributes of a node."""
    for graph, changed in _graphs(example):
        for change in (_without_device, _without_controls, _without_own_attributes, _without_debug_info):
            for index, node in enumerate(graph.graph_def.node):
                simpler = NodeDef()
                simpler.CopyFrom(node)
                change(simpler)
                if simpler != node:
                    smaller = _copy(graph)
                    smaller.graph_def.node[index].CopyFrom(simpler)
                    yield changed(smaller)


def fewer_extras(example: Example) -> Iterator[Example]:
    """Remove fields that loading ignores, functions that nothing calls, and versions of consumers."""
    loaded = MetaGraphDef.MetaInfoDef(tensorflow_version=example.graph.meta_info_def.tensorflow_version)
    if example.graph.meta_info_def != loaded:
        smaller = _copy(example.graph)
        smaller.meta_info_def.CopyFrom(loaded)
        yield replace(example, graph=smaller)
    for graph, changed in _graphs(example):
        if graph.graph_def.HasField("library"):
            yield changed(without_functions(graph))
        for field in ("min_consumer", "bad_consumers"):
            if getattr(graph.graph_def.versions, field):
                smaller = _copy(graph)
                smaller.graph_def.versions.ClearField(field)
                yield changed(smaller)


REDUCTIONS: tuple[Reduction, ...] = (
    fewer_calls,
    fewer_arguments,
    fewer_nodes,
    fewer_collections,
    fewer_extras,
    fewer_inputs,
    simpler_nodes,
    simpler_arguments,
)
"""All reductions, in the order in which they are tried."""


def _reduced(
    evaluation: Evaluation, kind: DifferenceKind, evaluator: Evaluator, reduction: Reduction, ends: float
) -> Evaluation:
    """Apply a reduction for as long as it helps."""
    smallest, tried = evaluation, set[bytes]()
    candidates: Iterator[Example] = reduction(smallest.example)
    while time.monotonic() < ends and (candidate := next(candidates, None)) is not None:
        identity = _identity(candidate)
        if identity in tried or identity == _identity(smallest.example):
            continue
        tried.add(identity)
        reduced = evaluator.evaluate(candidate)
        if kind in reduced.kinds:
            smallest = reduced
            candidates = reduction(smallest.example)
    return smallest


def _identity(example: Example) -> bytes:
    """Return bytes that differ for different examples of the same contract."""
    earlier = [(_arguments_identity(call.arguments), call.filename) for call in example.earlier]
    call = (_arguments_identity(example.arguments), example.variant.name, example.eager, example.filename)
    return example.graph.SerializeToString(deterministic=True) + repr((earlier, call)).encode()


def _arguments_identity(arguments: Mapping[str, Any]) -> list[tuple[str, object]]:
    return sorted(
        (name, value if isinstance(value, str | bool | list) else value.SerializeToString(deterministic=True))
        for name, value in arguments.items()
    )


def _graphs(example: Example) -> Iterator[tuple[MetaGraphDef, Callable[[MetaGraphDef], Example]]]:
    """Yield the graph and the argument graph_def, each with a function that replaces it in the example."""
    yield example.graph, lambda graph: replace(example, graph=graph)
    given = example.arguments.get("graph_def")
    if isinstance(given, Message):
        wrapped = MetaGraphDef()
        wrapped.graph_def.MergeFromString(given.SerializeToString())

        def changed(graph: MetaGraphDef) -> Example:
            return replace(example, arguments={**example.arguments, "graph_def": graph.graph_def})

        yield wrapped, changed


def _simpler(arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the arguments of a call with one of them simplified."""
    for name, value in arguments.items():
        if isinstance(value, list):
            smaller: Iterator[Any] = (value[:index] + value[index + 1 :] for index in range(len(value)))
        elif isinstance(value, Message) and name != "graph_def":
            smaller = _without_a_field(value)
        else:
            continue
        for one in smaller:
            yield {**arguments, name: one}


def _without_a_field(message: Message) -> Iterator[Message]:
    for field, value in message.ListFields():
        smaller = _copy(message)
        smaller.ClearField(field.name)
        yield smaller
        if is_repeated(field) and len(value) > 1:
            smaller = _copy(message)
            del getattr(smaller, field.name)[-1]
            yield smaller


def _output_type(node: NodeDef) -> str:
    """Return the type of a node's only output; empty if it has no output, several, or a reference."""
    op = registered_ops().get(node.op)
    shapes = node.attr[OUTPUT_SHAPES].list.shape if OUTPUT_SHAPES in node.attr else ()
    if op is None or len(shapes) != 1 or len(op.output_arg) != 1 or op.output_arg[0].is_ref:
        return ""
    output = op.output_arg[0]
    if output.type_list_attr:
        kinds = node.attr[output.type_list_attr].list.type
        return DataType.Name(kinds[0]) if kinds else ""
    kind = node.attr[output.type_attr].type if output.type_attr else output.type
    return DataType.Name(kind) if kind else ""


def _become_placeholder(node: NodeDef, kind: str) -> None:
    shapes = AttrValue()
    shapes.CopyFrom(node.attr[OUTPUT_SHAPES])
    node.op = "Placeholder"
    node.input[:] = [name for name in node.input if name.startswith("^")]
    node.attr.clear()
    node.attr[OUTPUT_SHAPES].CopyFrom(shapes)
    node.attr["dtype"].CopyFrom(AttrValue(type=kind))
    node.attr["shape"].shape.CopyFrom(shapes.list.shape[0])


def _without_device(node: NodeDef) -> None:
    node.device = ""


def _without_controls(node: NodeDef) -> None:
    node.input[:] = [name for name in node.input if not name.startswith("^")]


def _without_own_attributes(node: NodeDef) -> None:
    """Remove the attributes that the op does not declare, such as `_class`."""
    for name in [name for name in node.attr if name.startswith("_") and name != OUTPUT_SHAPES]:
        del node.attr[name]


def _without_debug_info(node: NodeDef) -> None:
    node.ClearField("experimental_debug_info")


def _copy(message: Any) -> Any:
    copied = type(message)()
    copied.CopyFrom(message)
    return copied
