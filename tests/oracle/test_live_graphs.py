"""Parts of graphs that a file cannot contain, side by side with TensorFlow: items, keys and states."""

from __future__ import annotations

import collections
import dataclasses
import enum
import fractions
import logging
from collections.abc import Callable, Hashable
from typing import Any

import pytest
from differential.comparer import difference_report
from differential.live_graphs import mirrored
from differential.sides import tensorflow_contract

from reference_impl import Graph, Operation, Tensor

pytestmark = pytest.mark.oracle

np = pytest.importorskip("numpy", reason="NumPy comes with TensorFlow, which is not installed")

Element = Callable[[str], Any]
"""Gives the operation or tensor of a name in either graph."""


@dataclasses.dataclass
class Twins:
    """One graph in TensorFlow and in the reference."""

    oracle: Any
    graph: Any
    mirror: Graph

    def add(self, key: Hashable, items: Callable[[Element], list[Any]]) -> None:
        """Add items to a collection of both graphs."""
        for item in items(self.graph.as_graph_element):
            self.graph.add_to_collection(key, item)
        for item in items(lambda name: Tensor(name) if ":" in name else Operation(name)):
            self.mirror.add_to_collection(key, item)

    def assert_equal_exports(self, **arguments: Any) -> None:
        """Export both graphs, and demand the same message or the same class of error."""
        export = self.oracle.tf.compat.v1.train.export_meta_graph
        with self.oracle.tf.Graph().as_default():
            expected = _answer(export, graph=self.graph, **arguments)
        actual = _answer(tensorflow_contract, graph=self.mirror, **arguments)
        if isinstance(expected, bytes) and isinstance(actual, bytes):
            report = difference_report(expected=expected, actual=actual, library_ordered=False)
            assert not report, f"{arguments}:\n{report}"
        else:
            assert actual == expected, arguments


def _answer(exporter: Callable[..., Any], **arguments: Any) -> bytes | str:
    """The exported message, serialised, or the class name of what was raised."""
    try:
        data: bytes = exporter(**arguments).SerializeToString()
    except Exception as error:  # noqa: BLE001 - whatever is raised is the answer
        return type(error).__name__
    return data


@pytest.fixture
def twins(oracle: Any) -> Twins:
    """A graph with the scopes `s` and `s1`, a variable, and a node with several control inputs."""
    tf = oracle.tf
    graph = tf.Graph()
    with graph.as_default():
        outside = tf.constant([1.0, 2.0], name="outside")
        with tf.compat.v1.variable_scope("s"):
            inside = tf.add(outside, 1.0, name="inside")
            variable = tf.compat.v1.get_variable("v", [2], use_resource=False)
        near = tf.identity(inside, name="s1/near")
        with tf.control_dependencies([near.op, variable.initializer, inside.op, outside.op, near.op]):
            tf.no_op(name="s/last")
    return Twins(oracle, graph, mirrored(tf, graph))


class Colour(enum.Enum):
    """Items that have a name without being part of a graph."""

    RED = 1


class Level(enum.IntEnum):
    """Items that are int and have a name."""

    LOW = 3


Named = collections.namedtuple("Named", ["name"])  # noqa: PYI024 - the plain tuple with a name is the case

ITEMS: dict[str, Callable[[Element], list[Any]]] = {
    "str": lambda _: ["s/inside", "hello", "s1/near"],
    "str and bytes": lambda _: ["s/x", b"s/y", b"z"],
    "bytes and bytearray": lambda _: [b"s/x", bytearray(b"y")],
    "bytearray first": lambda _: [bytearray(b"y")],
    "str and int": lambda _: ["s/a", 5],
    "int and float": lambda _: [2, 1.5],
    "float and int": lambda _: [1.5, 2],
    "IntEnum": lambda _: [1, Level.LOW],
    "int too large": lambda _: [1, 2**63],
    "float out of range": lambda _: [1e300, -1e300, 1e-300],
    "int too large for a float": lambda _: [1.5, 10**400],
    "numpy float first": lambda _: [np.float64(1.5), 2.5],
    "numpy int first": lambda _: [np.int64(1)],
    "numpy int later": lambda _: [1, np.int64(2), np.int32(3)],
    "numpy float later": lambda _: [1.0, np.float32(0.1)],
    "numpy array": lambda _: [np.array([1])],
    "surrogate": lambda _: ["s/\ud800"],
    "None": lambda _: [None],
    "dict": lambda _: [{}],
    "tuple": lambda _: [(1, 2)],
    "complex": lambda _: [1j],
    "fraction": lambda _: [fractions.Fraction(1, 2)],
    "operation": lambda element: [element("s/inside"), element("outside")],
    "operation and tensor": lambda element: [element("s/inside"), element("s/inside:0")],
    "operation and int": lambda element: [element("s/inside"), 5],
    "operation and str": lambda element: [element("s/inside"), "s/x"],
    "named": lambda _: [Named("s/any"), Named("elsewhere")],
    "Enum": lambda _: [Colour.RED],
    "dtype": lambda _: [np.dtype("float32")],
    "function": lambda _: [len],
    "nothing": lambda _: [],
}


