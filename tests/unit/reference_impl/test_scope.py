"""What an export scope selects and strips (SCOPE)."""

from __future__ import annotations

import re

import pytest
from small_graphs import entries, graph, graph_def, inputs, node_names, op_names

from reference_impl import Contract, export_meta_graph
from reference_impl.schema import NodeDef, SaverDef, VariableDef

TOWERS = """
  node { name: "tower_1" op: "NoOp" }
  node { name: "tower_1/a" op: "Const" }
  node { name: "tower_1/inner/b" op: "Identity" input: "tower_1/a" }
  node { name: "tower_10/d" op: "Const" }
  node { name: "tower_1x" op: "Const" }
  node { name: "other" op: "Placeholder" }
"""


def exported_names(nodes: str, scope: str | None, contract: Contract | str) -> list[str]:
    """The node names of an export under a scope."""
    return node_names(export_meta_graph(graph=graph(nodes), export_scope=scope, contract=contract))


def test_a_scope_selects_what_lies_below_it_as_documented() -> None:
    """SCOPE-01, SCOPE-03: `tower_1` takes `tower_1/...`, neither its siblings nor the node `tower_1`."""
    assert exported_names(TOWERS, "tower_1", "documented") == ["a", "inner/b"]


def test_a_scope_is_a_raw_prefix_in_tensorflow() -> None:
    """SCOPE-01, SCOPE-03: `tower_1` takes all that begins so, and strips only what lies below it."""
    assert exported_names(TOWERS, "tower_1", "tensorflow") == [
        "tower_1",
        "a",
        "inner/b",
        "tower_10/d",
        "tower_1x",
    ]


def test_a_part_of_a_name_is_no_scope() -> None:
    """SCOPE-03: `tower` is a prefix that strips nothing in TensorFlow, and no scope as documented."""
    assert exported_names(TOWERS, "tower", "tensorflow")[:2] == ["tower_1", "tower_1/a"]
    assert exported_names(TOWERS, "tower", "documented") == []


def test_a_trailing_slash_makes_the_scope_exact(contract: Contract) -> None:
    """SCOPE-02: `tower_1/` takes only what lies below it, and is stripped like `tower_1`."""
    assert exported_names(TOWERS, "tower_1/", contract) == ["a", "inner/b"]


@pytest.mark.parametrize("scope", ["tower_1//", "/", "^", "nothing", "nothing/", "Tower_1/"])
def test_a_scope_that_matches_nothing_is_no_error(scope: str, contract: Contract) -> None:
    """SCOPE-02, SCOPE-06: only one trailing slash is dropped; no node is selected and nothing raised."""
    assert exported_names(TOWERS, scope, contract) == []


def test_a_scope_that_matches_nothing_keeps_versions_and_library(contract: Contract) -> None:
    """SCOPE-06, LIB-03: versions and the whole library are there without any node."""
    rest = 'library { function { signature { name: "f" } } } versions { producer: 9 }'

    exported = export_meta_graph(graph=graph(TOWERS + rest), export_scope="nothing", contract=contract)

    assert exported.graph_def == graph_def(rest)


def test_further_slashes_after_the_scope_are_stripped(contract: Contract) -> None:
    """SCOPE-03: names with several slashes after the scope lose all of them."""
    assert exported_names('node { name: "s//a" op: "NoOp" }', "s", contract) == ["a"]


def test_names_that_collide_are_all_exported(contract: Contract) -> None:
    """SCOPE-04: two names that stripping makes equal stay two nodes."""
    nodes = 'node { name: "a/ab" op: "NoOp" } node { name: "a//ab" op: "NoOp" }'

    assert exported_names(nodes, "a", contract) == ["ab", "ab"]


def test_a_scope_is_stripped_once(contract: Contract) -> None:
    """SCOPE-03: a scope of the same name inside the scope stays."""
    assert exported_names('node { name: "a/a/b" op: "NoOp" }', "a", contract) == ["a/b"]


def test_siblings_collide_with_stripped_names_in_tensorflow() -> None:
    """SCOPE-04: scope `a` with `a/ab` and `ab` yields two nodes named `ab`."""
    nodes = 'node { name: "a/ab" op: "NoOp" } node { name: "ab" op: "NoOp" }'

    assert exported_names(nodes, "a", "tensorflow") == ["ab", "ab"]
    assert exported_names(nodes, "a", "documented") == ["ab"]


def test_a_nested_scope_leaves_its_parent_outside(contract: Contract) -> None:
    """SCOPE-05: inputs from the parent become unbound."""
    exported = export_meta_graph(graph=graph(TOWERS), export_scope="tower_1/inner", contract=contract)

    assert inputs(exported) == {"b": ["$unbound_inputs_tower_1/a"]}


def test_a_scope_that_names_a_node_takes_its_children() -> None:
    """SCOPE-05: the node itself is unstripped in TensorFlow, and outside the scope as documented."""
    nodes = 'node { name: "m.1/v" op: "NoOp" } node { name: "m.1/v/read" op: "NoOp" input: "^m.1/v" }'

    of_tensorflow = export_meta_graph(graph=graph(nodes), export_scope="m.1/v", contract="tensorflow")
    documented = export_meta_graph(graph=graph(nodes), export_scope="m.1/v", contract="documented")

    assert node_names(of_tensorflow) == ["m.1/v", "read"]
    assert inputs(of_tensorflow) == {"read": ["^m.1/v"]}
    assert node_names(documented) == ["read"]
    assert inputs(documented) == {"read": ["^$unbound_inputs_m.1/v"]}


