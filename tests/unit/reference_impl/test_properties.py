"""Properties that hold for every graph (hypothesis)."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from small_graphs import entries, parse

from reference_impl import Contract, Graph, export_meta_graph, read_meta_graph_file
from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, NodeDef, VariableDef
from reference_impl.schema.recorded import REGISTERED_COLLECTIONS

settings.register_profile("busy machine", deadline=None)  # the time of an example means nothing
settings.load_profile("busy machine")

SCOPES = ("s", "s1", "s/t", "t", "a.b", "aXb")
LEAVES = ("x", "y", "z_1")

# In text every NaN is the same one.
floats = st.floats(width=32, allow_nan=False) | st.just(math.nan)
names = st.one_of(
    st.sampled_from(LEAVES),
    st.builds("{}/{}".format, st.sampled_from(SCOPES), st.sampled_from(LEAVES)),
    st.sampled_from(SCOPES),
)
input_names = st.one_of(
    names, st.builds("{}:{}".format, names, st.integers(0, 2)), st.builds("^{}".format, names)
)
attr_values = st.one_of(
    st.builds(AttrValue, s=st.binary(max_size=8)),
    st.builds(AttrValue, i=st.integers(-(2**63), 2**63 - 1)),
    st.builds(AttrValue, f=floats),
    st.builds(AttrValue, b=st.booleans()),
    st.builds(AttrValue, type=st.sampled_from(["DT_FLOAT", "DT_STRING", "DT_RESOURCE"])),
    st.builds(AttrValue, list=st.builds(AttrValue.ListValue, s=st.lists(st.binary(max_size=4), max_size=2))),
)
nodes = st.builds(
    NodeDef,
    name=names,
    op=st.sampled_from(["NoOp", "MatMul", "PartitionedCall", "SaveV2", "Enter", "Mine"]),
    device=st.sampled_from(["", "/device:GPU:0"]),
    input=st.lists(input_names, max_size=4),
    attr=st.dictionaries(st.sampled_from(["transpose_a", "f", "_class", "frame_name", "mine"]), attr_values),
)
collections = st.dictionaries(
    st.text(max_size=4).filter(lambda key: key not in REGISTERED_COLLECTIONS),
    st.one_of(
        st.lists(st.binary(max_size=6), min_size=1),
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
        st.lists(floats, min_size=1),
    ),
    max_size=3,
)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A graph with a few nodes of distinct names, collections and variables."""
    stated = draw(st.lists(nodes, max_size=6, unique_by=lambda node: node.name))
    loaded = Graph.from_meta_graph_def(
        MetaGraphDef(graph_def=GraphDef(node=stated, versions={"producer": draw(st.integers(0, 2474))}))
    )
    for key, items in draw(collections).items():
        for item in items:
            loaded.add_to_collection(key, item)
    for name in draw(st.lists(names, max_size=3)):
        loaded.add_to_collection("variables", VariableDef(variable_name=f"{name}:0", initializer_name=name))
    return loaded


arguments = st.fixed_dictionaries(
    {
        "export_scope": st.sampled_from([None, *SCOPES, "s/", "nothing"]),
        "clear_devices": st.booleans(),
        "clear_extraneous_savers": st.booleans(),
        "strip_default_attrs": st.booleans(),
        "contract": st.sampled_from(list(Contract)),
    }
)


def bytes_of(message: MetaGraphDef) -> bytes:
    """A message in a fixed order: unlike `==` it takes a NaN for itself."""
    return message.SerializeToString(deterministic=True)


@given(graphs())
def test_the_export_of_a_loaded_export_is_that_export(built: Graph) -> None:
    """PATH-07: load and export is a fixpoint after the first export, plain or filtered."""
    first = export_meta_graph(graph=built)

    again = Graph.from_meta_graph_def(bytes_of(first))

    assert bytes_of(export_meta_graph(graph=again)) == bytes_of(first)