@pytest.mark.parametrize("scope", [None, "", "s", "s/", "s1"])
@pytest.mark.parametrize("items", ITEMS)
def test_items_of_any_kind_are_exported_or_dropped_alike(
    twins: Twins, caplog: pytest.LogCaptureFixture, items: str, scope: str | None
) -> None:
    """The kind, the filter and the warning where a key is dropped are as TensorFlow's (COL-04 to COL-12)."""
    twins.add("things", ITEMS[items])
    with caplog.at_level(logging.WARNING):
        twins.assert_equal_exports(export_scope=scope)
    warnings = collections.Counter(record.name.partition(".")[0] for record in caplog.records)
    assert warnings["tensorflow"] == warnings["reference_impl"]


def test_items_of_any_message_are_exported(twins: Twins) -> None:
    """Any messages make an any_list (COL-04)."""
    kind = type(twins.oracle.tf.compat.v1.MetaGraphDef.MetaInfoDef().any_info)
    twins.add("anys", lambda _: [kind(type_url="type.example/a", value=b"\xff"), kind()])
    twins.assert_equal_exports()
    twins.assert_equal_exports(export_scope="s")


@pytest.mark.parametrize("listed", [None, [7], [b"raw"], ["text"], [None], [("a", "b")], [7, b"raw", "text"]])
def test_keys_that_are_no_text(twins: Twins, listed: list[Any] | None) -> None:
    """Keys other than str are exported only where listed, and only bytes (COL-01, COL-02)."""
    for key in (7, b"raw", "text", None, ("a", "b")):
        twins.add(key, lambda _: [1, 2])
    twins.assert_equal_exports(collection_list=listed)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"export_scope": "s"},
        {"clear_devices": True},
        {"clear_extraneous_savers": True},
        {"clear_devices": True, "unbound_inputs_col_name": None},
        {"export_scope": "s", "unbound_inputs_col_name": ""},
    ],
)
def test_a_finalized_graph(twins: Twins, arguments: dict[str, Any]) -> None:
    """A finalized graph is exported as long as the export need not change it (UNB-09)."""
    twins.graph.finalize()
    twins.mirror.finalize()
    twins.assert_equal_exports(**arguments)


def test_control_inputs_are_sorted_only_where_nothing_is_filtered(twins: Twins) -> None:
    """A plain export sorts control inputs and a filtered one keeps their order of creation (PATH-06)."""
    with twins.graph.as_default():
        export = twins.oracle.tf.compat.v1.train.export_meta_graph
        plain, filtered = (export(clear_devices=flag).graph_def.node[-1].input for flag in (False, True))
    assert list(plain) == sorted(plain)
    assert list(filtered) != sorted(filtered)
    twins.assert_equal_exports()
    twins.assert_equal_exports(clear_devices=True)


def test_a_collection_of_the_users_own_named_unbound_inputs(twins: Twins) -> None:
    """A plain export keeps it; a filtered one puts the unbound inputs in its place (UNB-07, UNB-08)."""
    twins.add("unbound_inputs", lambda _: ["mine"])
    twins.assert_equal_exports()
    twins.assert_equal_exports(export_scope="s")
    twins.assert_equal_exports()
    assert twins.mirror.get_collection("unbound_inputs") == twins.graph.get_collection("unbound_inputs")
    twins.assert_equal_exports(clear_devices=True)
    assert twins.mirror.get_collection("unbound_inputs") == []


@pytest.mark.parametrize("key", [5, b"bytes", ("a",), "things"])
def test_unbound_inputs_under_any_key(twins: Twins, key: Hashable) -> None:
    """Unbound inputs are stored under any key and exported under a str (UNB-05)."""
    twins.add(key, lambda _: ["s/old"])
    twins.assert_equal_exports(export_scope="s", unbound_inputs_col_name=key)
    assert twins.mirror.get_collection(key) == twins.graph.get_collection(key)


def test_an_empty_graph(oracle: Any) -> None:
    """A graph without nodes has versions and an empty list of ops (NODE-06)."""
    empty = Twins(oracle, oracle.tf.Graph(), Graph())
    empty.assert_equal_exports()
    empty.assert_equal_exports(export_scope="s", clear_devices=True, strip_default_attrs=True)


@pytest.mark.parametrize("key", ["variables", "savers", "queue_runners", "while_context"])
@pytest.mark.parametrize("scope", ["", "s"])
def test_registered_collections_with_items_that_do_not_belong(twins: Twins, key: str, scope: str) -> None:
    """Nodes under the key of a registered collection drop the key, or are filtered out (COL-11, COL-17)."""
    twins.add(key, lambda element: [element("s/inside"), element("outside:0")])
    twins.assert_equal_exports(collection_list=[key], export_scope=scope)