def test_the_empty_scope_means_the_whole_graph(contract: Contract) -> None:
    """SCOPE-07: '' is None, so that inputs are normalised as in any plain export."""
    loaded = graph('node { name: "n" op: "NoOp" input: "^b" input: "^a" }')

    exported = export_meta_graph(graph=loaded, export_scope="", contract=contract)

    assert exported == export_meta_graph(graph=loaded, export_scope=None, contract=contract)
    assert inputs(exported) == {"n": ["^a", "^b"]}


def test_inputs_inside_the_scope_are_stripped(contract: Contract) -> None:
    """SCOPE-03: data and control inputs lose the scope, and output indices stay."""
    nodes = 'node { name: "s/b" op: "AddN" input: "s/a" input: "s/a:1" input: "^s/c" }'

    exported = export_meta_graph(graph=graph(nodes), export_scope="s", contract=contract)

    assert inputs(exported) == {"b": ["a", "a:1", "^c"]}


@pytest.mark.parametrize(("chosen", "initializer"), [("documented", "aXb/init"), ("tensorflow", "init")])
def test_a_dot_in_a_scope(chosen: str, initializer: str) -> None:
    """SCOPE-08: a dot is a dot as documented; TensorFlow strips it as a regular expression."""
    variable = VariableDef(variable_name="a.b/v:0", initializer_name="aXb/init")
    loaded = graph('node { name: "a.b/x" op: "NoOp" }', variables=[variable])

    exported = export_meta_graph(graph=loaded, export_scope="a.b", contract=chosen)

    assert node_names(exported) == ["x"]
    assert entries(exported, "variables", VariableDef) == [
        VariableDef(variable_name="v:0", initializer_name=initializer)
    ]


@pytest.mark.parametrize("scope", ["(", "[a", "*"])
def test_a_scope_that_is_no_regular_expression_raises_in_tensorflow(scope: str) -> None:
    """SCOPE-09: with variables in the graph the error is re.error; without, the export is empty."""
    nodes = 'node { name: "x" op: "NoOp" }'
    with_variables = graph(nodes, variables=[VariableDef(variable_name="v:0")])

    with pytest.raises(re.error):
        export_meta_graph(graph=with_variables, export_scope=scope, contract="tensorflow")
    assert exported_names(nodes, scope, "tensorflow") == []


@pytest.mark.parametrize("scope", ["(", "[a", "*", "a+b", "a|b", "\\d"])
def test_a_scope_is_literal_text_as_documented(scope: str) -> None:
    """SCOPE-09: what is special in a regular expression is not special in a scope."""
    loaded = graph(variables=[VariableDef(variable_name=f"{scope}/v:0")])
    for name in (scope, f"{scope}/x"):
        loaded.add_node(NodeDef(name=name, op="NoOp"))

    exported = export_meta_graph(graph=loaded, export_scope=scope, contract="documented")

    assert node_names(exported) == ["x"]
    assert entries(exported, "variables", VariableDef) == [VariableDef(variable_name="v:0")]


def test_a_scope_leaves_texts_functions_and_the_saver_alone(contract: Contract) -> None:
    """SCOPE-12: shared_name, container, other attributes, the library and saver_def keep the scope."""
    nodes = """
      node {
        name: "s/v" op: "VarHandleOp"
        attr { key: "shared_name" value { s: "s/v" } }
        attr { key: "container" value { s: "s/c" } }
        attr { key: "debug_name" value { s: "s/d" } }
        attr { key: "mine" value { s: "s/x" } }
      }
      library { function { signature { name: "s/f" } node_def { name: "s/k" op: "NoOp" } } }
    """
    saver = SaverDef(save_tensor_name="s/save:0", restore_op_name="s/restore")

    exported = export_meta_graph(graph=graph(nodes), saver_def=saver, export_scope="s", contract=contract)

    expected = graph_def(nodes)
    expected.node[0].name = "v"
    expected.versions.SetInParent()
    assert exported.graph_def == expected
    assert exported.saver_def == saver


def test_the_op_list_covers_the_selected_nodes(contract: Contract) -> None:
    """SCOPE-13: ops of nodes outside the scope are not listed."""
    exported = export_meta_graph(graph=graph(TOWERS), export_scope="tower_1/", contract=contract)

    assert op_names(exported) == ["Const", "Identity"]


@pytest.mark.parametrize("scope", ["s", "s/"])
def test_the_scope_of_the_given_path_is_that_of_the_live_one(scope: str) -> None:
    """SCOPE-11: under TensorFlow's contract a given GraphDef yields the live result, and a library marker."""
    nodes = """
      node { name: "s/a" op: "Const" attr { key: "_class" value { list { s: "loc:@s/b" } } } }
      node { name: "s/b" op: "Identity" input: "s/a" input: "t" }
      node { name: "t" op: "Const" }
    """
    live = export_meta_graph(graph=graph(nodes), export_scope=scope, contract="tensorflow")

    given = export_meta_graph(
        graph=graph(nodes), graph_def=graph_def(nodes), export_scope=scope, contract="tensorflow"
    )

    live.graph_def.library.SetInParent()
    assert given == live
    assert node_names(given) == ["a", "b"]


@pytest.mark.parametrize("scope", ["/", "s", "s/"])
def test_a_single_node_outside_the_scope_is_left_out(scope: str, contract: Contract) -> None:
    """SCOPE-01: if the scope selects none of one node, the export has no node."""
    exported = export_meta_graph(
        graph=graph('node { name: "a" op: "NoOp" }'), export_scope=scope, contract=contract
    )
    assert not exported.graph_def.node


def test_one_of_eight_nodes_is_selected(contract: Contract) -> None:
    """SCOPE-01: the number of nodes in the scope is counted, not a multiple of it."""
    nodes = "".join(f'node {{ name: "{place}/n" op: "NoOp" }}' for place in "abcdefgs")
    exported = export_meta_graph(graph=graph(nodes), export_scope="s", contract=contract)
    assert node_names(exported) == ["n"]
