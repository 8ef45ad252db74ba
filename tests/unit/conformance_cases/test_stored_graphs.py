"""The stored files of the matrix graphs."""

from __future__ import annotations

import hashlib
import tomllib

import pytest
from google.protobuf import text_format

from conformance_cases import load_corpus
from conformance_cases.corpus import GRAPH_FOLDERS
from conformance_cases.requirement_mapping import Feature, features_of
from reference_impl.schema import POOL, REGISTERED_COLLECTIONS, MetaGraphDef

MATRIX_FOLDER = GRAPH_FOLDERS["matrix"]
GRAPHS = sorted(load_corpus().matrix_graphs)


@pytest.mark.parametrize("name", GRAPHS)
def test_the_text_twin_says_the_same(name: str) -> None:
    """What a person reads is what is exported, but for payloads of not-a-numbers."""
    graph = load_corpus().matrix_graphs[name]
    text = (MATRIX_FOLDER / name / "graph.pbtxt").read_text(encoding="utf-8")
    twin = text_format.Parse(text, MetaGraphDef(), descriptor_pool=POOL)
    assert twin.SerializeToString(deterministic=True) == graph.data


@pytest.mark.parametrize("name", GRAPHS)
def test_the_index_is_true(name: str) -> None:
    """Digest and features are those of the graph, and the provenance says where it comes from."""
    graph = load_corpus().matrix_graphs[name]
    index = tomllib.loads((MATRIX_FOLDER / name / "graph.toml").read_text(encoding="utf-8"))
    assert graph.digest == hashlib.sha256(graph.data).hexdigest()
    assert graph.features == features_of(graph.message())
    assert index["provenance"]["tensorflow"] == "2.21.0"
    assert index["description"].endswith(".")


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_is_in_the_form_that_loading_leaves(name: str) -> None:
    """No node comes twice, inputs exist, control inputs are sorted and last, shapes are stated."""
    nodes = load_corpus().matrix_graphs[name].message().graph_def.node
    names = [node.name for node in nodes]
    assert len(set(names)) == len(names)
    for node in nodes:
        control = [name for name in node.input if name.startswith("^")]
        assert list(node.input)[len(node.input) - len(control) :] == sorted(set(control))
        assert {name.lstrip("^").split(":")[0] for name in node.input} <= set(names)
        assert not any(name.endswith(":0") for name in node.input)


def test_all_graphs_together_have_every_feature() -> None:
    """Whatever the rules are about is in some graph, but for nodes that were rewritten (NODE-05)."""
    features = set().union(*(graph.features for graph in load_corpus().matrix_graphs.values()))
    keys = {f"collection {key}" for key in REGISTERED_COLLECTIONS}
    assert features == {*Feature, *keys} - {Feature.EXPERIMENTAL_DEBUG_INFO}
