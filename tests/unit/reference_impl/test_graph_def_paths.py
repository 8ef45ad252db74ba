"""The four paths of the nodes: live or given, plain or filtered (PATH, NODE, LIB)."""

from __future__ import annotations

from typing import Any

import pytest
from small_graphs import graph, graph_def, meta_graph, node_names

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef

PLAIN: dict[str, Any] = {}
FILTERED: dict[str, Any] = {"clear_devices": True}
BOTH = pytest.mark.parametrize("flags", [PLAIN, FILTERED], ids=["plain", "filtered"])

LOADED = """
  node { name: "b" op: "Const" attr { key: "_output_shapes" value { list { shape { dim { size: 2 } } } } } }
  node {
    name: "a" op: "Identity" input: "b"
    attr { key: "_output_shapes" value { list { shape { unknown_rank: true } } } }
    experimental_debug_info { original_node_names: "before" }
    experimental_type { type_id: TFT_PRODUCT }
  }
  node { name: "n" op: "NoOp" input: "^a" input: "^b" }
  library {
    function { signature { name: "f" } node_def { name: "k" op: "Const" } }
    gradient { function_name: "f" gradient_func: "g" }
  }
  versions { producer: 1482 min_consumer: 12 bad_consumers: [3, 4] }
"""


@BOTH
def test_a_loaded_graph_is_exported_as_it_was_loaded(flags: dict[str, Any], contract: Contract) -> None:
    """PATH-01, PATH-02, PATH-07, NODE-05: nodes, shapes, versions and functions come out as they went in."""
    exported = export_meta_graph(graph=graph(LOADED), contract=contract, **flags)

    assert exported.graph_def == graph_def(LOADED)


@BOTH
def test_nodes_come_in_the_order_of_their_creation(flags: dict[str, Any], contract: Contract) -> None:
    """NODE-01: the order of the graph is kept, whatever the names are."""
    assert node_names(export_meta_graph(graph=graph(LOADED), contract=contract, **flags)) == ["b", "a", "n"]


@BOTH
def test_a_graph_built_in_code_states_its_shapes(flags: dict[str, Any], contract: Contract) -> None:
    """NODE-02: a scalar is `shape {}`, an unknown size -1, an unknown rank marked; no outputs, no shapes."""
    built = Graph()
    built.add_node(NodeDef(name="x", op="Split"), output_shapes=[[], [2, -1], None])
    built.add_node(NodeDef(name="n", op="NoOp"))

    exported = export_meta_graph(graph=built, contract=contract, **flags)

    assert exported.graph_def == graph_def("""
      node {
        name: "x" op: "Split"
        attr {
          key: "_output_shapes"
          value { list { shape {} shape { dim { size: 2 } dim { size: -1 } } shape { unknown_rank: true } } }
        }
      }
      node { name: "n" op: "NoOp" }
      versions { producer: 2474 }
    """)


@BOTH
def test_the_empty_graph_has_versions_and_an_empty_op_list(flags: dict[str, Any], contract: Contract) -> None:
    """NODE-04, NODE-06: nothing else is in it, and the list of ops is present."""
    exported = export_meta_graph(graph=Graph(), contract=contract, **flags)

    assert [field.name for field, _ in exported.meta_info_def.ListFields()] == [
        "stripped_op_list",
        "tensorflow_version",
        "tensorflow_git_version",
    ]
    assert exported.graph_def == GraphDef(versions={"producer": 2474})
    assert [field.name for field, _ in exported.ListFields()] == ["meta_info_def", "graph_def"]


@BOTH
def test_a_live_graph_without_functions_has_no_library(flags: dict[str, Any], contract: Contract) -> None:
    """NODE-07: library and saver_def are unset unless there is something in them."""
    loaded = graph('node { name: "a" op: "NoOp" } library {}')

    exported = export_meta_graph(graph=loaded, contract=contract, **flags)

    assert not exported.graph_def.HasField("library")
    assert exported.graph_def.HasField("versions")
    assert not exported.HasField("saver_def")


