"""Build the messages with which the differ is measured."""

from __future__ import annotations

from collections.abc import Callable

from reference_impl.schema import MetaGraphDef

_CONST_EVERY = 8
_CONST_BYTES = 1_000


def graph(nodes: int) -> MetaGraphDef:
    """Return a graph like an export of a large model, with about 1.2 KB per node.

    Every eighth node is a constant of 1 KB; the others have 14 attributes and four outputs.
    """
    message = MetaGraphDef()
    message.graph_def.versions.producer = 2474
    add = message.graph_def.node.add
    names: list[str] = []
    for number in range(nodes):
        name = f"tower_{number % 8}/encoder/layer_{number // 100}/attention/self/projection_{number}"
        node = add(name=name, device=f"/job:worker/replica:0/task:{number % 16}/device:GPU:{number % 8}")
        names.append(name)
        if number % _CONST_EVERY == 0:
            node.op = "Const"
            node.attr["dtype"].type = 1
            tensor = node.attr["value"].tensor
            tensor.dtype = 1
            tensor.tensor_shape.dim.add(size=_CONST_BYTES // 4)
            tensor.tensor_content = number.to_bytes(4, "little") * (_CONST_BYTES // 4)
            continue
        node.op = "MatMul"
        sources = names[-2], names[number - number % _CONST_EVERY]
        node.input.extend(sources)
        node.attr["T"].type = 1
        for flag in ("transpose_a", "transpose_b", "grad_a", "grad_b"):
            node.attr[flag].b = bool(number % 2)
        node.attr["_class"].list.s.extend(f"loc:@{source}".encode() for source in sources)
        for output in range(4):
            shape = node.attr["_output_shapes"].list.shape.add()
            for size in (number % 512, output, 128, -1):
                shape.dim.add(size=size)
        for index in range(7):
            node.attr[f"_annotation_{index}"].s = f"{name}/annotation_{index}".encode()
    return message


def change(message: MetaGraphDef, how_many: str) -> None:
    """Change the device of some nodes, a number or `all` of them, spread over the graph."""
    nodes = len(message.graph_def.node)
    wanted = nodes if how_many == "all" else min(int(how_many), nodes)
    for index in range(wanted):
        message.graph_def.node[index * nodes // wanted].device = "/device:TPU:0"


def equal_names(count: int, side: str) -> MetaGraphDef:
    """Return a graph whose nodes all have the same name."""
    message = MetaGraphDef()
    for _ in range(count):
        message.graph_def.node.add(name="n", op=side)
    return message


def renamed_nodes(count: int, side: str) -> MetaGraphDef:
    """Return a chain of nodes whose names depend on the side."""
    message = MetaGraphDef()
    for number in range(count):
        inputs = [f"{side}{number - 1}"] if number else []
        message.graph_def.node.add(name=f"{side}{number}", op="N", input=inputs)
    return message


def control_inputs(count: int, side: str) -> MetaGraphDef:
    """Return a node with many control inputs, whose order depends on the side."""
    names = [f"^n{number}" for number in range(count)]
    message = MetaGraphDef()
    message.graph_def.node.add(name="n", op="N", input=names if side == "A" else names[::-1])
    return message


def attributes(count: int, side: str) -> MetaGraphDef:
    """Return a node with many attributes, whose names depend on the side."""
    message = MetaGraphDef()
    node = message.graph_def.node.add(name="n", op="N")
    for number in range(count):
        node.attr[f"{side}{number}"].i = number
    return message


def functions(count: int, side: str) -> MetaGraphDef:
    """Return traced functions whose numbers depend on the side."""
    message = MetaGraphDef()
    first = 0 if side == "A" else count
    for number in range(first, first + count):
        message.graph_def.library.function.add().signature.name = f"__inference_f_{number}"
    return message


def collections(count: int, side: str) -> MetaGraphDef:
    """Return many collections, whose names depend on the side."""
    message = MetaGraphDef()
    for number in range(count):
        message.collection_def[f"{side}{number}"].int64_list.value.append(number)
    return message


def collection_items(count: int, side: str) -> MetaGraphDef:
    """Return a collection with many items, which depend on the side."""
    message = MetaGraphDef()
    message.collection_def["c"].node_list.value.extend(f"{side}{number}" for number in range(count))
    return message


def list_items(count: int, side: str) -> MetaGraphDef:
    """Return an op with many arguments, whose number depends on the side."""
    message = MetaGraphDef()
    op = message.meta_info_def.stripped_op_list.op.add(name="N")
    for number in range(count + (side == "B")):
        op.input_arg.add(name=f"{side}{number}")
    return message


DIMENSIONS: tuple[Callable[[int, str], MetaGraphDef], ...] = (
    equal_names,
    renamed_nodes,
    control_inputs,
    attributes,
    functions,
    collections,
    collection_items,
    list_items,
)
"""The dimensions that grow; each function returns side `A` or `B` of a comparison with some entries."""


def renamed_twins(count: int, side: str) -> MetaGraphDef:
    """Return nodes that only their names tell apart, which depend on the side."""
    message = MetaGraphDef()
    for number in range(count):
        message.graph_def.node.add(name=f"{side}{number}", op="N")
    return message


def renamed_consumers(count: int, side: str) -> MetaGraphDef:
    """Return a node with many consumers, half of which only their names tell apart."""
    message = MetaGraphDef()
    message.graph_def.node.add(name=side, op="Source")
    for number in range(count):
        op = "N" if number % 2 else f"N{number}"
        message.graph_def.node.add(name=f"{side}{number}", op=op, input=[side])
    return message


NAME_DIMENSIONS: tuple[Callable[[int, str], MetaGraphDef], ...] = (
    renamed_nodes,
    renamed_twins,
    renamed_consumers,
)
"""The dimensions that grow if names are ignored."""
