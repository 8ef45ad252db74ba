"""Random graphs under random arguments: the reference exports what TensorFlow exports."""

from __future__ import annotations

import collections
import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from differential.calls import Call, Mode, random_calls
from differential.fixpoints import fixpoint_of_graph
from differential.live_graphs import mirrored
from differential.random_graphs import build_random_graph
from differential.sides import ReferenceSide, Side, TensorFlowSide, loaded_sides, tensorflow_contract
from differential.verdicts import DifferenceError, Tally, compare_sides

from reference_impl.schema import MetaGraphDef

pytestmark = pytest.mark.oracle

SEEDS_VARIABLE = "METAGRAPH_ORACLE_SEEDS"
DEFAULT_SEEDS = "0-219"
CALLS_PER_GRAPH = 17
CALLS_PER_LIVE_GRAPH = 8


def _seeds() -> range:
    """The seeds in METAGRAPH_ORACLE_SEEDS: one number, or a first and a last one (`0-219`)."""
    first, _, last = os.environ.get(SEEDS_VARIABLE, DEFAULT_SEEDS).partition("-")
    return range(int(first), int(last or first) + 1)


@pytest.mark.parametrize("seed", _seeds())
def test_a_random_graph_exports_as_tensorflow_exports_it(
    oracle: Any, count: Callable[[Tally], None], seed: int
) -> None:
    """Under contract="tensorflow" every export of a seed's graph is TensorFlow's message or error."""
    data = fixpoint_of_graph(oracle, build_random_graph(oracle.tf, seed))
    count(_compare(seed, data, loaded_sides(oracle, data), CALLS_PER_GRAPH))
    count(collections.Counter(graphs=1))


@pytest.mark.parametrize("seed", _seeds())
def test_a_live_random_graph_exports_as_tensorflow_exports_it(
    oracle: Any, count: Callable[[Tally], None], seed: int
) -> None:
    """A graph built in code, never loaded, exports as it does live in TensorFlow (PATH-06, COL-12)."""
    tf = oracle.tf

    live = TensorFlowSide(oracle, lambda: build_random_graph(tf, seed, functions=False))
    sides = live, ReferenceSide(lambda: mirrored(tf, live.graph))
    with live.graph.as_default():
        data = (
            tf.compat.v1.train.export_meta_graph().SerializeToString()
        )  # which changes nothing in the graph
    # Eager TensorFlow names a live queue, other than a loaded one, without its scope.
    tally = _compare(seed, data, sides, CALLS_PER_LIVE_GRAPH, is_live=True)
    count(collections.Counter({"live graphs": 1, "live exports": tally.pop("exports")}) + tally)


@pytest.mark.parametrize("seed", [0, 50, 100])
def test_tensorflow_agrees_with_itself(oracle: Any, seed: int) -> None:
    """Two loads of one graph in TensorFlow export the same, so that a difference is the reference's."""
    data = fixpoint_of_graph(oracle, build_random_graph(oracle.tf, seed))
    one, _ = loaded_sides(oracle, data)
    other, _ = loaded_sides(oracle, data)
    assert _compare(seed, data, (one, other), CALLS_PER_GRAPH)["messages equal"] > 0


@pytest.mark.parametrize(
    "argument",
    [
        "export_scope",
        "graph_def",
        "saver_def",
        "meta_info_def",
        "collection_list",
        "clear_devices",
        "clear_extraneous_savers",
        "strip_default_attrs",
        "unbound_inputs_col_name",
        "as_text",
        "save_debug_info",
    ],
)
def test_an_exporter_that_ignores_an_argument_is_found(oracle: Any, argument: str) -> None:
    """The random calls use every argument so that an exporter deaf to it differs from TensorFlow."""

    def deaf(**arguments: Any) -> Any:
        arguments.pop(argument, None)
        return tensorflow_contract(**arguments)

    found = False
    for seed in range(12):
        data = fixpoint_of_graph(oracle, build_random_graph(oracle.tf, seed))
        try:
            _compare(seed, data, loaded_sides(oracle, data, exporter=deaf), CALLS_PER_GRAPH)
        except DifferenceError:
            found = True
            break
    assert found


def test_the_default_run_is_as_large_as_it_claims() -> None:
    """At least 200 graphs are taken, and more than 3,000 calls are made, if no seeds are given."""
    first, last = map(int, DEFAULT_SEEDS.split("-"))
    graphs = last - first + 1
    assert graphs >= 200
    assert graphs * CALLS_PER_GRAPH > 3000


def _compare(seed: int, data: bytes, sides: tuple[Side, Side], calls: int, *, is_live: bool = False) -> Tally:
    """Make the calls of a seed on both sides, without those that a live graph answers differently eagerly."""
    message = MetaGraphDef.FromString(data)
    drawn = random_calls(message, random.Random(seed), calls)  # noqa: S311 - reproducible, not secret
    names_queues = "queue_runners" in message.collection_def
    drawn = [
        call for call in drawn if not (is_live and _is_answered_eagerly(call, names_queues=names_queues))
    ]
    try:
        return compare_sides(*sides, drawn, keys=set(message.collection_def))
    except DifferenceError as problem:
        replay = f"{SEEDS_VARIABLE}={seed} pytest tests/oracle/test_random_graphs.py"
        raise DifferenceError(f"seed {seed}; replay with: {replay}\n\n{problem}") from None


def _is_answered_eagerly(call: Call, *, names_queues: bool) -> bool:
    """Whether eager TensorFlow answers a call: a falsy graph_def that is not None passes (EAG-03).

    Then the graph is exported live, which is compared unless it names live queues.
    """
    if call.mode is Mode.EAGER_WITHOUT_GRAPH_DEF:
        return names_queues and call.arguments.get("graph_def") is not None
    return call.mode is Mode.EAGER
