"""Parts of graphs are graphs: nothing in them refers to what was taken out."""

from __future__ import annotations

from fuzzing_samples import chain, names

from conformance_cases import load_corpus
from pytest_metagraph.fuzzing.subgraphs import part_of, without_functions, without_nodes
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import CondContextDef


def test_a_node_goes_with_all_that_read_it() -> None:
    """Without b there is no c, and what was colocated with b is colocated with nothing."""
    left = without_nodes(chain(), ["b"])
    assert names(left) == ["a", "d"]
    assert "_class" not in left.graph_def.node[1].attr


def test_a_control_edge_goes_and_the_node_stays() -> None:
    """D only waits for a: without a it waits for nothing."""
    left = without_nodes(chain(), ["a"])
    assert names(left) == ["d"]
    assert not left.graph_def.node[0].input


def test_collections_lose_what_is_gone() -> None:
    """Items that name a node that is gone go, and so does a collection that loses its last item."""
    left = without_nodes(chain(), ["c"])
    assert sorted(left.collection_def) == ["nodes"]
    assert list(left.collection_def["nodes"].node_list.value) == ["a:0", "b:0", "d"]


def test_a_part_has_all_that_its_nodes_read() -> None:
    """A part is closed under data and control inputs, and has nothing else."""
    assert names(part_of(chain(), ["c"])) == ["a", "b", "c"]
    assert names(part_of(chain(), ["d"])) == ["a", "d"]
    assert names(part_of(chain(), [])) == []


def test_the_graph_that_is_given_stays_as_it_was() -> None:
    """Taking a part out of a graph changes the copy alone."""
    graph = chain()
    part_of(graph, ["d"])
    without_nodes(graph, ["a"])
    assert graph == chain()


def test_functions_that_are_called_stay() -> None:
    """A function stays as long as a node, or another function that stays, names it."""
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
    """A control-flow context lists inner tensors: one that is gone leaves its list, and the context stays."""
    graph = chain()
    context = CondContextDef(context_name="cond", pred_name="a:0", pivot_name="b:0")
    context.values_def.values.extend(["a:0", "c:0"])
    graph.collection_def["cond_context"].bytes_list.value.append(context.SerializeToString())
    (left,) = without_nodes(graph, ["c"]).collection_def["cond_context"].bytes_list.value
    del context.values_def.values[1]
    assert CondContextDef.FromString(left) == context
    assert "cond_context" not in without_nodes(graph, ["a"]).collection_def


def test_every_part_of_the_corpus_exports_as_it_is() -> None:
    """What is kept of a corpus graph with one node and its inputs is its own export: the part is whole."""
    graph = load_corpus().matrix_graphs["nested_control_flow"].message()
    for name in names(graph)[::5]:
        part = part_of(graph, [name])
        exported = export_meta_graph(graph=Graph.from_meta_graph_def(part))
        assert exported.graph_def == part.graph_def
        assert {*exported.collection_def} == {*part.collection_def}