@given(graphs(), arguments)
def test_a_text_file_states_the_returned_message(built: Graph, flags: dict[str, Any]) -> None:
    """CALL-02, FILE-01: for every text, bytes and number, under every flag."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m"
        exported = export_meta_graph(path, graph=built, as_text=True, **flags)

        assert bytes_of(read_meta_graph_file(path)) == bytes_of(exported)
        assert bytes_of(parse(MetaGraphDef, path.read_text(encoding="utf-8"))) == bytes_of(exported)


@given(graphs(), st.sampled_from(SCOPES))
def test_a_documented_scope_strips_a_literal_prefix(built: Graph, scope: str) -> None:
    """SCOPE-01, SCOPE-03, SCOPE-08, UNB-01: nodes and variables below `scope/`, without it, and no others."""
    prefix = f"{scope}/"
    whole = export_meta_graph(graph=built)

    exported = export_meta_graph(graph=built, export_scope=scope)

    def renamed(name: str) -> str:
        mark, producer = ("^", name[1:]) if name.startswith("^") else ("", name)
        if producer.startswith(prefix):
            return mark + producer[len(prefix) :]
        return f"{mark}$unbound_inputs_{producer}"

    selected = [node for node in built.stated_graph_def.node if node.name.startswith(prefix)]
    assert [(node.name, list(node.input)) for node in exported.graph_def.node] == [
        (node.name[len(prefix) :], [renamed(name) for name in node.input]) for node in selected
    ]
    if "variables" in whole.collection_def:
        expected = [
            name[len(prefix) :]
            for variable in entries(whole, "variables", VariableDef)
            if (name := variable.variable_name).startswith(prefix)
        ]
        kept = entries(exported, "variables", VariableDef) if expected else []
        assert [variable.variable_name for variable in kept] == expected
        assert ("variables" in exported.collection_def) == bool(expected)


@given(graphs(), st.sampled_from(["s1", "t", "s/t"]))
def test_a_trailing_slash_makes_the_contracts_agree(built: Graph, scope: str) -> None:
    """SCOPE-02: `scope/` is exact in TensorFlow; for a scope of plain characters both export the same."""
    exports = [
        export_meta_graph(graph=built, export_scope=f"{scope}/", contract=contract)
        for contract in (Contract.DOCUMENTED, Contract.TENSORFLOW)
    ]
    for node in exports[1].graph_def.node:  # TensorFlow adds an empty attribute to calls of nothing (OPS-05)
        if "f" in node.attr and not node.attr["f"].ListFields():
            del node.attr["f"]

    assert bytes_of(exports[0]) == bytes_of(exports[1])


@given(graphs())
def test_stripping_twice_is_stripping_once(built: Graph) -> None:
    """STRIP-01, STRIP-05: what is left has no default, and the list of ops does not change."""
    once = export_meta_graph(graph=built, strip_default_attrs=True)

    twice = export_meta_graph(graph=Graph.from_meta_graph_def(once), strip_default_attrs=True)

    assert bytes_of(twice) == bytes_of(once)
    assert (
        once.meta_info_def.stripped_op_list == export_meta_graph(graph=built).meta_info_def.stripped_op_list
    )


@given(graphs(), arguments)
def test_collections_are_those_that_are_listed(built: Graph, flags: dict[str, Any]) -> None:
    """COL-01: listing all keys is listing none; listing nothing exports none."""
    keys = [*built.get_all_collection_keys(), "unbound_inputs"]

    everything = export_meta_graph(graph=built, **flags)
    listed = export_meta_graph(graph=built, collection_list=dict.fromkeys(keys), **flags)
    nothing = export_meta_graph(graph=built, collection_list=[], **flags)

    if not flags["clear_extraneous_savers"]:
        assert bytes_of(listed) == bytes_of(everything)
    assert not nothing.collection_def
    assert nothing.graph_def.SerializeToString(deterministic=True) == everything.graph_def.SerializeToString(
        deterministic=True
    )
