"""The kind of a collection, and items that do not fit (COL-04 to COL-09)."""

from __future__ import annotations

import enum
import logging
import math
from collections import namedtuple
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf import any_pb2
from small_graphs import graph_with_items, parse

from reference_impl import Contract, Operation, Tensor, export_meta_graph
from reference_impl.schema import CollectionDef, FunctionDef, NodeDef, QueueRunnerDef, SaverDef, VariableDef


class Colour(enum.Enum):
    """An enum whose members have names."""

    RED = object()


class Number(enum.IntEnum):
    """An enum whose members are int."""

    FIVE = 5


Named = namedtuple("Named", ["name"])  # noqa: PYI024 - a plain namedtuple is what COL-05 speaks of


class Half(float):
    """A subclass of float, as numpy.float64 is one."""


def exported(*items: Any, contract: Contract) -> CollectionDef:
    """What becomes of a collection with these items."""
    return export_meta_graph(graph=graph_with_items("k", *items), contract=contract).collection_def["k"]


@pytest.mark.parametrize(
    ("items", "stated"),
    [
        (["text", b"\xff"], 'bytes_list { value: "text" value: "\\xff" }'),
        (["x", bytearray(b"y")], 'bytes_list { value: "x" value: "y" }'),
        ([b"x", "größe"], 'bytes_list { value: "x" value: "größe" }'),
        ([1, -(2**63), 2**63 - 1], "int64_list { value: [1, -9223372036854775808, 9223372036854775807] }"),
        ([Number.FIVE, 6], "int64_list { value: [5, 6] }"),
        ([1.5, 2], "float_list { value: [1.5, 2] }"),
        ([Half(0.5), True], "float_list { value: [0.5, 1] }"),
        ([any_pb2.Any(type_url="t", value=b"v")], 'any_list { value { type_url: "t" value: "v" } }'),
        ([Operation("n"), Tensor("n:1")], 'node_list { value: "n" value: "n:1" }'),
    ],
)
def test_the_first_item_decides_the_kind(items: list[Any], stated: str, contract: Contract) -> None:
    """COL-04: text, integers, floats, Any messages, or else names of nodes."""
    assert exported(*items, contract=contract) == parse(CollectionDef, stated)


def test_floats_are_rounded_to_single_precision(contract: Contract) -> None:
    """COL-04: 0.1 is not exact, 1e300 becomes infinite, and NaN is a float."""
    values = exported(0.1, 1e300, math.nan, contract=contract).float_list.value

    assert values[0] == pytest.approx(0.10000000149011612, rel=0, abs=0)
    assert math.isinf(values[1])
    assert math.isnan(values[2])


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (SimpleNamespace(name="object"), "object"),
        (Colour.RED, "RED"),
        (NodeDef(name="node"), "node"),
        (Named(name="tuple"), "tuple"),
        (VariableDef(variable_name="v:0"), "v:0"),
        (QueueRunnerDef(queue_name="queue"), "queue"),
    ],
)
def test_whatever_has_a_name_is_a_node(item: Any, name: str, contract: Contract) -> None:
    """COL-05: a name need not be that of a node; a variable goes by its own."""
    assert exported(item, contract=contract) == CollectionDef(node_list={"value": [name]})


@dataclass
class Broken:
    """An object whose name is none."""

    name: Any = None


class Raising:
    """An object whose name cannot be had."""

    @property
    def name(self) -> str:
        """Raises as a deleted variable does."""
        raise ValueError("gone")


@pytest.mark.parametrize(
    "items",
    [
        [2, 1.5], ["a", 5], [b"a", None], [Operation("n"), 5], [Operation("n"), "x"], [Operation("n"), b"x"],
        [any_pb2.Any(), "x"], [any_pb2.Any(), NodeDef(name="n")], [1.5, "x"], [1, Operation("n")],
        [None], [{}], [["n"]], [("n",)], [{"n"}], [1j], [object()], [print], [FunctionDef()], [SaverDef()],
        [bytearray(b"x")], [2**63], [-(2**63) - 1], [1.5, 10**400], ["\ud800"], [Operation("\ud800")],
        [Broken()], [Broken(5)], [Raising()],
    ],
    ids=lambda items: " ".join(type(item).__name__ for item in items),  # the same in every process
)  # fmt: skip
def test_a_collection_with_an_unfit_item_is_left_out(
    items: list[Any], contract: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    """COL-06, COL-08, COL-09: with one warning that names the key; the other keys are unaffected."""
    built = graph_with_items("unfit", *items)
    built.add_to_collection("other", 1)

    message = export_meta_graph(graph=built, contract=contract)

    assert list(message.collection_def) == ["other"]
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("reference_impl", logging.WARNING)
    ]
    assert "'unfit'" in caplog.text


