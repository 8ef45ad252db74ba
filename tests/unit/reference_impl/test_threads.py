"""Exports of one graph from several threads are those of one thread."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conformance_cases import load_corpus
from reference_impl import Contract, Graph, eager_execution, export_meta_graph, get_default_graph
from reference_impl.schema import SaverDef

THREADS = 8
CALLS: tuple[dict[str, Any], ...] = (
    {},
    {"export_scope": "model"},
    {"clear_devices": True, "strip_default_attrs": True},
    {"clear_extraneous_savers": True, "saver_def": SaverDef(save_tensor_name="a:0", restore_op_name="b")},
    {"collection_list": ["variables"], "export_scope": "model/"},
)


def _bytes(graph: Graph, call: dict[str, Any], **more: Any) -> bytes:
    return export_meta_graph(graph=graph, **call, **more).SerializeToString(deterministic=True)


def _at_once(count: int, work: Any) -> list[Any]:
    """Call `work` with a number in each of so many threads, which all start together."""
    barrier = threading.Barrier(count)

    def started(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(started, range(count)))


@pytest.mark.parametrize("name", ["several_savers", "nested_control_flow", "function_library"])
def test_eight_threads_export_what_one_does(name: str) -> None:
    """Every thread makes every call on one graph, new to all of them, in an order of its own."""
    data = load_corpus().matrix_graphs[name].data
    alone = [_bytes(Graph.from_meta_graph_def(data), call) for call in CALLS]
    shared = Graph.from_meta_graph_def(data)

    def work(number: int) -> list[bytes]:
        order = [(number + step) % len(CALLS) for step in range(len(CALLS))]
        answers = {index: _bytes(shared, CALLS[index]) for index in order * 3}
        return [answers[index] for index in range(len(CALLS))]

    assert _at_once(THREADS, work) == [alone] * THREADS


def test_plain_exports_under_the_contract_of_tensorflow_are_equal() -> None:
    """The contract that leaves traces leaves none in plain exports, from eight threads neither."""
    data = load_corpus().matrix_graphs["several_savers"].data
    alone = _bytes(Graph.from_meta_graph_def(data), {}, contract=Contract.TENSORFLOW)
    shared = Graph.from_meta_graph_def(data)
    answers = _at_once(THREADS, lambda _: _bytes(shared, {}, contract=Contract.TENSORFLOW))
    assert answers == [alone] * THREADS


def test_each_thread_has_a_default_graph_of_its_own() -> None:
    """Which graph is the default, and whether execution is eager, each thread says for itself."""
    graphs = [Graph() for _ in range(THREADS)]
    barrier = threading.Barrier(THREADS)

    def work(number: int) -> bool:
        with graphs[number].as_default():
            barrier.wait()
            is_own = get_default_graph() is graphs[number]
            with eager_execution():
                barrier.wait()
            return is_own

    assert _at_once(THREADS, work) == [True] * THREADS
