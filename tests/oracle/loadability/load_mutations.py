"""Damage graphs, each time in one way that a rule of the importer is about."""

# ruff: noqa: D103 - the name of a mutation says what it does

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator

from reference_impl.schema import (
    REGISTERED_COLLECTIONS,
    FunctionDef,
    MetaGraphDef,
    NodeDef,
    VariableDef,
)

Mutation = Callable[[MetaGraphDef, random.Random], bool | None]
"""Changes a message in place; returns False if the message has nothing to change."""

MUTATIONS: dict[str, Mutation] = {}


def _mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__] = function
    return function


def mutated(data: bytes, name: str, seed: int) -> bytes | None:
    """Return a graph with one mutation; None if it has nothing to change.

    Args:
        data: a serialised MetaGraphDef.
        name: the mutation.
        seed: what chooses the place.
    """
    message = MetaGraphDef.FromString(data)
    rng = random.Random(seed)  # noqa: S311 - no secrets
    if MUTATIONS[name](message, rng) is False:
        return None
    return message.SerializeToString(deterministic=True)


def _nodes(message: MetaGraphDef, condition: Callable[[NodeDef], object]) -> list[NodeDef]:
    return [node for node in message.graph_def.node if condition(node)]


def _choice(
    message: MetaGraphDef, rng: random.Random, condition: Callable[[NodeDef], object]
) -> NodeDef | None:
    nodes = _nodes(message, condition)
    return rng.choice(nodes) if nodes else None


def _node_mutation(
    condition: Callable[[NodeDef], object],
) -> Callable[[Callable[[MetaGraphDef, NodeDef, random.Random], None]], Mutation]:
    """Make a mutation of one node that is chosen among those that meet a condition."""

    def decorate(change: Callable[[MetaGraphDef, NodeDef, random.Random], None]) -> Mutation:
        @_mutation
        @functools.wraps(change)
        def mutation(message: MetaGraphDef, rng: random.Random) -> bool:
            node = _choice(message, rng, condition)
            if node is None:
                return False
            change(message, node, rng)
            return True

        return mutation

    return decorate


def _any(_: NodeDef) -> bool:
    return True


def _is_data(text: str) -> bool:
    return not text.startswith("^")


def _has_output_shapes(node: NodeDef) -> bool:
    return "_output_shapes" in node.attr and len(node.attr["_output_shapes"].list.shape) > 0


def _public_attrs(node: NodeDef) -> list[str]:
    return sorted(name for name in node.attr if not name.startswith("_"))


def _data_inputs(node: NodeDef) -> list[int]:
    return [number for number, text in enumerate(node.input) if _is_data(text)]


@_mutation
def unbound_inputs(message: MetaGraphDef, _: random.Random) -> None:
    message.collection_def["unbound_inputs"].bytes_list.value.append(b"lost:0")


@_mutation
def unbound_inputs_empty(message: MetaGraphDef, _: random.Random) -> None:
    message.collection_def["unbound_inputs"].bytes_list.SetInParent()


@_mutation
def producer_negative(message: MetaGraphDef, _: random.Random) -> None:
    message.graph_def.versions.producer = -1


@_mutation
def producer_changed(message: MetaGraphDef, rng: random.Random) -> None:
    message.graph_def.versions.producer = rng.choice([0, 9, 21, 26, 100, 500, 3000])


@_mutation
def min_consumer(message: MetaGraphDef, rng: random.Random) -> None:
    message.graph_def.versions.min_consumer = rng.choice([12, 27, 100, 500, 1000, 2000, 3000])


@_mutation
def bad_consumer(message: MetaGraphDef, rng: random.Random) -> None:
    message.graph_def.versions.bad_consumers.append(rng.choice([27, 134, 440, 808, 1286, 2474]))


