"""Random graphs are valid, and random exports can be stated in files."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from fuzzing_samples import examiner_of, names
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance_cases import NotAsked
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
def test_a_graph_has_all_that_its_nodes_read(message: MetaGraphDef) -> None:
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
    """Nodes and collections come back from a load and an export as they went in (PATH-07)."""
    exported = export_meta_graph(graph=Graph.from_meta_graph_def(message))
    assert exported.graph_def == message.graph_def
    assert exported.collection_def == message.collection_def


@relaxed
@given(export_requests())
def test_the_reference_answers_what_is_requested(request: ExportRequest) -> None:
    """A request of the documented contract is answered, or refused as the documentation says (SCOPE-11)."""
    is_refused = {"graph_def", "export_scope"} <= request.arguments.keys()
    try:
        answered = isinstance(reference.export(request), MetaGraphDef)
    except ValueError:
        answered = False
    assert answered is not is_refused


@relaxed
@given(st.sampled_from(list(Contract)).flatmap(examples))
def test_a_case_folder_says_what_the_example_says(example: Example) -> None:
    """What is written is read back with the same graph, arguments, variant and expectation."""
    with examiner_of(reference.export, example.contract) as evaluator, tempfile.TemporaryDirectory() as root:
        evaluation = evaluator.evaluate(example)
        if isinstance(evaluation.expected, NotAsked):
            return
        write_case(Path(root, "case"), evaluation, "A sentence.", {"found_by": "a test"})
        case, contract = read_case(Path(root, "case"))
        assert contract is example.contract
        assert case.graph.message() == example.graph
        assert case.keyword_arguments() == example.arguments
        assert case.variants == (example.variant,)
        assert case.eager == example.eager
        assert case.expectation(contract) == evaluation.expected


def test_the_strategies_reach_what_is_easily_got_wrong() -> None:
    """Among few draws there are functions, loops, savers, devices, colocations and every argument."""
    drawn = list(itertools.islice(random_examples(Contract.DOCUMENTED, 0), 300))
    graphs = [str(example.graph) for example in drawn]
    for feature in ("library {", '"while_context"', '"savers"', "device:", '"_class"', '"queue_runners"'):
        assert any(feature in graph for graph in graphs), feature
    for name in ("export_scope", "graph_def", "saver_def", "meta_info_def", "collection_list"):
        assert any(name in example.arguments for example in drawn), name
    assert {example.eager for example in drawn} == {False, True}
    assert {example.variant.filename for example in drawn} == {False, True}


def test_a_seed_decides_the_examples() -> None:
    """The same seed draws the same graphs and arguments, and another seed draws others."""
    drawn = [
        [f"{example}{example.graph}" for example in itertools.islice(random_examples(contract, seed), 40)]
        for contract, seed in ((Contract.DOCUMENTED, 3), (Contract.DOCUMENTED, 3), (Contract.DOCUMENTED, 4))
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
