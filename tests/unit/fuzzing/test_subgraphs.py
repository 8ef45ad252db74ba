"""Parts of graphs are valid graphs: nothing in them refers to a removed node."""

from __future__ import annotations

from fuzzing_samples import chain, names

from conformance_cases import load_corpus
from pytest_metagraph.fuzzing.subgraphs import part_of, without_functions, without_nodes
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import CondContextDef


def test_the_readers_of_a_node_are_removed_with_it() -> None:
    """Without b there is no c, and a node that was colocated with b has no colocation."""
    left = without_nodes(chain(), ["b"])
    assert names(left) == ["a", "d"]
    assert "_class" not in left.graph_def.node[1].attr


def test_a_control_input_is_removed_and_the_node_stays() -> None:
    """A node that only waited for a removed node stays, and waits for nothing."""
    left = without_nodes(chain(), ["a"])
    assert names(left) == ["d"]
    assert not left.graph_def.node[0].input


def test_collections_lose_items_of_removed_nodes() -> None:
    """Items that refer to a removed node are removed, and so is a collection without items."""
    left = without_nodes(chain(), ["c"])
    assert sorted(left.collection_def) == ["nodes"]
    assert list(left.collection_def["nodes"].node_list.value) == ["a:0", "b:0", "d"]


def test_a_part_contains_everything_that_its_nodes_read() -> None:
    """A part contains its nodes, their data and control inputs, and nothing else."""
    assert names(part_of(chain(), ["c"])) == ["a", "b", "c"]
    assert names(part_of(chain(), ["d"])) == ["a", "d"]
    assert names(part_of(chain(), [])) == []


def test_the_given_graph_is_not_changed() -> None:
    """Removing nodes changes only the copy."""
    graph = chain()
    part_of(graph, ["d"])
    without_nodes(graph, ["a"])
    assert graph == chain()


def test_functions_that_are_called_stay() -> None:
    """A function stays if a node, or another function that stays, refers to it."""
    graph = chain()
    for name, called in (("f", "g"), ("g", "NoOp"), ("unused", "f")):
        function = graph.graph_def.library.function.add()
        function.signature.name = name
        function.node_def.add(name="body", op=called)
    graph.graph_def.node[2].attr["f"].func.name = "f"
    left = without_functions(graph).graph_def.library.function
    assert [function.signature.name for function in left] == ["f", "g"]
    assert not part_of(graph, ["b"]).graph_def.HasField("library")


def test_contexts_lose_inner_tensors_and_stay() -> None:
    """A control-flow context loses the inner tensors of removed nodes from its list, and stays."""
    graph = chain()
    context = CondContextDef(context_name="cond", pred_name="a:0", pivot_name="b:0")
    context.values_def.values.extend(["a:0", "c:0"])
    graph.collection_def["cond_context"].bytes_list.value.append(context.SerializeToString())
    (left,) = without_nodes(graph, ["c"]).collection_def["cond_context"].bytes_list.value
    del context.values_def.values[1]
    assert CondContextDef.FromString(left) == context
    assert "cond_context" not in without_nodes(graph, ["a"]).collection_def


def test_parts_of_the_corpus_are_exported_unchanged() -> None:
    """A part of a corpus graph, one node with everything that it reads, is its own export."""
    graph = load_corpus().matrix_graphs["nested_control_flow"].message()
    for name in names(graph)[::5]:
        part = part_of(graph, [name])
        exported = export_meta_graph(graph=Graph.from_meta_graph_def(part))
        assert exported.graph_def == part.graph_def
        assert {*exported.collection_def} == {*part.collection_def}
