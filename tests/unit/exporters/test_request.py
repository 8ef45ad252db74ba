"""A request has its graph as bytes and as a message, and parses it only if somebody reads the message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from pytest_metagraph.exporters.answers import Exported
from pytest_metagraph.exporters.request import ExportRequest, RequestGraph
from pytest_metagraph.exporters.supervised import CAN_FORK, Supervised
from reference_impl.schema import GraphDef, MetaGraphDef

DATA = MetaGraphDef(graph_def=GraphDef(version=7)).SerializeToString()
MESSAGE = MetaGraphDef.FromString(DATA)


def test_a_graph_stays_bytes_until_it_is_read() -> None:
    """The bytes are handed on as they are, and follow the message once somebody may have changed it."""
    request = ExportRequest(RequestGraph(DATA), {})
    assert request.serialised_graph is DATA
    assert request.graph == MESSAGE
    request.graph.graph_def.node.add(name="new")
    assert MetaGraphDef.FromString(request.serialised_graph).graph_def.node[0].name == "new"


def test_a_message_stays_the_one_that_was_given() -> None:
    """A request of a message has that message and not a copy, and so has a request that replaces another."""
    request = ExportRequest(MESSAGE, {})
    assert request.graph is MESSAGE
    assert replace(request, eager=True).graph is MESSAGE
    assert request.serialised_graph == DATA


def test_graphs_are_the_same_if_they_share_a_message() -> None:
    """Two graphs with equal bytes are two graphs; two graphs of one message are one."""
    graph = RequestGraph(DATA)
    assert graph.is_same(graph)
    assert not graph.is_same(None)
    assert not graph.is_same(RequestGraph(DATA))
    assert RequestGraph.of(MESSAGE).is_same(RequestGraph.of(MESSAGE))
    assert not RequestGraph.of(MetaGraphDef()).is_same(RequestGraph.of(MetaGraphDef()))


@pytest.fixture
def growing() -> Iterator[Supervised]:
    """Start an exporter that adds a node to the graph of each request and returns it."""

    def export(request: ExportRequest) -> MetaGraphDef:
        request.graph.graph_def.node.add()
        return request.graph

    with closing(Supervised(lambda: export, "the exporter", 20.0)) as client:
        yield client


@pytest.mark.skipif(not CAN_FORK, reason="functions are called in the process of the kit")
def test_an_equal_graph_is_a_new_one(growing: Supervised) -> None:
    """What an exporter does to one graph does not reach the next one, even if it is not sent again."""
    first, second = RequestGraph(DATA), RequestGraph(DATA)
    counts = []
    for graph in (first, first, second, first):
        answer = growing.export(ExportRequest(graph, {}))
        assert isinstance(answer, Exported)
        counts.append(len(answer.message.graph_def.node))
    assert counts == [1, 2, 1, 1]
    growing.take_changes(second)
    assert second.message == MESSAGE
    growing.take_changes(first)
    assert len(first.message.graph_def.node) == 1
