"""The building blocks of random graphs: each adds a few nodes in one scope.

Blocks produce float vectors of one length, so that any block can read the output of any other, in its own
scope or in another one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from hypothesis import strategies as st

from pytest_metagraph.fuzzing.graph_builder import FLOAT, GraphBuilder, Shape, shape_attr, tensor, types
from reference_impl.schema import AttrValue, QueueRunnerDef, VariableDef

WIDTH = 2
"""The length of the vectors that blocks produce."""

DEVICES = ("", "", "", "/device:CPU:0", "/device:GPU:1", "/job:ps/replica:0/task:0/device:CPU:0")
"""Devices as TensorFlow spells them; no device is the most frequent."""

SOME_BYTES = (b"", b"plain", b"\x00\xff\xfe", "h\u00e9llo \u4e16".encode(), b"\xed\xa0\x80", b"a\nb\"'\\")
"""Byte strings: empty, with NUL, not UTF-8, an encoded surrogate, quotes."""

_FLOATS = (0.0, -0.0, 1.0, 1.5, math.inf)
_VARIABLE_KEYS = (
    ("variables", "trainable_variables"),
    ("variables",),
    ("local_variables",),
    ("variables", "model_variables"),
    ("variables", "moving_average_variables"),
)
T = TypeVar("T")


@dataclass(frozen=True)
class Variable:
    """A variable that a saver can save.

    Attributes:
        name: the name of its node.
        reader: the name of the tensor with its value.
        is_resource: whether the node is a handle instead of the value.
    """

    name: str
    reader: str
    is_resource: bool


@dataclass
class BlockContext:
    """The state that the blocks of one graph share.

    Attributes:
        draw: draws a value from a hypothesis strategy.
        scopes: the scopes of the graph; the empty one is the root.
        builder: the graph so far.
        vectors: the tensors that later blocks may read.
        variables: the variables so far.
    """

    draw: st.DrawFn
    scopes: Sequence[str]
    builder: GraphBuilder = field(default_factory=GraphBuilder)
    vectors: list[str] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)

    def path(self, stem: str, scope: str | None = None) -> str:
        """Return a name in a scope, or in any scope of the graph if none is given."""
        place = self.one_of(self.scopes) if scope is None else scope
        return f"{place}/{stem}" if place else stem

    def one_of(self, values: Sequence[T]) -> T:
        """Draw one of the values."""
        return self.draw(st.sampled_from(values))

    def maybe(self) -> bool:
        """Draw True or False."""
        return self.draw(st.booleans())

    def device(self) -> str:
        """Draw a device, or none."""
        return self.one_of(DEVICES)

    def vector(self) -> str:
        """Draw one of the tensors so far, or add a constant if there is none."""
        if self.vectors:
            return self.one_of(self.vectors)
        values = self.draw(st.lists(st.sampled_from(_FLOATS), min_size=WIDTH, max_size=WIDTH))
        value = tensor("DT_FLOAT", [WIDTH], float_val=values)
        self.vectors.append(self.builder.constant(self.path("c"), value, device=self.device()))
        return self.vectors[-1]

    def controls(self) -> list[str]:
        """Draw up to two nodes for a node to wait for."""
        if not self.vectors:
            return []
        some = self.draw(st.lists(st.sampled_from(self.vectors), max_size=2))
        return [name.partition(":")[0] for name in some]


Block: TypeAlias = Callable[[BlockContext], None]


def constants(context: BlockContext) -> None:
    """Add a vector, or a tensor of byte strings."""
    if context.maybe():
        values = context.draw(st.lists(st.sampled_from(_FLOATS), min_size=WIDTH, max_size=WIDTH))
        value = tensor("DT_FLOAT", [WIDTH], float_val=values)
        context.vectors.append(context.builder.constant(context.path("c"), value, device=context.device()))
    else:
        texts = context.draw(st.lists(st.sampled_from(SOME_BYTES), min_size=1, max_size=2))
        context.builder.constant(context.path("text"), tensor("DT_STRING", [len(texts)], string_val=texts))


def arithmetic(context: BlockContext) -> None:
    """Add an everyday op, perhaps on a device, after other nodes, or colocated with one of its inputs."""
    left, right = context.vector(), context.vector()
    anchors = [left.partition(":")[0]] if context.draw(st.integers(0, 3)) == 0 else []
    op = context.one_of(["AddV2", "Mul", "Maximum"])
    context.vectors.append(
        context.builder.add(
            op,
            context.path(op.lower()),
            inputs=[left, right],
            controls=context.controls() if context.maybe() else (),
            shapes=[[WIDTH]],
            device=context.device(),
            anchors=anchors,
            T=FLOAT,
        )
    )


def defaults(context: BlockContext) -> None:
    """Add ops whose attributes have their default values, or nearly so (STRIP-01, STRIP-04)."""
    alpha = AttrValue(f=context.one_of([0.2, 0.2, 0.0, 0.25]))  # the default is 0.2
    leaky = context.builder.add(
        "LeakyRelu", context.path("leaky"), inputs=[context.vector()], shapes=[[WIDTH]], T=FLOAT, alpha=alpha
    )
    context.vectors.append(leaky)
    if context.maybe():
        scope = context.one_of(context.scopes)
        square = tensor("DT_FLOAT", [WIDTH, WIDTH], float_val=[1.0, 0.0, 0.0, 1.0])
        sides = [context.builder.constant(context.path("square", scope), square) for _ in range(2)]
        transposes = AttrValue(b=context.maybe())
        context.builder.add(
            "MatMul",
            context.path("matmul", scope),
            inputs=sides,
            shapes=[[WIDTH, WIDTH]],
            T=FLOAT,
            transpose_a=transposes,
        )


def several_outputs(context: BlockContext) -> None:
    """Add a node with two outputs, and let others read the second."""
    name = context.builder.add(
        "IdentityN",
        context.path("many"),
        inputs=[context.vector(), context.vector()],
        shapes=[[WIDTH], [WIDTH]],
        T=types("DT_FLOAT", "DT_FLOAT"),
    )
    context.vectors.append(f"{name}:1")


def no_outputs(context: BlockContext) -> None:
    """Add a node that only waits for others."""
    context.vector()
    context.builder.add("NoOp", context.path("barrier"), controls=context.controls(), device=context.device())


def placeholders(context: BlockContext) -> None:
    """Add an input whose shape is unknown, partly known or known."""
    sizes: Shape = context.one_of([None, [-1], [WIDTH], [-1, 3], []])
    name = context.builder.add(
        "Placeholder", context.path("input"), shapes=[sizes], dtype=FLOAT, shape=shape_attr(sizes)
    )
    context.builder.add("Identity", context.path("image"), inputs=[name], shapes=[sizes], T=FLOAT)


def reference_variables(context: BlockContext) -> None:
    """Add a reference variable, its initial value, and the nodes that set and read it."""
    add, path = context.builder.add, context.path("v")
    initial = context.vector()
    name = add(
        "VariableV2", path, shapes=[[WIDTH]], device=context.device(), dtype=FLOAT, shape=shape_attr([WIDTH])
    )
    assign = add(
        "Assign", f"{name}/Assign", inputs=[name, initial], shapes=[[WIDTH]], anchors=[name], T=FLOAT
    )
    reader = add("Identity", f"{name}/read", inputs=[name], shapes=[[WIDTH]], anchors=[name], T=FLOAT)
    _register(context, Variable(name, reader, is_resource=False), assign, initial)


def resource_variables(context: BlockContext) -> None:
    """Add a resource variable, its initial value, and the nodes that set and read it."""
    add, path = context.builder.add, context.path("r")
    initial = context.vector()
    name = add(
        "VarHandleOp",
        path,
        shapes=[[]],
        device=context.device(),
        dtype=FLOAT,
        shape=shape_attr([WIDTH]),
        shared_name=AttrValue(s=path.encode()),
    )
    assign = add("AssignVariableOp", f"{name}/Assign", inputs=[name, initial], dtype=FLOAT)
    reader = add(
        "ReadVariableOp", f"{name}/Read/ReadVariableOp", inputs=[name], shapes=[[WIDTH]], dtype=FLOAT
    )
    _register(context, Variable(name, reader, is_resource=True), assign, initial)


def _register(context: BlockContext, variable: Variable, assign: str, initial: str) -> None:
    """Add a variable to collections, and make it available to other blocks."""
    variable_def = VariableDef(
        variable_name=f"{variable.name}:0",
        initializer_name=assign,
        snapshot_name=f"{variable.reader}:0",
        initial_value_name=initial if ":" in initial else f"{initial}:0",
        is_resource=variable.is_resource,
        trainable=context.maybe(),
    )
    for key in context.one_of(_VARIABLE_KEYS):
        context.builder.register(key, variable_def)
    context.vectors.append(variable.reader)
    context.variables.append(variable)


def queues(context: BlockContext) -> None:
    """Add a queue and its runner."""
    add, scope = context.builder.add, context.one_of(context.scopes)
    queue = add(
        "FIFOQueueV2",
        context.path("fifo", scope),
        shapes=[[]],
        component_types=types("DT_FLOAT"),
        shapes_=shape_attr([WIDTH], is_list=True),
        capacity=AttrValue(i=8),
    )
    enqueue = add(
        "QueueEnqueueV2", f"{queue}_enqueue", inputs=[queue, context.vector()], Tcomponents=types("DT_FLOAT")
    )
    close = add("QueueCloseV2", f"{queue}_Close", inputs=[queue])
    cancel = add(
        "QueueCloseV2", f"{queue}_Close_1", inputs=[queue], cancel_pending_enqueues=AttrValue(b=True)
    )
    runner = QueueRunnerDef(
        queue_name=queue,
        enqueue_op_name=[enqueue],
        close_op_name=close,
        cancel_op_name=cancel,
        queue_closed_exception_types=["OUT_OF_RANGE"],
    )
    context.builder.register("queue_runners", runner)


BLOCKS: tuple[Block, ...] = (
    constants,
    arithmetic,
    arithmetic,
    arithmetic,
    defaults,
    several_outputs,
    no_outputs,
    placeholders,
    reference_variables,
    resource_variables,
    queues,
)
"""All blocks; the more useful ones are repeated."""
