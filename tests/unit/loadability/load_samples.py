"""Small graphs for the rules of the importer: one that breaks each rule, and a similar one that does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reference_impl.schema import (
    AttrValue,
    CondContextDef,
    FunctionDef,
    MetaGraphDef,
    NodeDef,
    QueueRunnerDef,
    SaverDef,
    TensorShapeProto,
    VariableDef,
)

FLOAT, INT, STRING = 1, 3, 7

Build = Callable[[MetaGraphDef], object]


@dataclass(frozen=True)
class RuleCase:
    """Two graphs for a rule.

    Attributes:
        broken: builds the graph that breaks the rule.
        sound: builds a like graph that does not.
        version: a version in which both are so.
    """

    broken: Build
    sound: Build
    version: str = "1.15"


def graph(build: Build) -> MetaGraphDef:
    """Return a graph with the versions of TensorFlow 1.15 and the nodes that `build` adds."""
    message = MetaGraphDef()
    message.meta_info_def.tensorflow_version = "1.15.5"
    message.graph_def.versions.producer = 24
    build(message)
    return message


def value(**fields: Any) -> AttrValue:
    """Return the value of an attribute; a list of numbers for `types`, of dimensions for `shapes`."""
    types = fields.pop("types", None)
    shapes = fields.pop("shapes", None)
    made = AttrValue(**fields)
    if types is not None:
        made.list.type.extend(types)
    if shapes is not None:
        made.list.SetInParent()
        made.list.shape.extend(shape(*dims) for dims in shapes)
    return made


def shape(*dims: int) -> TensorShapeProto:
    """Return a shape."""
    made = TensorShapeProto()
    for size in dims:
        made.dim.add(size=size)
    return made


def node(message: Any, name: str, op: str, inputs: Sequence[str] = (), **attrs: AttrValue) -> NodeDef:
    """Add a node and return it."""
    added: NodeDef = message.graph_def.node.add(name=name, op=op, input=inputs)
    for key, one in attrs.items():
        added.attr[key].CopyFrom(one)
    return added


def placeholder(message: MetaGraphDef, name: str, dtype: int = FLOAT, **attrs: AttrValue) -> NodeDef:
    """Add a Placeholder without a shape."""
    attrs.setdefault("shape", value(shape=TensorShapeProto(unknown_rank=True)))
    return node(message, name, "Placeholder", dtype=value(type=dtype), **attrs)


def function(message: MetaGraphDef, name: str = "f", op: str = "Identity", **attrs: AttrValue) -> FunctionDef:
    """Add a function of one float with one node."""
    added = message.graph_def.library.function.add()
    added.signature.name = name
    added.signature.input_arg.add(name="x", type=FLOAT)
    added.signature.output_arg.add(name="y", type=FLOAT)
    body = added.node_def.add(name="n", op=op, input=["x"])
    for key, one in {"T": value(type=FLOAT), **attrs}.items():
        body.attr[key].CopyFrom(one)
    added.ret["y"] = "n:output:0"
    return added


def call(message: MetaGraphDef, name: str) -> None:
    """Add a node that calls a function of one float."""
    placeholder(message, "p")
    types = {"Tin": value(types=[FLOAT]), "Tout": value(types=[FLOAT])}
    made = node(message, "call", "PartitionedCall", ["p"], **types)
    made.attr["f"].func.name = name


def variable(message: MetaGraphDef, name: str, **changes: Any) -> None:
    """Add a reference variable, and its item of the collection `variables` with some fields changed."""
    node(message, name, "VariableV2", dtype=value(type=FLOAT), shape=value(shape=shape()))
    node(message, f"{name}/read", "Identity", [name], T=value(type=FLOAT))
    fields = {
        "variable_name": f"{name}:0",
        "initializer_name": f"{name}/read",
        "snapshot_name": f"{name}/read:0",
    }
    item = VariableDef(**{**fields, **changes})
    message.collection_def["variables"].bytes_list.value.append(item.SerializeToString())


def saver(message: MetaGraphDef, save: str, restore: str) -> None:
    """Set the saver_def."""
    message.saver_def.CopyFrom(SaverDef(save_tensor_name=save, restore_op_name=restore))


def _versions(**fields: Any) -> Build:
    def build(message: MetaGraphDef) -> None:
        for name, number in fields.items():
            if name == "bad_consumers":
                message.graph_def.versions.bad_consumers.append(number)
            else:
                setattr(message.graph_def.versions, name, number)

    return build


def _no_ops(*names: str) -> Build:
    return lambda message: [node(message, name, "NoOp") for name in names]


def _placeholder(**attrs: AttrValue) -> Build:
    return lambda message: node(message, "x", "Placeholder", **attrs)


def _square(*inputs: str, dtype: int = FLOAT, **attrs: AttrValue) -> Build:
    def build(message: MetaGraphDef) -> None:
        placeholder(message, "p")
        node(message, "x", "Square", inputs, T=value(type=dtype), **attrs)

    return build


def _class(**fields: Any) -> Build:
    return lambda message: node(message, "x", "NoOp", _class=value(**fields))


def _colocated(*names: bytes) -> Build:
    def build(message: MetaGraphDef) -> None:
        node(message, "x", "NoOp").attr["_class"].list.s.extend(names)

    return build


def _device(text: str) -> Build:
    def build(message: MetaGraphDef) -> None:
        node(message, "x", "NoOp").device = text

    return build


def _functions(*names_and_ops: tuple[str, str]) -> Build:
    return lambda message: [function(message, name, op) for name, op in names_and_ops]


def _gradients(*pairs: tuple[str, str], functions: Sequence[str] = ("f", "g", "h")) -> Build:
    def build(message: MetaGraphDef) -> None:
        for name in functions:
            function(message, name)
        for of, by in pairs:
            message.graph_def.library.gradient.add(function_name=of, gradient_func=by)

    return build


def _called(change: Callable[[FunctionDef], object]) -> Build:
    def build(message: MetaGraphDef) -> None:
        change(function(message))
        call(message, "f")

    return build


def _uncalled(op: str, **attrs: AttrValue) -> Build:
    return lambda message: function(message, "f", op, **attrs)


def _argument(dtype: int) -> Build:
    def build(message: MetaGraphDef) -> None:
        function(message).signature.input_arg[0].type = dtype

    return build


def _listed(key: str, kind: str, *items: Any) -> Build:
    def build(message: MetaGraphDef) -> None:
        placeholder(message, "p")
        getattr(message.collection_def[key], kind).value.extend(items)

    return build


def _variable(**changes: Any) -> Build:
    return lambda message: variable(message, "v", **changes)


def _variables(*names: str) -> Build:
    def build(message: MetaGraphDef) -> None:
        variable(message, "v")
        variable(message, "w", variable_name=names[0], snapshot_name=names[0])

    return build


def _saver(save: str, restore: str) -> Build:
    def build(message: MetaGraphDef) -> None:
        placeholder(message, "p")
        node(message, "restore", "NoOp")
        saver(message, save, restore)

    return build


def _signature(name: str) -> Build:
    def build(message: MetaGraphDef) -> None:
        placeholder(message, "p")
        message.signature_def["serving"].inputs["x"].name = name

    return build


def _version_text(text: str) -> Build:
    def build(message: MetaGraphDef) -> None:
        message.meta_info_def.tensorflow_version = text

    return build


def _cycle(op: str) -> Build:
    def build(message: MetaGraphDef) -> None:
        placeholder(message, "p")
        node(message, "enter", "Enter", ["p"], T=value(type=FLOAT), frame_name=value(s=b"frame"))
        node(message, "merge", "Merge", ["enter", "next"], T=value(type=FLOAT), N=value(i=2))
        node(message, "next", op, ["merge"], T=value(type=FLOAT))

    return build


def _conv(padding: bytes) -> Build:
    def build(message: MetaGraphDef) -> None:
        placeholder(message, "p")
        strides = AttrValue()
        strides.list.i.extend([1, 1, 1, 1])
        attrs = {"T": value(type=FLOAT), "strides": strides, "padding": value(s=padding)}
        node(message, "x", "Conv2D", ["p", "p"], **attrs)

    return build


def _pack(count: int) -> Build:
    def build(message: MetaGraphDef) -> None:
        placeholder(message, "p")
        node(message, "x", "Pack", ["p"] * max(count, 1), T=value(type=FLOAT), N=value(i=count))

    return build


def _split(count: int) -> Build:
    def build(message: MetaGraphDef) -> None:
        placeholder(message, "axis", INT)
        placeholder(message, "whole")
        split = value(i=count)
        node(message, "x", "Split", ["axis", "whole"], T=value(type=FLOAT), num_split=split)

    return build


def _removed_op(producer: int) -> Build:
    def build(message: MetaGraphDef) -> None:
        message.graph_def.versions.producer = producer
        node(message, "x", "PlaceholderV2", dtype=value(type=FLOAT), shape=value(shape=shape(2)))

    return build


def _missing_function(name: str) -> Build:
    def build(message: MetaGraphDef) -> None:
        function(message)
        call(message, name)

    return build


_CONTEXT = CondContextDef(context_name="c", pred_name="p:0", pivot_name="p:0")
_RUNNER = QueueRunnerDef(queue_name="p:0", close_op_name="p", cancel_op_name="p")


CASES: Mapping[str, RuleCase] = {
    "LOAD-02": RuleCase(
        _listed("unbound_inputs", "bytes_list", b"p:0"), _listed("unbound_inputs", "bytes_list")
    ),
    "LOAD-03": RuleCase(_versions(producer=-1), _versions(producer=0)),
    "LOAD-04": RuleCase(_versions(min_consumer=135), _versions(min_consumer=134)),
    "LOAD-05": RuleCase(_versions(bad_consumers=134), _versions(bad_consumers=133)),
    "LOAD-06": RuleCase(_no_ops("a>b"), _no_ops("a.b-c/d_1")),
    "LOAD-07": RuleCase(_no_ops("a", "a"), _no_ops("a", "A")),
    "LOAD-08": RuleCase(lambda message: node(message, "a", ""), lambda message: node(message, "a", "NoOp")),
    "LOAD-09": RuleCase(_square("^p", "p"), _square("p", "^p")),
    "LOAD-10": RuleCase(_square("q"), _square("p")),
    "LOAD-11": RuleCase(
        _functions(("f", "Identity"), ("f", "Square")), _functions(("f", "Identity"), ("f", "Identity"))
    ),
    "LOAD-12": RuleCase(_functions(("Tanh", "Identity")), _functions(("tanh", "Identity"))),
    "LOAD-13": RuleCase(_gradients(("f", "g"), ("f", "h")), _gradients(("f", "g"), ("f", "g"))),
    "LOAD-14": RuleCase(_colocated(b"loc:@y"), _colocated(b"loc:@x", b"y")),
    "LOAD-15": RuleCase(_square("p:1"), _square("p:0")),
    "LOAD-16": RuleCase(
        lambda message: node(message, "x", "noop"), lambda message: node(message, "x", "NoOp")
    ),
    "LOAD-17": RuleCase(_square("p", wrong=value(i=1)), _square("p", _wrong=value(i=1))),
    "LOAD-18": RuleCase(_placeholder(shape=value(shape=shape())), _placeholder(dtype=value(type=FLOAT))),
    "LOAD-19": RuleCase(_placeholder(dtype=value(i=1)), _placeholder(dtype=value(type=1))),
    "LOAD-20": RuleCase(_placeholder(dtype=value(type=24)), _placeholder(dtype=value(type=23))),
    "LOAD-21": RuleCase(_conv(b"FULL"), _conv(b"EXPLICIT")),
    "LOAD-22": RuleCase(_pack(0), _pack(1)),
    "LOAD-23": RuleCase(_square("p", "p"), _square("p")),
    "LOAD-24": RuleCase(_removed_op(23), _removed_op(22)),
    "LOAD-25": RuleCase(_square("p", dtype=INT), _square("p", dtype=FLOAT)),
    "LOAD-26": RuleCase(
        _square("p", _output_shapes=value(shapes=[])), _square("p", _output_shapes=value(shapes=[(), ()]))
    ),
    "LOAD-27": RuleCase(
        _placeholder(
            dtype=value(type=FLOAT), shape=value(shape=shape(2)), _output_shapes=value(shapes=[(3,)])
        ),
        _placeholder(
            dtype=value(type=FLOAT), shape=value(shape=shape(-1)), _output_shapes=value(shapes=[(3,)])
        ),
    ),
    "LOAD-28": RuleCase(_cycle("Identity"), _cycle("NextIteration")),
    "LOAD-29": RuleCase(
        _called(lambda made: made.node_def[0].input.__setitem__(0, "z")), _called(lambda made: made)
    ),
    "LOAD-30": RuleCase(_device("/tpu:0"), _device("/job:w/task:0/device:TPU:0")),
    "LOAD-31": RuleCase(_class(s=b"loc:@x"), _class(types=[])),
    "LOAD-32": RuleCase(_gradients(("f", "z")), _gradients(("f", "g"))),
    "LOAD-33": RuleCase(_argument(24), _argument(23)),
    "LOAD-34": RuleCase(_version_text("v1.15"), _version_text("1.15 by hand")),
    "LOAD-35": RuleCase(_listed("losses", "node_list", "p:1"), _listed("losses", "node_list", "p:0", "p")),
    "LOAD-36": RuleCase(
        _listed("cond_context", "bytes_list", b"\xff\xff"),
        _listed("cond_context", "bytes_list", _CONTEXT.SerializeToString()),
    ),
    "LOAD-37": RuleCase(
        _listed("queue_runners", "bytes_list", QueueRunnerDef(queue_name="q:0").SerializeToString()),
        _listed("queue_runners", "bytes_list", _RUNNER.SerializeToString()),
    ),
    "LOAD-38": RuleCase(_variable(synchronization=4), _variable(synchronization=3)),
    "LOAD-39": RuleCase(_variables("v/read:0"), _variables("w:0")),
    "LOAD-40": RuleCase(_variables("v:0"), _variables("w:0")),
    "LOAD-41": RuleCase(_saver("p:0", ""), _saver("p:0", "restore")),
    "LOAD-42": RuleCase(_saver("q:0", "restore"), _saver("p:0", "restore")),
    "LOAD-43": RuleCase(_missing_function("g"), _missing_function("f")),
    "LOAD-44": RuleCase(_uncalled("Identity", wrong=value(i=1)), _uncalled("Identity", _wrong=value(i=1))),
    "LOAD-45": RuleCase(_signature("q:0"), _signature("p:0")),
    "LOAD-46": RuleCase(_split(1 << 31), _split((1 << 20) + 1)),
}
"""The graphs for each rule except LOAD-01, whose graph has 2 GB."""
