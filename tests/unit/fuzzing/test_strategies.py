"""Random graphs are valid, and random exports can be written as case folders."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from fuzzing_samples import evaluator_of, names
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance_cases import NotAsked
from conformance_cases.requirement_case import with_op_list
from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters import reference
from pytest_metagraph.fuzzing.case_folder import read_case, write_case
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.generate import random_examples
from pytest_metagraph.fuzzing.strategies import examples, export_requests, meta_graphs
from pytest_metagraph.fuzzing.subgraphs import producer
from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef, registered_ops

relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(meta_graphs())
def test_a_graph_contains_everything_that_its_nodes_read(message: MetaGraphDef) -> None:
    """Names are unique, and every input, of a registered op or a function, comes from a node of the graph."""
    known = names(message)
    functions = {function.signature.name for function in message.graph_def.library.function}
    assert len(known) == len(set(known))
    for node in message.graph_def.node:
        assert {*map(producer, node.input)} <= set(known)
        assert node.op in registered_ops() or node.op in functions


@relaxed
@given(meta_graphs())
def test_a_graph_is_its_own_export(message: MetaGraphDef) -> None:
    """Loading and exporting a graph does not change nodes and collections (PATH-07)."""
    exported = export_meta_graph(graph=Graph.from_meta_graph_def(message))
    assert exported.graph_def == message.graph_def
    assert exported.collection_def == message.collection_def


@relaxed
@given(export_requests())
def test_the_reference_answers_every_request(request: ExportRequest) -> None:
    """A request is answered, unless the documentation says that it is refused (SCOPE-11)."""
    is_refused = {"graph_def", "export_scope"} <= request.arguments.keys()
    try:
        answered = isinstance(reference.export(request), MetaGraphDef)
    except ValueError:
        answered = False
    assert answered is not is_refused


@relaxed
@given(st.sampled_from(list(Contract)).flatmap(examples))
def test_a_case_folder_is_read_as_the_example_that_was_written(example: Example) -> None:
    """A written example is read with the same arguments, variant and expectation, and with its op list."""
    with evaluator_of(reference.export, example.contract) as evaluator, tempfile.TemporaryDirectory() as root:
        evaluation = evaluator.evaluate(example)
        if isinstance(evaluation.expected, NotAsked):
            return
        write_case(Path(root, "case"), evaluation, "A sentence.", {"found_by": "a test"})
        case, contract = read_case(Path(root, "case"))
        assert contract is example.contract
        assert case.graph.message() == with_op_list(example.graph)
        assert case.keyword_arguments() == example.arguments
        assert case.variants == (example.variant,)
        assert case.eager == example.eager
        assert case.expectation(contract) == evaluation.expected


def test_the_strategies_reach_error_prone_features() -> None:
    """A few hundred examples include functions, loops, savers, devices, colocations and every argument."""
    generated = list(itertools.islice(random_examples(Contract.DOCUMENTED, 0), 300))
    graphs = [str(example.graph) for example in generated]
    for feature in ("library {", '"while_context"', '"savers"', "device:", '"_class"', '"queue_runners"'):
        assert any(feature in graph for graph in graphs), feature
    for name in ("export_scope", "graph_def", "saver_def", "meta_info_def", "collection_list"):
        assert any(name in example.arguments for example in generated), name
    assert {example.eager for example in generated} == {False, True}
    assert {example.variant.filename for example in generated} == {False, True}


def test_a_seed_decides_the_examples() -> None:
    """The same seed generates the same graphs and arguments, and another seed generates others."""
    generated = [
        [f"{example}{example.graph}" for example in itertools.islice(random_examples(contract, seed), 40)]
        for contract, seed in ((Contract.DOCUMENTED, 3), (Contract.DOCUMENTED, 3), (Contract.DOCUMENTED, 4))
    ]
    assert generated[0] == generated[1]
    assert generated[0] != generated[2]
