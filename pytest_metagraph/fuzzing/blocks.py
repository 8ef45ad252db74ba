"""The building blocks of random graphs: each adds a few nodes in one scope.

They hand on float vectors of one length, so that any block can read what any other has made, in its own scope
or in another one.
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
"""The length of the vectors that blocks hand on."""

DEVICES = ("", "", "", "/device:CPU:0", "/device:GPU:1", "/job:ps/replica:0/task:0/device:CPU:0")
"""Devices as TensorFlow spells them; none is the most frequent."""

SOME_BYTES = (b"", b"plain", b"\x00\xff\xfe", "h\u00e9llo \u4e16".encode(), b"\xed\xa0\x80", b"a\nb\"'\\")
"""Strings of any bytes: empty, NUL, not UTF-8, an encoded surrogate, quotes."""

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
        reader: the tensor with its value.
        is_resource: whether the node is a handle and not the value.
    """

    name: str
    reader: str
    is_resource: bool


@dataclass
class Bench:
    """What the blocks of one graph share.

    Attributes:
        draw: draws from a hypothesis strategy.
        scopes: the scopes of the graph; the empty one is the root.
        builder: the graph so far.
        vectors: tensors that later blocks may read.
        variables: the variables so far.
    """

    draw: st.DrawFn
    scopes: Sequence[str]
    builder: GraphBuilder = field(default_factory=GraphBuilder)
    vectors: list[str] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)

    def path(self, stem: str, scope: str | None = None) -> str:
        """A name in a scope; in any of the graph's where none is given."""
        place = self.one_of(self.scopes) if scope is None else scope
        return f"{place}/{stem}" if place else stem

    def one_of(self, values: Sequence[T]) -> T:
        """One of some values."""
        return self.draw(st.sampled_from(values))

    def maybe(self) -> bool:
        """True or False."""
        return self.draw(st.booleans())

    def device(self) -> str:
        """A device, or none."""
        return self.one_of(DEVICES)

    def vector(self) -> str:
        """A tensor that was made before; a new constant where there is none."""
        if self.vectors:
            return self.one_of(self.vectors)
        values = self.draw(st.lists(st.sampled_from(_FLOATS), min_size=WIDTH, max_size=WIDTH))
        value = tensor("DT_FLOAT", [WIDTH], float_val=values)
        self.vectors.append(self.builder.constant(self.path("c"), value, device=self.device()))
        return self.vectors[-1]

    def controls(self) -> list[str]:
        """Up to two nodes to wait for."""
        if not self.vectors:
            return []
        some = self.draw(st.lists(st.sampled_from(self.vectors), max_size=2))
        return [name.partition(":")[0] for name in some]


Block: TypeAlias = Callable[[Bench], None]


def constants(bench: Bench) -> None:
    """A vector, or texts of any bytes."""
    if bench.maybe():
        values = bench.draw(st.lists(st.sampled_from(_FLOATS), min_size=WIDTH, max_size=WIDTH))
        value = tensor("DT_FLOAT", [WIDTH], float_val=values)
        bench.vectors.append(bench.builder.constant(bench.path("c"), value, device=bench.device()))
    else:
        texts = bench.draw(st.lists(st.sampled_from(SOME_BYTES), min_size=1, max_size=2))
        bench.builder.constant(bench.path("text"), tensor("DT_STRING", [len(texts)], string_val=texts))


def arithmetic(bench: Bench) -> None:
    """An everyday op, maybe on a device, after other nodes, or colocated with one of its inputs."""
    left, right = bench.vector(), bench.vector()
    anchors = [left.partition(":")[0]] if bench.draw(st.integers(0, 3)) == 0 else []
    op = bench.one_of(["AddV2", "Mul", "Maximum"])
    bench.vectors.append(
        bench.builder.add(
            op,
            bench.path(op.lower()),
            inputs=[left, right],
            controls=bench.controls() if bench.maybe() else (),
            shapes=[[WIDTH]],
            device=bench.device(),
            anchors=anchors,
            T=FLOAT,
        )
    )


