"""The exporters of the kit: every export sees the graph as it was loaded."""

from __future__ import annotations

import importlib
import importlib.metadata
from types import ModuleType
from typing import Any

import pytest

from conformance_cases import load_corpus
from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters.resolve import client_of
from reference_impl import Contract
from reference_impl.schema import MetaGraphDef

BOTH = ["reference", pytest.param("tensorflow", marks=pytest.mark.oracle)]


@pytest.fixture(params=BOTH)
def exporter(request: pytest.FixtureRequest) -> ModuleType:
    """Return an exporter of the kit."""
    return importlib.import_module(f"pytest_metagraph.exporters.{request.param}")


def export(
    exporter: ModuleType, *, eager: bool = False, default_graph: bool = False, **arguments: Any
) -> MetaGraphDef:
    """Export the graph `towers` under the contract "tensorflow"."""
    graph = load_corpus().graphs["towers"].message()
    request = ExportRequest(graph, arguments, default_graph, eager, Contract.TENSORFLOW)
    return MetaGraphDef.FromString(exporter.export(request).SerializeToString())


def test_unbound_inputs_of_one_export_are_not_in_the_next(exporter: ModuleType) -> None:
    """UNB-07: what a scoped export leaves in the graph is undone before the next export."""
    scoped = export(exporter, export_scope="tower_1")
    assert "unbound_inputs" in scoped.collection_def
    assert "unbound_inputs" not in export(exporter).collection_def


def test_a_collection_of_another_name_is_restored_too(exporter: ModuleType) -> None:
    """The collection of unbound inputs may have any name, even that of a collection of the graph (UNB-08)."""
    before = export(exporter).collection_def["trainable_variables"]
    export(exporter, export_scope="tower_1", unbound_inputs_col_name="trainable_variables")
    assert export(exporter).collection_def["trainable_variables"] == before


@pytest.mark.oracle
def test_a_saver_that_tensorflow_builds_is_gone_with_the_next_export() -> None:
    """SAV-06: TensorFlow builds a Saver in the default graph, and the next export has a graph without it."""
    tensorflow = importlib.import_module("pytest_metagraph.exporters.tensorflow")
    before = export(tensorflow, default_graph=True)
    export(tensorflow, default_graph=True, clear_extraneous_savers=True)
    assert export(tensorflow, default_graph=True) == before


def test_eager_execution_is_refused(exporter: ModuleType) -> None:
    """EAG-01: a call in eager execution without a graph_def raises RuntimeError."""
    with pytest.raises(RuntimeError, match="eager execution"):
        export(exporter, eager=True)


def test_eager_execution_with_graph_and_graph_def_exports(exporter: ModuleType) -> None:
    """EAG-02: a call in eager execution with both graph_def and graph exports the graph_def."""
    graph_def = load_corpus().graphs["towers"].message().graph_def
    exported = export(exporter, eager=True, graph_def=graph_def, collection_list=[])
    assert [node.name for node in exported.graph_def.node] == [node.name for node in graph_def.node]


def test_the_default_graph_is_exported_if_requested(exporter: ModuleType) -> None:
    """CALL-10: without the argument graph, the default graph is exported, with the same result."""
    assert export(exporter, default_graph=True).graph_def == export(exporter).graph_def


def test_the_reference_declares_the_version_of_the_kit() -> None:
    """Reports and known failures can distinguish versions of the reference."""
    reference = importlib.import_module("pytest_metagraph.exporters.reference")
    assert client_of(reference.export).version == importlib.metadata.version("pytest-metagraph")


@pytest.mark.oracle
def test_tensorflow_declares_its_version() -> None:
    """The adapter declares the installed version, which the shipped list of known failures depends on."""
    tensorflow = importlib.import_module("pytest_metagraph.exporters.tensorflow")
    assert client_of(tensorflow.export).version == importlib.metadata.version("tensorflow-cpu")
