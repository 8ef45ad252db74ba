"""The graphs that the differ is measured on."""

from __future__ import annotations

from reference_impl.schema import MetaGraphDef

_CONST_EVERY = 8
_CONST_BYTES = 1_000


def graph(nodes: int) -> MetaGraphDef:
    """A graph of about 1.2 KB a node, as live exports of large models have: long names, shapes, colocations.

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
