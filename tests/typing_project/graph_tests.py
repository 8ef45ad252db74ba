"""Tests of a user: every fixture and every public name, typed."""

from __future__ import annotations

from pathlib import Path

import pytest

import pytest_metagraph as mg
from conformance_cases import Case
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef


def exported() -> MetaGraphDef:
    """Export an empty graph."""
    return export_meta_graph(graph=Graph())


def test_snapshot(metagraph_snapshot: mg.Snapshots) -> None:
    """Compare with a snapshot."""
    metagraph_snapshot(exported(), name="empty", options=mg.CompareOptions(check_node_order=True))


def test_assertions(assert_metagraph: mg.AssertMetaGraph, assert_loadable: mg.AssertLoadable) -> None:
    """Compare with a message and a file, and check a version of TensorFlow."""
    assert_metagraph(actual=exported(), expected=Path("golden.meta"), actual_label="mine")
    assert_loadable(exported(), tensorflow="1.15")


def test_cases(metagraph_cases: tuple[Case, ...], metagraph_exporter: mg.Exporter) -> None:
    """Call the exporter with the graphs of the selected cases."""
    for case in metagraph_cases:
        metagraph_exporter(mg.ExportRequest(case.graph.message(), case.keyword_arguments()))


def test_client(metagraph_client: mg.ExporterClient) -> None:
    """Read what a worker declares."""
    name: str = metagraph_client.name
    assert name


def test_functions(tmp_path: Path) -> None:
    """Use the functions, their results and their errors."""
    diff: mg.MetaGraphDiff = mg.diff_meta_graphs(actual=exported(), expected=exported().SerializeToString())
    codes: list[mg.DifferenceCode] = [difference.code for difference in diff.differences]
    report: mg.LoadReport = mg.check_meta_graph(exported(), tensorflow="2.21")
    problems: list[mg.LoadProblem] = list(report.problems)
    message, dropped = mg.make_loadable(exported(), tensorflow="1.15")
    assert message.IsInitialized()
    assert [*codes, *problems, *dropped] == []
    with pytest.raises(mg.UnusableInputError) as refused:
        mg.assert_meta_graph_equal(actual=tmp_path / "absent.meta", expected=exported())
    assert refused.value.side == "actual"
    errors: tuple[type[Exception], ...] = (mg.MetagraphError, mg.SnapshotError, mg.NotLoadableError)
    assert issubclass(mg.SnapshotError, errors)
    with pytest.raises(mg.MetaGraphMismatch) as different:
        mg.assert_meta_graph_equal(actual=MetaGraphDef(), expected=exported())
    assert different.value.diff.groups