@_mutation
def version_text(message: MetaGraphDef, rng: random.Random) -> None:
    texts = ["", "unknown", "1.x", "v2.3", "2.0-beta", "1.15.0 nightly", "1", "..", "2.21.0-dev1", "x.1"]
    message.meta_info_def.tensorflow_version = rng.choice(texts)


@_mutation
def node_renamed(message: MetaGraphDef, rng: random.Random) -> bool:
    if not message.graph_def.node:
        return False
    rng.choice(message.graph_def.node).name = rng.choice(
        ["_x", "a b", "a>b", "", "-a", "a>", "ä", "/", ".n", "other"]
    )
    return True


@_mutation
def node_doubled(message: MetaGraphDef, rng: random.Random) -> bool:
    if not message.graph_def.node:
        return False
    message.graph_def.node.append(rng.choice(message.graph_def.node))
    return True


@_mutation
def node_removed(message: MetaGraphDef, rng: random.Random) -> bool:
    if not message.graph_def.node:
        return False
    del message.graph_def.node[rng.randrange(len(message.graph_def.node))]
    return True


@_mutation
def nodes_shuffled(message: MetaGraphDef, rng: random.Random) -> bool:
    nodes = list(message.graph_def.node)
    rng.shuffle(nodes)
    kept = [NodeDef.FromString(node.SerializeToString()) for node in nodes]
    del message.graph_def.node[:]
    message.graph_def.node.extend(kept)
    return len(kept) > 1