@pytest.mark.parametrize("name", [None, 5])
def test_the_warning_says_why(name: Any, contract: Contract, caplog: pytest.LogCaptureFixture) -> None:
    """COL-08: what was wrong with the item follows the key."""
    export_meta_graph(graph=graph_with_items("k", Broken(name)), contract=contract)

    assert f"an item's name is {name}, not a str" in caplog.text


UNFIT = {
    "a dict": (
        [{"a": 1}],
        "Item 0, {'a': 1} of type dict, does not fit: a collection can hold str, bytes, int, ",
    ),
    "another kind": ([1, 2, 2.5], "Item 2, 2.5 of type float, does not fit: "),
    "too large a number": ([1, 2**63], "Item 1, 9223372036854775808 of type int, does not fit: "),
    "no text": (["a", 5], "Item 1, 5 of type int, does not fit: 5 is neither str nor bytes"),
    "a decimal": ([Decimal("1.5")], "Item 0, Decimal('1.5') of type decimal.Decimal, does not fit: "),
    "a message": ([1, VariableDef()], " of type VariableDef, does not fit: "),
    "a long list": ([[0] * 99], "Item 0, [0, 0, 0, 0, 0, 0, ...] of type list, does not fit: "),
    "a property that raises": ([Raising()], "of type test_collection_kinds.Raising, does not fit: gone"),
}


@pytest.mark.parametrize("unfit", UNFIT)
def test_the_warning_names_the_item(unfit: str, contract: Contract, caplog: pytest.LogCaptureFixture) -> None:
    """COL-08: the warning has the position, the value and the type of the item, and the reason."""
    items, text = UNFIT[unfit]
    export_meta_graph(graph=graph_with_items("k", *items), contract=contract)

    assert text in caplog.text
    assert "Collection 'k' is left out of the export, and the others are not affected. Item " in caplog.text


def test_a_node_that_is_named_like_an_unbound_input_lies_outside_the_scope(contract: Contract) -> None:
    """COL-12: it is not exported; TensorFlow exports the key without an entry."""
    built = graph_with_items("nodes", Operation("$unbound_inputs_x"))
    collections = export_meta_graph(graph=built, export_scope="s", contract=contract).collection_def

    kinds = {key: collection.WhichOneof("kind") for key, collection in collections.items()}
    assert kinds == ({"nodes": "node_list"} if contract is Contract.TENSORFLOW else {})
    assert not any(collection.node_list.value for collection in collections.values())


def test_a_node_that_is_named_like_an_unbound_input_stays_without_a_scope(contract: Contract) -> None:
    """COL-12: only a scope leaves it out."""
    built = graph_with_items("nodes", Operation("$unbound_inputs_x"))
    exported = export_meta_graph(graph=built, contract=contract)

    assert exported.collection_def["nodes"] == CollectionDef(node_list={"value": ["$unbound_inputs_x"]})


def test_an_unfit_item_outside_of_the_scope_does_no_harm(
    contract: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    """COL-06, COL-12: only the items that remain have to fit."""
    built = graph_with_items("k", Operation("t/n"), "s/x")

    message = export_meta_graph(graph=built, export_scope="s", contract=contract)

    assert message.collection_def["k"] == CollectionDef(bytes_list={"value": [b"s/x"]})
    assert caplog.records == []


def test_a_collection_that_fails_when_listed_again_is_gone(
    contract: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    """COL-02, COL-08: what was written under the key before goes with it."""
    built = graph_with_items("k", "x")
    built.add_to_collection(b"k", object())

    message = export_meta_graph(graph=built, collection_list=["k", b"k"], contract=contract)

    assert dict(message.collection_def) == {}
    assert len(caplog.records) == 1


def test_a_name_that_fails_in_its_own_way_aborts_the_export(contract: Contract) -> None:
    """COL-09: an error that is not about the type of the item is not hidden."""

    class Interrupted:
        @property
        def name(self) -> str:
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        export_meta_graph(graph=graph_with_items("k", Interrupted()), contract=contract)
