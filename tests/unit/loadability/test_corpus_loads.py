"""The expected messages of the corpus load in TensorFlow 2.21, except in cases about graphs that do not.

Each reason below was confirmed by real imports in TensorFlow 2.21, with which `tests/oracle` compares
them again.
"""

from __future__ import annotations

from collections import Counter

from conformance_cases import ExpectedMessage, Tier, load_corpus
from pytest_metagraph.loadability.check import checks_of
from reference_impl import Contract

UNBOUND = {"LOAD-02", "LOAD-10"}
"""Exports of a part of a graph: their inputs are unbound, and need an input_map."""

OTHERS = {
    "CALL-05/empty-saver-def-is-given": "LOAD-41",
    "CLS-01/unfiltered": "LOAD-31",
    "OPS-01/deprecated-and-internal": "LOAD-23",
    "OPS-02/called-function-named-like-an-op": "LOAD-12",
    "OPS-02/function-named-like-an-op": "LOAD-12",
    "OPS-02/recursion": "LOAD-29",
    "OPS-03/unregistered": "LOAD-16",
    "OPS-07/byte-order": "LOAD-18",
    "PATH-03/every-kind-of-attribute": "LOAD-19",
    "PATH-03/every-type": "LOAD-16",
    "PATH-03/stated-shapes-stay": "LOAD-26",
    "PATH-03/tensors-of-every-type": "LOAD-16",
    "PATH-03/verbatim": "LOAD-06",
    "PATH-04/details-stay": "LOAD-16",
    "PATH-04/full-types": "LOAD-16",
    "PATH-04/names-that-normalise-alike": "LOAD-06",
    "PATH-04/tensors-of-every-type": "LOAD-16",
    "SCOPE-03/names-at-the-limits": "LOAD-06",
    "STRIP-03/calls-before-other-nodes": "LOAD-25",
    "STRIP-03/what-stays": "LOAD-12",
    "STRIP-04/defaults-of-every-kind": "LOAD-20",
}
"""Cases about graphs that no importer accepts."""

DANGLING = {"LOAD-35", "LOAD-37"}
"""Exports whose collections name nodes that were not exported."""


def first_reasons() -> list[tuple[str, str]]:
    """Return the first case and the first reason of each different message that does not load."""
    seen: dict[bytes, str] = {}
    for case in load_corpus().cases(Tier.DEFAULT):
        for contract in Contract:
            expected = case.expectation(contract)
            if isinstance(expected, ExpectedMessage):
                seen.setdefault(expected.data, case.id)
    reasons = []
    for data, case_id in seen.items():
        (check,) = checks_of(data)
        report = check.report("2.21")
        if not report.loads:
            reasons.append((case_id, report.problems[0].code))
    return reasons


def test_what_the_corpus_expects_loads() -> None:
    """Every expected message loads, except parts of graphs, dangling collections and the listed cases."""
    reasons = first_reasons()
    listed = {case_id: code for case_id, code in reasons if code not in UNBOUND | DANGLING}
    assert listed == OTHERS
    counts = Counter(code for _, code in reasons if code in UNBOUND | DANGLING)
    assert counts == {"LOAD-02": 111, "LOAD-10": 120, "LOAD-35": 8, "LOAD-37": 12}


def test_every_input_graph_loads() -> None:
    """Every input graph of the corpus that its test does not break on purpose loads in TensorFlow 2.21."""
    refused = {}
    for name, graph in load_corpus().matrix_graphs.items():
        (check,) = checks_of(graph.data)
        report = check.report("2.21")
        if not report.loads:
            refused[name] = report.problems[0].code
    assert refused == {}
