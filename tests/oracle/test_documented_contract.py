"""The documented contract, wherever a call of TensorFlow yields what the documentation promises."""

from __future__ import annotations

import collections
import dataclasses
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from differential.calls import Call, random_calls
from differential.comparer import difference_report
from differential.fixpoints import fixpoint_of_graph
from differential.random_graphs import build_random_graph
from differential.sides import loaded_sides
from differential.verdicts import Tally, reason_to_skip_call, reason_to_skip_outcome

from reference_impl import Graph, export_meta_graph
from reference_impl.schema import CondContextDef, MetaGraphDef, WhileContextDef

pytestmark = pytest.mark.oracle

SEEDS = range(1000, 1060)
SCOPES_PER_GRAPH = 12
CALLS_PER_GRAPH = 12
_CALLING_OPS = {"PartitionedCall", "StatefulPartitionedCall"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_scope_selects_what_tensorflow_selects_with_a_slash(
    oracle: Any, count: Callable[[Tally], None], seed: int
) -> None:
    """A scope, with or without a slash at its end, is TensorFlow's scope with one (SCOPE-01 to SCOPE-03)."""
    v1 = oracle.tf.compat.v1
    data = fixpoint_of_graph(oracle, build_random_graph(oracle.tf, seed))
    graph = Graph.from_meta_graph_def(data)
    loaded = oracle.load_without_saver(v1.MetaGraphDef.FromString(data))
    tally: Tally = collections.Counter()
    for scope in _literal_scopes(data, seed):
        with loaded.as_default():
            try:
                expected = v1.train.export_meta_graph(export_scope=f"{scope}/").SerializeToString()
            except (UnboundLocalError, TypeError):
                tally["skipped: FRM-02: a frame_name outside the scope crashes TensorFlow"] += 1
                continue
        if _has_nested_contexts(expected):
            tally["skipped: COL-15: TensorFlow does not strip nested contexts"] += 1
            continue
        for spelling in (scope, f"{scope}/"):
            actual = export_meta_graph(graph=graph, export_scope=spelling).SerializeToString()
            report = difference_report(expected=expected, actual=actual, library_ordered=False)
            assert not report, f"seed {seed}, export_scope={spelling!r}:\n{report}"
            tally["documented exports equal"] += 1
    count(tally)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_export_is_that_of_a_graph_without_history(
    oracle: Any, count: Callable[[Tally], None], tmp_path: Path, seed: int
) -> None:
    """Each of many exports of one graph is what TensorFlow exports from a fresh load (UNB-07, UNB-08)."""
    data = fixpoint_of_graph(oracle, build_random_graph(oracle.tf, seed))
    keys = set(MetaGraphDef.FromString(data).collection_def)
    expected, actual = loaded_sides(oracle, data, exporter=export_meta_graph)
    before = {key: actual.graph.get_collection(key) for key in keys}
    for number, call in enumerate(_unscoped_calls(data, seed)):
        if reason_to_skip_call(call, keys):
            continue
        expected.reload()
        right = expected.export(call, tmp_path / f"{number} expected")
        if reason_to_skip_outcome(right):
            continue
        seen = actual.export(call, tmp_path / f"{number} actual")
        assert seen.error == right.error, f"seed {seed}, {call}: {seen.error_text}"
        if right.message is not None:
            assert seen.message is not None
            report = difference_report(
                expected=_without_added_calls(right.message),
                actual=_without_added_calls(seen.message),
                library_ordered=call.given_graph_def,
            )
            assert not report, f"seed {seed}, {call}:\n{report}"
        count(collections.Counter({"documented exports equal": 1}))
    assert {key: actual.graph.get_collection(key) for key in keys} == before


def _without_added_calls(data: bytes) -> bytes:
    """Return an export without the empty attributes that TensorFlow adds to calls of no function (OPS-05)."""
    exported = MetaGraphDef.FromString(data)
    for node in exported.graph_def.node:
        if node.op in _CALLING_OPS and not node.attr["f"].ListFields():
            del node.attr["f"]
    return exported.SerializeToString()


def _unscoped_calls(data: bytes, seed: int) -> list[Call]:
    """Random calls without the arguments at which the two contracts part.

    These are SCOPE-01, UNB-08 and DBG-01, and a text in place of a list of keys (CALL-13).
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    parting = ("export_scope", "unbound_inputs_col_name", "save_debug_info")
    return [
        dataclasses.replace(
            call,
            arguments={name: value for name, value in call.arguments.items() if name not in parting},
        )
        for call in random_calls(MetaGraphDef.FromString(data), rng, CALLS_PER_GRAPH)
        if not isinstance(call.arguments.get("collection_list"), str)
    ]


def _literal_scopes(data: bytes, seed: int) -> list[str]:
    """Some scopes of a graph that mean the same as text and as a regular expression (SCOPE-08)."""
    names = [node.name for node in MetaGraphDef.FromString(data).graph_def.node]
    scopes = {name[:end] for name in names for end in _slashes(name)}
    literal = sorted(
        scope
        for scope in scopes
        if not any(re.fullmatch(scope, other) and other != scope for other in scopes)
    )
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    return rng.sample(literal, min(SCOPES_PER_GRAPH, len(literal)))


def _slashes(name: str) -> list[int]:
    return [index for index, character in enumerate(name) if character == "/"]


def _has_nested_contexts(data: bytes) -> bool:
    """Whether a cond or while context with contexts inside it is exported."""
    exported = MetaGraphDef.FromString(data).collection_def
    contexts: list[CondContextDef | WhileContextDef] = [
        *map(CondContextDef.FromString, exported["cond_context"].bytes_list.value),
        *map(WhileContextDef.FromString, exported["while_context"].bytes_list.value),
    ]
    return any(context.nested_contexts for context in contexts)
