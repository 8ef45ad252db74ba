"""Items of registered collections that are parsed, stripped and serialised at once."""

from __future__ import annotations

import random

import pytest

from reference_impl import Contract, Graph, collection_defs, export_meta_graph
from reference_impl.schema import (
    REGISTERED_COLLECTIONS,
    CollectionDef,
    MetaGraphDef,
    SaverDef,
    VariableDef,
    WhileContextDef,
)
from reference_impl.schema.item_lists import item_list_class

UNKNOWN = b"\x92\x3f\x01x"
NAMES = ("variable_name", "initial_value_name", "initializer_name", "snapshot_name")


def _variable(chance: random.Random) -> bytes:
    """Return a serialised variable with names inside and outside the scope `s`, and sometimes odd fields."""
    is_simple = chance.random() < 0.8
    starts = ["s/"] if is_simple else ["s/", "s//", "t/", "", "^s/", "s", "x^s/"]
    names = {field: chance.choice(starts) + chance.choice("ab") for field in NAMES}
    if not is_simple:
        names[chance.choice(NAMES)] = ""
    variable = VariableDef(**names, is_resource=chance.random() < 0.5, trainable=chance.random() < 0.5)
    if chance.random() < 0.1:
        variable.save_slice_info_def.full_name = "s/slice"
    data = variable.SerializeToString()
    return data + UNKNOWN if chance.random() < 0.2 else data


@pytest.mark.parametrize("contract", list(Contract))
@pytest.mark.parametrize("scope", [None, "s", "s/", "^s"])
@pytest.mark.parametrize("seed", range(60))
def test_items_at_once_are_those_one_by_one(
    seed: int, scope: str | None, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collection is the same if its items are written at once and one by one, and stays as it was."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret
    message = MetaGraphDef()
    for key in ("variables", "trainable_variables"):
        items = [_variable(chance) for _ in range(chance.randint(1, 4))]
        message.collection_def[key].bytes_list.value.extend(items)
    saver = SaverDef(filename_tensor_name="s/c:0", save_tensor_name="s/s:0", restore_op_name="s/r")
    message.collection_def["savers"].bytes_list.value.append(saver.SerializeToString())
    graph = Graph.from_meta_graph_def(message)
    before = [item.SerializeToString() for item in graph.get_collection("variables")]
    at_once = export_meta_graph(graph=graph, export_scope=scope, contract=contract)
    assert [item.SerializeToString() for item in graph.get_collection("variables")] == before
    monkeypatch.setattr(collection_defs, "_are_all", lambda _items, _kind: False)
    assert export_meta_graph(graph=graph, export_scope=scope, contract=contract) == at_once


def test_variables_inside_a_scope_are_written_without_it() -> None:
    """All names of a variable lose the scope, and other fields stay, also unknown ones."""
    inside = VariableDef(**{field: f"s/{field}" for field in NAMES}, is_resource=True).SerializeToString()
    message = MetaGraphDef()
    message.collection_def["variables"].bytes_list.value.extend([inside + UNKNOWN, inside])
    exported = export_meta_graph(graph=Graph.from_meta_graph_def(message), export_scope="s")
    outside = VariableDef(**{field: field for field in NAMES}, is_resource=True).SerializeToString()
    assert list(exported.collection_def["variables"].bytes_list.value) == [outside + UNKNOWN, outside]


@pytest.mark.parametrize(
    "snapshots", [["s/a", "x^s/b"], ["s/a", "x^s/b", "", ""]], ids=["all have one", "some have none"]
)
def test_a_scope_after_a_mark_is_stripped_beside_others(snapshots: list[str]) -> None:
    """SCOPE-08: TensorFlow strips a name that has the scope after a `^`, although others begin with it."""
    message = MetaGraphDef()
    for name in snapshots:
        variable = VariableDef(variable_name="s/v", initial_value_name="s/i", initializer_name="s/a")
        variable.snapshot_name = name
        message.collection_def["variables"].bytes_list.value.append(variable.SerializeToString())
    graph = Graph.from_meta_graph_def(message)
    exported = export_meta_graph(graph=graph, export_scope="s", contract="tensorflow")
    assert [
        VariableDef.FromString(data).snapshot_name
        for data in exported.collection_def["variables"].bytes_list.value
    ] == [name.replace("s/", "") for name in snapshots]


@pytest.mark.parametrize(("contract", "stripped"), [("documented", "^s/i"), ("tensorflow", "^i")])
def test_only_tensorflow_strips_a_scope_after_a_mark(contract: str, stripped: str) -> None:
    """SCOPE-08: literal text at the start of a name is stripped as documented, and nothing after a `^`."""
    message = MetaGraphDef()
    inside = VariableDef(variable_name="s/v", initial_value_name="^s/i", initializer_name="s/a")
    message.collection_def["variables"].bytes_list.value.append(inside.SerializeToString())
    exported = export_meta_graph(
        graph=Graph.from_meta_graph_def(message), export_scope="s", contract=contract
    )
    (written,) = exported.collection_def["variables"].bytes_list.value
    assert VariableDef.FromString(written).initial_value_name == stripped


@pytest.mark.parametrize("key", REGISTERED_COLLECTIONS)
def test_a_list_of_items_is_written_like_their_bytes(key: str) -> None:
    """The message of all items has the serialised form of a list of serialised items, of every kind."""
    kind = REGISTERED_COLLECTIONS[key]
    item = kind.FromString(UNKNOWN)
    listed = item_list_class(kind)(value=[item, item]).SerializeToString()
    assert listed == CollectionDef.BytesList(value=[UNKNOWN, UNKNOWN]).SerializeToString()
    assert item_list_class(kind) is item_list_class(kind)


def test_items_as_deep_as_protobuf_reads_are_loaded() -> None:
    """An item that is nested as deeply as protobuf allows is loaded, although a list of it is too deep."""
    deepest = None
    context = WhileContextDef(context_name="inner")
    while True:
        try:
            WhileContextDef.FromString(context.SerializeToString())
        except Exception:  # noqa: BLE001 - a DecodeError here, a RecursionError in other versions
            break
        deepest = context
        outer = WhileContextDef(context_name="outer")
        outer.nested_contexts.add().while_ctxt.CopyFrom(context)
        context = outer
    assert deepest is not None
    message = MetaGraphDef()
    message.collection_def["while_context"].bytes_list.value.append(deepest.SerializeToString())
    graph = Graph.from_meta_graph_def(message)
    assert graph.get_collection("while_context") == [deepest]