@_node_mutation(_any)
def op_unknown(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    node.op = rng.choice(["NoSuchOp", "", "identity", "TextNormalize>Op"])


@_mutation
def ops_unknown_shuffled(message: MetaGraphDef, rng: random.Random) -> bool:
    nodes_shuffled(message, rng)
    for number, node in enumerate(
        rng.sample(list(message.graph_def.node), min(3, len(message.graph_def.node)))
    ):
        node.op = f"NoSuchOp{number}"
    return len(message.graph_def.node) > 2


@_mutation
def op_removed(message: MetaGraphDef, rng: random.Random) -> None:
    node = message.graph_def.node.add(name="removed", op=rng.choice(["PlaceholderV2", "TensorArrayV2"]))
    if node.op == "PlaceholderV2":
        node.attr["dtype"].type = 1
        node.attr["shape"].shape.SetInParent()


@_node_mutation(_any)
def attr_unknown(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    node.attr[rng.choice(["no_such_attr", "_private"])].i = 1


@_mutation
def attr_unknown_with_default(message: MetaGraphDef, rng: random.Random) -> bool:
    listed = list(message.meta_info_def.stripped_op_list.op)
    ops = {op.name: op for op in listed}
    node = _choice(message, rng, lambda node: node.op in ops)
    if node is None:
        return False
    added = ops[node.op].attr.add(name="no_such_attr", type="int")
    added.default_value.i = 1
    node.attr["no_such_attr"].i = rng.choice([1, 1, 2])
    return True


@_node_mutation(_public_attrs)
def attr_removed(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    del node.attr[rng.choice(_public_attrs(node))]


@_node_mutation(_public_attrs)
def attr_of_wrong_type(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    value = node.attr[rng.choice(_public_attrs(node))]
    kind = value.WhichOneof("value")
    value.Clear()
    if rng.random() < 0.2:
        return
    if kind == "f":
        value.b = True
    else:
        value.f = 1.0


@_node_mutation(
    lambda node: [name for name, value in node.attr.items() if value.WhichOneof("value") == "type"]
)
def type_invalid(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    names = sorted(name for name, value in node.attr.items() if value.WhichOneof("value") == "type")
    node.attr[rng.choice(names)].type = rng.choice([0, 99, 101, 24, 29, 26, 31, 7])


@_mutation
def string_not_allowed(message: MetaGraphDef, rng: random.Random) -> None:
    for name in ("p1", "p2"):
        node = message.graph_def.node.add(name=f"allowed_{name}", op="Placeholder")
        node.attr["dtype"].type = 1
        node.attr["shape"].shape.unknown_rank = True
    node = message.graph_def.node.add(name="conv", op="Conv2D", input=["allowed_p1", "allowed_p2"])
    node.attr["T"].type = 1
    node.attr["strides"].list.i.extend([1, 1, 1, 1])
    node.attr["padding"].s = rng.choice([b"SAME", b"OTHER", b"VALID"])
    node.attr["data_format"].s = rng.choice([b"NHWC", b"NCHW", b"HWNC"])


@_mutation
def below_minimum(message: MetaGraphDef, rng: random.Random) -> None:
    node = message.graph_def.node.add(name="small", op="Pack")
    node.attr["T"].type = 1
    node.attr["N"].i = rng.choice([0, -1])


@_mutation
def many_outputs(message: MetaGraphDef, rng: random.Random) -> None:
    message.graph_def.node.add(name="axis", op="Placeholder").attr["dtype"].type = 3
    message.graph_def.node.add(name="whole", op="Placeholder").attr["dtype"].type = 1
    node = message.graph_def.node.add(name="parts", op="Split", input=["axis", "whole"])
    node.attr["T"].type = 1
    node.attr["num_split"].i = rng.choice([100_000, 1 << 31, 1 << 62])
    taken = message.graph_def.node.add(
        name="part", op="Square", input=[f"parts:{rng.choice([99_999, 100_000])}"]
    )
    taken.attr["T"].type = 1


@_node_mutation(_data_inputs)
def input_removed(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    del node.input[rng.choice(_data_inputs(node))]


@_node_mutation(_data_inputs)
def input_doubled(_message: MetaGraphDef, node: NodeDef, _rng: random.Random) -> None:
    node.input.insert(0, node.input[0])


@_node_mutation(lambda node: node.input)
def input_unknown(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    number = rng.randrange(len(node.input))
    node.input[number] = "^nowhere" if node.input[number].startswith("^") else "nowhere:0"


@_node_mutation(_data_inputs)
def input_of_other_output(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    number = rng.choice(_data_inputs(node))
    node.input[number] = f"{node.input[number].split(':')[0]}:{rng.choice([1, 7, 4294967296])}"


@_node_mutation(_data_inputs)
def input_of_other_type(message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    added = NodeDef(name="other_type", op="Placeholder")
    added.attr["dtype"].type = rng.choice([7, 10, 20])
    added.attr["shape"].shape.unknown_rank = True
    node.input[rng.choice(_data_inputs(node))] = "other_type"
    message.graph_def.node.append(added)


@_node_mutation(_data_inputs)
def control_first(message: MetaGraphDef, node: NodeDef, _rng: random.Random) -> None:
    node.input.insert(0, f"^{message.graph_def.node[0].name}")


@_node_mutation(_data_inputs)
def cycle(message: MetaGraphDef, node: NodeDef, _rng: random.Random) -> None:
    source = node.input[0].lstrip("^").split(":")[0]
    for other in message.graph_def.node:
        if other.name == source:
            other.input.append(f"^{node.name}")


@_node_mutation(_any)
def colocation_unknown(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    node.attr["_class"].list.s.append(
        rng.choice([b"loc:@nowhere", b"nowhere", b"loc:@" + node.name.encode()])
    )


@_node_mutation(_any)
def class_unusable(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    value = node.attr["_class"]
    value.Clear()
    match rng.randrange(3):
        case 0:
            value.s = b"loc:@x"
        case 1:
            value.list.i.append(3)
        case _:
            value.list.s.append(b"\xff")


@_node_mutation(_any)
def device(_message: MetaGraphDef, node: NodeDef, rng: random.Random) -> None:
    devices = [
        "/cpu:0",
        "/job:a/task:1/device:GPU:3",
        "here",
        "/cpu:x",
        "/tpu:0",
        "/epu:0",
        "/gpu:0/cpu:0",
        "/job:w/replica:*",
    ]
    node.device = rng.choice(devices)


@_node_mutation(_has_output_shapes)
def output_shapes_fewer(_message: MetaGraphDef, node: NodeDef, _rng: random.Random) -> None:
    del node.attr["_output_shapes"].list.shape[0]


@_node_mutation(_has_output_shapes)
def output_shapes_invalid(_message: MetaGraphDef, node: NodeDef, _rng: random.Random) -> None:
    node.attr["_output_shapes"].list.shape[0].dim.add(size=-3)


@_mutation
def output_shapes_contradict(message: MetaGraphDef, _: random.Random) -> None:
    node = message.graph_def.node.add(name="contradicts", op="Placeholder")
    node.attr["dtype"].type = 1
    node.attr["shape"].shape.dim.add(size=2)
    node.attr["_output_shapes"].list.shape.add().dim.add(size=3)


def _function(message: MetaGraphDef, name: str, op: str = "Identity") -> FunctionDef:
    function = message.graph_def.library.function.add()
    function.signature.name = name
    function.signature.input_arg.add(name="x", type=1)
    function.signature.output_arg.add(name="y", type=1)
    body = function.node_def.add(name="n", op=op, input=["x"])
    body.attr["T"].type = 1
    function.ret["y"] = "n:output:0"
    return function


def _call(message: MetaGraphDef, name: str, rng: random.Random) -> None:
    source = message.graph_def.node.add(name="argument", op="Placeholder")
    source.attr["dtype"].type = 1
    source.attr["shape"].shape.SetInParent()
    if rng.random() < 0.5:
        message.graph_def.node.add(name="call", op=name, input=["argument"])
        return
    node = message.graph_def.node.add(
        name="call", op=rng.choice(["PartitionedCall", "StatefulPartitionedCall"])
    )
    node.input.append("argument")
    node.attr["Tin"].list.type.append(1)
    node.attr["Tout"].list.type.append(1)
    node.attr["f"].func.name = name


@_mutation
def function_doubled(message: MetaGraphDef, rng: random.Random) -> None:
    _function(message, "added_function")
    _function(message, "added_function", rng.choice(["Identity", "Square"]))


@_mutation
def function_like_op(message: MetaGraphDef, rng: random.Random) -> None:
    _function(message, rng.choice(["NoOp", "Tanh", "Identity", "new_name"]))


@_mutation
def gradients(message: MetaGraphDef, rng: random.Random) -> None:
    for name in ("f1", "f2", "f3"):
        _function(message, name)
    names = ["f1", "f2", "f3", "f4"]
    for _ in range(rng.choice([1, 2, 3])):
        message.graph_def.library.gradient.add(
            function_name=rng.choice(names), gradient_func=rng.choice(names)
        )


@_mutation
def argument_type(message: MetaGraphDef, rng: random.Random) -> None:
    _function(message, "typed").signature.input_arg[0].type = rng.choice([0, 24, 29, 99, 101, 3])


@_mutation
def called_body(message: MetaGraphDef, rng: random.Random) -> None:
    function = _function(message, "called")
    match rng.randrange(9):
        case 0:
            function.node_def[0].op = "NoSuchOp"
        case 1:
            function.node_def[0].input[0] = "nowhere"
        case 2:
            function.ret["y"] = "n:nothing:0"
        case 3:
            function.node_def[0].attr["T"].type = 3
        case 4:
            function.ret.clear()
        case 5:
            function.node_def[0].name = "not valid"
            function.ret["y"] = "not valid:output:0"
        case 6:
            function.node_def[0].attr["no_such_attr"].i = 1
        case 7:
            function.node_def.add(name="c", op="NoOp", input=["^nowhere"])
        case _:
            pass
    _call(message, "called", rng)


@_mutation
def missing_function(message: MetaGraphDef, rng: random.Random) -> None:
    _call(message, "nowhere", rng)


@_mutation
def library_lost(message: MetaGraphDef, _: random.Random) -> bool:
    if not message.graph_def.library.function:
        return False
    message.graph_def.ClearField("library")
    return True


@_mutation
def collection_name(message: MetaGraphDef, rng: random.Random) -> None:
    names = ["nowhere", "nowhere:0", "a:b", "a:0:0", ""]
    if message.graph_def.node:
        names += [message.graph_def.node[0].name, f"{message.graph_def.node[-1].name}:9"]
    message.collection_def["added_collection"].node_list.value.append(rng.choice(names))


@_mutation
def collection_garbage(message: MetaGraphDef, rng: random.Random) -> None:
    key = rng.choice(sorted(REGISTERED_COLLECTIONS))
    message.collection_def[key].bytes_list.value.append(rng.choice([b"\xff\xff", b""]))


@_mutation
def collection_of_numbers(message: MetaGraphDef, rng: random.Random) -> None:
    key = rng.choice(["variables", "trainable_variables", "saveable_objects", "losses"])
    message.collection_def[key].Clear()
    message.collection_def[key].int64_list.value.append(1)


@_mutation
def collection_old_kind(message: MetaGraphDef, rng: random.Random) -> bool:
    keys = [
        key for key in ("variables", "trainable_variables") if message.collection_def[key].bytes_list.value
    ]
    for key in ("variables", "trainable_variables"):
        if not message.collection_def[key].WhichOneof("kind"):
            del message.collection_def[key]
    if not keys:
        return False
    key = rng.choice(keys)
    names = [
        VariableDef.FromString(item).variable_name for item in message.collection_def[key].bytes_list.value
    ]
    message.collection_def[key].node_list.value.extend(names)
    return True


@_mutation
def variable_changed(message: MetaGraphDef, rng: random.Random) -> bool:
    if "variables" not in message.collection_def or not message.collection_def["variables"].bytes_list.value:
        return False
    items = message.collection_def["variables"].bytes_list.value
    number = rng.randrange(len(items))
    variable = VariableDef.FromString(items[number])
    match rng.randrange(7):
        case 0:
            variable.variable_name = rng.choice(["nowhere:0", ""])
        case 1:
            variable.initializer_name = rng.choice(["nowhere", variable.variable_name])
        case 2:
            variable.snapshot_name = rng.choice(["nowhere:0", "", variable.variable_name])
        case 3:
            variable.initial_value_name = rng.choice(["nowhere:0", ""])
        case 4:
            variable.synchronization = 9
        case 5:
            variable.is_resource = not variable.is_resource
        case _:
            items.append(items[number])
            return True
    items[number] = variable.SerializeToString()
    return True


@_mutation
def saver_changed(message: MetaGraphDef, rng: random.Random) -> None:
    match rng.randrange(4):
        case 0:
            message.ClearField("saver_def")
        case 1:
            message.saver_def.save_tensor_name = ""
        case 2:
            message.saver_def.restore_op_name = ""
        case _:
            message.saver_def.save_tensor_name = "nowhere:0"
            message.saver_def.restore_op_name = "nowhere"


@_mutation
def wire_damage(message: MetaGraphDef, rng: random.Random) -> bool:
    """Change bytes of a node; the result is often no message at all."""
    if not message.graph_def.node:
        return False
    number = rng.randrange(len(message.graph_def.node))
    data = bytearray(message.graph_def.node[number].SerializeToString(deterministic=True))
    data[rng.randrange(len(data))] = rng.randrange(256)
    try:
        changed = NodeDef.FromString(bytes(data))
    except ValueError:
        return False
    except Exception:  # noqa: BLE001 - a protobuf DecodeError, whose base differs by version
        return False
    message.graph_def.node[number].CopyFrom(changed)
    return True


def mutations_of(data: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Return a graph with each of the mutations that it can have."""
    for number, name in enumerate(MUTATIONS):
        changed = mutated(data, name, seed * 1000 + number)
        if changed is not None:
            yield name, changed