GIVEN = """
  node { name: "b" op: "Mine" input: "^z" input: "x:0" input: "^z" device: "/cpu" }
  node { name: "b" op: "NoOp" input: "nowhere" experimental_debug_info { original_func_names: "o" } }
  version: 7
  debug_info { files: "f.py" }
"""
UNKNOWN_FIELD = b"\xfa\x07\x01"  # field 127, one byte long


def test_a_given_graph_def_is_exported_verbatim(contract: Contract) -> None:
    """PATH-03: no order, input, attribute, deprecated or unset field changes; no node needs to exist."""
    given = graph_def(GIVEN)
    given.MergeFromString(UNKNOWN_FIELD + b"x")

    exported = export_meta_graph(graph=Graph(), graph_def=given, contract=contract)

    assert exported.graph_def == given
    assert exported.graph_def.SerializeToString(deterministic=True).endswith(UNKNOWN_FIELD + b"x")
    assert not exported.graph_def.HasField("versions")
    assert not exported.graph_def.HasField("library")


def test_a_given_and_filtered_graph_def_is_rebuilt_from_its_nodes(contract: Contract) -> None:
    """PATH-04: versions and library are present even if unset; what else a GraphDef holds is dropped."""
    given = graph_def(GIVEN)
    given.MergeFromString(UNKNOWN_FIELD + b"x")
    given.node[0].MergeFromString(UNKNOWN_FIELD + b"y")

    exported = export_meta_graph(graph=Graph(), graph_def=given, contract=contract, **FILTERED)

    kept = list(exported.graph_def.node)
    given.node[0].device = ""
    assert kept == list(given.node)
    assert [field.name for field, _ in exported.graph_def.ListFields()] == ["node", "library", "versions"]
    assert kept[0].SerializeToString(deterministic=True).endswith(UNKNOWN_FIELD + b"y")
    assert UNKNOWN_FIELD + b"x" not in exported.graph_def.SerializeToString(deterministic=True)


@BOTH
def test_a_given_graph_def_replaces_the_nodes_of_the_graph(flags: dict[str, Any], contract: Contract) -> None:
    """PATH-03: collections come from the graph, and nodes, functions and versions from the GraphDef."""
    built = graph(LOADED, k="int64_list { value: 1 }")
    given = graph_def('node { name: "other" op: "NoOp" } versions { producer: 21 }')

    exported = export_meta_graph(graph=built, graph_def=given, contract=contract, **flags)

    assert node_names(exported) == ["other"]
    assert exported.graph_def.versions.producer == 21
    assert not exported.graph_def.library.function
    assert list(exported.collection_def) == ["k"]


@BOTH
def test_a_given_library_is_kept_whole(flags: dict[str, Any], contract: Contract) -> None:
    """LIB-01, LIB-03: registered gradients, which only a given GraphDef can have, survive both paths."""
    given = graph_def("""
      node { name: "a" op: "NoOp" }
      library {
        function { signature { name: "z" } } function { signature { name: "f" } }
        gradient { function_name: "f" gradient_func: "g" }
        registered_gradients { gradient_func: "g" registered_op_type: "Op" }
      }
    """)

    exported = export_meta_graph(graph=Graph(), graph_def=given, contract=contract, **flags)

    assert exported.graph_def.library == given.library


UNSORTED = """
  node { name: "a" op: "NoOp" }
  node { name: "m" op: "Merge" input: "x:0" input: "y:1" input: "^b" input: "^a" input: "^B_1" input: "^a" }
"""


def test_a_plain_live_export_normalises_inputs(contract: Contract) -> None:
    """PATH-06: control inputs come last, each once, in byte order; `x:0` is written `x`."""
    exported = export_meta_graph(graph=graph(UNSORTED), contract=contract)

    assert list(exported.graph_def.node[1].input) == ["x", "y:1", "^B_1", "^a", "^b"]


