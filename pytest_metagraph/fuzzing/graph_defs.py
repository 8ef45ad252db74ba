"""Variations of a graph's GraphDef, and name scopes, for random exports."""

from __future__ import annotations

import random
from collections.abc import Callable

from google.protobuf.message import Message

from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, NodeDef

SCOPE_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("", "tower_1", "tower_10", "tower_1/inner", "tower"),
    ("s", "sp", "s/p", "s1", "s/p/q/r"),
    ("", "a.b", "aXb", "a.b/c", "a-b"),
    ("m.1", "m-1", "m.1/v", "gradients", "save"),
    ("model/layer_1", "model/layer_1_1", "model/layer_2", "mod", "model"),
    ("A", "a", "A/a", "a/A", "0"),
)
"""Families of scopes that nest, are prefixes of each other, or have a meaning as a regular expression."""

ODD_SCOPES = ("a.b", "(", "t(1)", "(s)", "[a", "[a]", "\u4e16\u754c", "s|m", "a b", "x+", "$", ".*", "^", "*")
"""Scopes that mean something else as a regular expression, or are invalid, there or in a tf.Graph."""


def scopes_of(message: MetaGraphDef) -> list[str]:
    """Return the full names of all name scopes of a graph, sorted."""
    scopes: set[str] = set()
    for node in message.graph_def.node:
        parts = node.name.split("/")
        scopes.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    return sorted(scopes)


Variation = Callable[[GraphDef, random.Random], GraphDef]
"""Returns a variation of a GraphDef, which it may change."""

_ONE_IN_THREE = (True, False, False)


def unchanged(graph_def: GraphDef, rng: random.Random) -> GraphDef:
    """Return the graph's own GraphDef, with shapes."""
    del rng
    return graph_def


def without_shapes(graph_def: GraphDef, rng: random.Random) -> GraphDef:
    """Return the graph's own GraphDef as `as_graph_def()` returns it, without shapes."""
    del rng
    for node in graph_def.node:
        node.attr.pop("_output_shapes", None)
    return graph_def


def part(graph_def: GraphDef, rng: random.Random) -> GraphDef:
    """Return some of the nodes, in order; inputs may be missing, library and versions may be unset."""
    share = rng.random()
    kept = [node for node in graph_def.node if rng.random() < share]
    result = GraphDef(node=kept)
    if rng.choice((True, False)):
        result.library.CopyFrom(graph_def.library)
        result.versions.CopyFrom(graph_def.versions)
    return result


def shuffled(graph_def: GraphDef, rng: random.Random) -> GraphDef:
    """Return all nodes in random order, with the deprecated version field and an unknown field."""
    nodes: list[NodeDef] = list(graph_def.node)
    rng.shuffle(nodes)
    result = GraphDef(node=nodes, versions=graph_def.versions, library=graph_def.library, version=7)
    result.debug_info.files.append("a.py")
    _add_unknown_field(result)
    return result


def with_odd_nodes(graph_def: GraphDef, rng: random.Random) -> GraphDef:
    """Add nodes with an unregistered op, odd `_class` values, irregular inputs, or unset attributes."""
    anchor = rng.choice(graph_def.node).name if graph_def.node else "anchor"
    scope = anchor.rpartition("/")[0]
    prefix = f"{scope}/" if scope else ""
    unregistered = graph_def.node.add(name=f"{prefix}odd", op="NoSuchOp", device="/nowhere")
    unregistered.input.extend([f"{anchor}:0", f"^{anchor}", f"^{anchor}", anchor])
    unregistered.attr["T"].CopyFrom(AttrValue(type="DT_FLOAT"))
    _add_unknown_field(unregistered)
    call = graph_def.node.add(
        name=f"{prefix}call", op=rng.choice(["PartitionedCall", "StatefulPartitionedCall"])
    )
    if rng.choice((True, False)) and graph_def.library.function:
        call.attr["f"].func.name = rng.choice(graph_def.library.function).signature.name
    colocated = graph_def.node.add(name=f"{prefix}colocated", op="Const")
    colocated.attr["_class"].list.s.extend(
        [f"loc:@{anchor}".encode(), b"loc:@elsewhere", b"grp@" + anchor.encode()]
    )
    if rng.choice(_ONE_IN_THREE):
        colocated.attr["_class"].list.s.append(rng.choice([b"no at sign", b"loc:@\xff"]))
    colocated.attr["value"].SetInParent()
    single = graph_def.node.add(name=f"{prefix}single", op="Const")
    single.attr["_class"].s = f"loc:@{anchor}".encode()
    single.experimental_debug_info.original_node_names.append("was")
    return graph_def


def with_default_values(graph_def: GraphDef, rng: random.Random) -> GraphDef:
    """Add nodes whose attributes equal their defaults in meaning, or only nearly (STRIP-03, STRIP-04)."""
    del rng
    product = graph_def.node.add(name="near/matmul", op="MatMul")
    product.attr["transpose_a"].b = False
    product.attr["transpose_b"].i = 0
    product.attr["grad_a"].SetInParent()
    softplus = graph_def.node.add(name="near/relu", op="LeakyRelu")
    softplus.attr["alpha"].f = 0.2
    softplus.attr["T"].CopyFrom(AttrValue(type="DT_FLOAT"))
    zero = graph_def.node.add(name="near/random", op="ParameterizedTruncatedNormal")
    zero.attr["seed"].i = 0
    convolution = graph_def.node.add(name="near/conv", op="Conv2D")
    convolution.attr["explicit_paddings"].list.SetInParent()
    convolution.attr["dilations"].list.i.extend([1, 1, 1, 1])
    convolution.attr["data_format"].s = b"NHWC"
    convolution.attr["use_cudnn_on_gpu"].b = False
    return graph_def


def renamed(graph_def: GraphDef, rng: random.Random) -> GraphDef:
    """Move nodes into a scope that no tf.Graph accepts, such as a regular expression."""
    scope = rng.choice(ODD_SCOPES)
    result = GraphDef(versions=graph_def.versions, library=graph_def.library)
    for index, node in enumerate(graph_def.node):
        copy = result.node.add()
        copy.CopyFrom(node)
        if index % 2:
            copy.name = f"{scope}/{node.name}"
        copy.input[:] = [f"{scope}/{name}" if rng.choice(_ONE_IN_THREE) else name for name in node.input]
    return result


def empty(graph_def: GraphDef, rng: random.Random) -> GraphDef:
    """Return an empty message, which is truthy and therefore counts as given (CALL-05)."""
    del graph_def, rng
    return GraphDef()


def _add_unknown_field(message: Message) -> None:
    """Add field 127, which neither GraphDef nor NodeDef has."""
    message.MergeFromString(bytes([0xF8, 0x07, 1]))


GRAPH_DEF_VARIATIONS: tuple[Variation, ...] = (
    unchanged,
    unchanged,
    without_shapes,
    part,
    shuffled,
    with_odd_nodes,
    with_odd_nodes,
    with_default_values,
    renamed,
    empty,
)
"""All variations; the more useful ones are repeated."""