def defaults(bench: Bench) -> None:
    """Ops whose attributes have their defaults, or nearly (STRIP-01, STRIP-04)."""
    alpha = AttrValue(f=bench.one_of([0.2, 0.2, 0.0, 0.25]))  # the default is 0.2
    leaky = bench.builder.add(
        "LeakyRelu", bench.path("leaky"), inputs=[bench.vector()], shapes=[[WIDTH]], T=FLOAT, alpha=alpha
    )
    bench.vectors.append(leaky)
    if bench.maybe():
        scope = bench.one_of(bench.scopes)
        square = tensor("DT_FLOAT", [WIDTH, WIDTH], float_val=[1.0, 0.0, 0.0, 1.0])
        sides = [bench.builder.constant(bench.path("square", scope), square) for _ in range(2)]
        transposes = AttrValue(b=bench.maybe())
        bench.builder.add(
            "MatMul",
            bench.path("matmul", scope),
            inputs=sides,
            shapes=[[WIDTH, WIDTH]],
            T=FLOAT,
            transpose_a=transposes,
        )


def several_outputs(bench: Bench) -> None:
    """A node with two outputs, of which the second is read."""
    name = bench.builder.add(
        "IdentityN",
        bench.path("many"),
        inputs=[bench.vector(), bench.vector()],
        shapes=[[WIDTH], [WIDTH]],
        T=types("DT_FLOAT", "DT_FLOAT"),
    )
    bench.vectors.append(f"{name}:1")


def no_outputs(bench: Bench) -> None:
    """A node that only waits for others."""
    bench.vector()
    bench.builder.add("NoOp", bench.path("barrier"), controls=bench.controls(), device=bench.device())


def placeholders(bench: Bench) -> None:
    """An input whose shape is unknown, partly known or known."""
    sizes: Shape = bench.one_of([None, [-1], [WIDTH], [-1, 3], []])
    name = bench.builder.add(
        "Placeholder", bench.path("input"), shapes=[sizes], dtype=FLOAT, shape=shape_attr(sizes)
    )
    bench.builder.add("Identity", bench.path("image"), inputs=[name], shapes=[sizes], T=FLOAT)


def reference_variables(bench: Bench) -> None:
    """A variable of the reference kind, its initial value and the nodes that set and read it."""
    add, path = bench.builder.add, bench.path("v")
    initial = bench.vector()
    name = add(
        "VariableV2", path, shapes=[[WIDTH]], device=bench.device(), dtype=FLOAT, shape=shape_attr([WIDTH])
    )
    assign = add(
        "Assign", f"{name}/Assign", inputs=[name, initial], shapes=[[WIDTH]], anchors=[name], T=FLOAT
    )
    reader = add("Identity", f"{name}/read", inputs=[name], shapes=[[WIDTH]], anchors=[name], T=FLOAT)
    _state_variable(bench, Variable(name, reader, is_resource=False), assign, initial)


def resource_variables(bench: Bench) -> None:
    """A variable held by a handle, its initial value and the nodes that set and read it."""
    add, path = bench.builder.add, bench.path("r")
    initial = bench.vector()
    name = add(
        "VarHandleOp",
        path,
        shapes=[[]],
        device=bench.device(),
        dtype=FLOAT,
        shape=shape_attr([WIDTH]),
        shared_name=AttrValue(s=path.encode()),
    )
    assign = add("AssignVariableOp", f"{name}/Assign", inputs=[name, initial], dtype=FLOAT)
    reader = add(
        "ReadVariableOp", f"{name}/Read/ReadVariableOp", inputs=[name], shapes=[[WIDTH]], dtype=FLOAT
    )
    _state_variable(bench, Variable(name, reader, is_resource=True), assign, initial)


def _state_variable(bench: Bench, variable: Variable, assign: str, initial: str) -> None:
    """Put a variable into collections and on the bench."""
    stated = VariableDef(
        variable_name=f"{variable.name}:0",
        initializer_name=assign,
        snapshot_name=f"{variable.reader}:0",
        initial_value_name=initial if ":" in initial else f"{initial}:0",
        is_resource=variable.is_resource,
        trainable=bench.maybe(),
    )
    for key in bench.one_of(_VARIABLE_KEYS):
        bench.builder.register(key, stated)
    bench.vectors.append(variable.reader)
    bench.variables.append(variable)


def queues(bench: Bench) -> None:
    """A queue with its runner."""
    add, scope = bench.builder.add, bench.one_of(bench.scopes)
    queue = add(
        "FIFOQueueV2",
        bench.path("fifo", scope),
        shapes=[[]],
        component_types=types("DT_FLOAT"),
        shapes_=shape_attr([WIDTH], is_list=True),
        capacity=AttrValue(i=8),
    )
    enqueue = add(
        "QueueEnqueueV2", f"{queue}_enqueue", inputs=[queue, bench.vector()], Tcomponents=types("DT_FLOAT")
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
    bench.builder.register("queue_runners", runner)


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
"""The blocks, the more useful ones more often."""