@pytest.mark.parametrize(
    ("stated", "normal"),
    [
        (["^sv/Assign_1", "^sv/AssignVariableOp", "^sv/Assign"],
         ["^sv/Assign", "^sv/AssignVariableOp", "^sv/Assign_1"]),
        (["^a", "x"], ["x", "^a"]),
        (["^a", "^a"], ["^a"]),
        (["x:0"], ["x"]),
        (["x:10", "x:00"], ["x:10", "x:00"]),
        (["b", "a"], ["b", "a"]),
        (["x", "x"], ["x", "x"]),
        (["^a", "^b"], ["^a", "^b"]),
    ],
)  # fmt: skip
def test_inputs_in_normal_form(stated: list[str], normal: list[str], contract: Contract) -> None:
    """PATH-06: only control inputs are sorted; data inputs keep order and repetition."""
    built = Graph()
    built.add_node(NodeDef(name="n", op="NoOp", input=stated))

    exported = export_meta_graph(graph=built, contract=contract)

    assert list(exported.graph_def.node[0].input) == normal


def test_a_filtered_live_export_keeps_inputs_as_they_were_added(contract: Contract) -> None:
    """PATH-06: order, repetition and `:0` show."""
    exported = export_meta_graph(graph=graph(UNSORTED), contract=contract, **FILTERED)

    assert list(exported.graph_def.node[1].input) == ["x:0", "y:1", "^b", "^a", "^B_1", "^a"]


def test_a_graph_that_grows_is_normalised_again(contract: Contract) -> None:
    """PATH-06: nodes that are added after an export are normalised in the next one."""
    built = graph(UNSORTED)
    export_meta_graph(graph=built, contract=contract)
    built.add_node(NodeDef(name="late", op="NoOp", input=["^b", "^a"]))

    exported = export_meta_graph(graph=built, contract=contract)

    assert list(exported.graph_def.node[2].input) == ["^a", "^b"]


def test_plain_and_filtered_differ_only_in_what_the_flag_asks(contract: Contract) -> None:
    """PATH-05, PATH-07: clearing the devices of a graph that has none changes nothing."""
    loaded = graph(LOADED)

    plain = export_meta_graph(graph=loaded, contract=contract)

    assert export_meta_graph(graph=loaded, contract=contract, **FILTERED) == plain


@BOTH
def test_function_bodies_are_exported_as_loaded(flags: dict[str, Any], contract: Contract) -> None:
    """LIB-04: shapes, defaults that are not stated, and order of body nodes stay."""
    functions = """
      library {
        function {
          signature { name: "f" }
          node_def { name: "y" op: "Mul" input: "x:0" input: "^z" }
          node_def { name: "z" op: "Const" attr { key: "_output_shapes" value { list { shape {} } } } }
          attr { key: "_input_shapes" value { list { shape {} } } }
        }
      }
    """

    exported = export_meta_graph(graph=graph(functions), contract=contract, **flags)

    assert exported.graph_def.library == graph_def(functions).library


@BOTH
def test_two_exports_of_a_graph_are_equal(flags: dict[str, Any], contract: Contract) -> None:
    """CALL-12: exporting changes nothing that a second export would show."""
    loaded = graph(LOADED, k='bytes_list { value: "x" }')

    first = export_meta_graph(graph=loaded, contract=contract, **flags)

    assert export_meta_graph(graph=loaded, contract=contract, **flags) == first


def test_an_export_is_a_message_of_the_private_schema(contract: Contract) -> None:
    """CALL-02: the result is a MetaGraphDef, also where all that was given came as bytes."""
    loaded = Graph.from_meta_graph_def(meta_graph(LOADED).SerializeToString())

    assert type(export_meta_graph(graph=loaded, contract=contract)) is MetaGraphDef


def test_a_given_graph_def_under_a_scope_has_its_own_surroundings() -> None:
    """PATH-04: versions and functions are those of the graph_def and not those of the graph."""
    exported = export_meta_graph(
        graph=graph('node { name: "s/a" op: "NoOp" } versions { producer: 7 }'),
        graph_def=graph_def(LOADED),
        export_scope="s",
        contract="tensorflow",
    )
    assert exported.graph_def.versions == graph_def(LOADED).versions
    assert [function.signature.name for function in exported.graph_def.library.function] == ["f"]
