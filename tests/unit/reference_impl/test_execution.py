"""Default graphs and eager execution (CALL-10, EAG)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from small_graphs import entries, graph, graph_def, graph_with_items, node_names

from reference_impl import Contract, Graph, eager_execution, export_meta_graph, get_default_graph
from reference_impl.schema import GraphDef, MetaGraphDef, SaverDef, VariableDef

NODES = 'node { name: "a" op: "NoOp" }'
OTHER = 'node { name: "b" op: "NoOp" }'


def test_without_a_graph_the_default_one_is_exported(contract: Contract) -> None:
    """CALL-10: the innermost `as_default` decides, and the outer one applies again after it."""
    with graph(NODES).as_default() as outer:
        with graph(OTHER).as_default():
            assert node_names(export_meta_graph(contract=contract)) == ["b"]
        assert node_names(export_meta_graph(contract=contract)) == ["a"]
        assert get_default_graph() is outer


def test_a_given_graph_goes_before_the_default_one(contract: Contract) -> None:
    """CALL-10: the result is that of exporting it as default."""
    given = graph(NODES)

    with graph(OTHER).as_default():
        exported = export_meta_graph(graph=given, contract=contract)
    with given.as_default():
        assert exported == export_meta_graph(contract=contract)


def test_collections_come_from_the_default_graph(contract: Contract) -> None:
    """CALL-10: also where a graph_def is given."""
    with graph(OTHER, k="int64_list { value: 1 }").as_default():
        exported = export_meta_graph(graph_def=graph_def(NODES), contract=contract)

    assert node_names(exported) == ["a"]
    assert list(exported.collection_def) == ["k"]


def test_outside_of_every_context_the_process_has_a_default_graph(contract: Contract) -> None:
    """CALL-10: it is always the same one, and empty until somebody fills it."""
    assert get_default_graph() is get_default_graph()
    assert export_meta_graph(contract=contract).graph_def == GraphDef(versions={"producer": 2474})


def test_a_default_graph_is_that_of_its_thread(contract: Contract) -> None:
    """CALL-10: another thread sees the graph of the process."""
    seen: list[Graph] = []

    with graph(NODES).as_default() as here:
        other = threading.Thread(target=lambda: seen.append(get_default_graph()))
        other.start()
        other.join()
        assert node_names(export_meta_graph(contract=contract)) == ["a"]

    assert seen == [get_default_graph()]
    assert seen != [here]


def test_an_error_restores_the_default_graph() -> None:
    """CALL-10: leaving `as_default` by an exception is leaving it."""
    outside = get_default_graph()

    with pytest.raises(KeyError), Graph().as_default(), eager_execution():
        raise KeyError

    assert get_default_graph() is outside


INCOMPLETE: list[dict[str, Any]] = [{}, {"graph": Graph()}, {"graph_def": GraphDef()}]


@pytest.mark.parametrize("given", INCOMPLETE, ids=["neither", "graph", "graph_def"])
def test_an_eager_export_needs_both_graph_and_graph_def(
    given: dict[str, Any], tmp_path: Path, contract: Contract
) -> None:
    """EAG-01: otherwise it is a RuntimeError, and no file is written."""
    with eager_execution(), pytest.raises(RuntimeError, match="when eager execution is enabled"):
        export_meta_graph(tmp_path / "m", contract=contract, **given)

    assert list(tmp_path.iterdir()) == []


def test_an_eager_export_with_both_is_that_of_any_graph(contract: Contract) -> None:
    """EAG-02: nodes come from graph_def and collections from graph."""
    given: dict[str, Any] = {
        "graph": graph(OTHER, k="int64_list { value: 1 }"),
        "graph_def": graph_def(NODES),
        "contract": contract,
    }

    with eager_execution():
        exported = export_meta_graph(**given)

    assert exported == export_meta_graph(**given)
    assert list(exported.collection_def) == ["k"]


def test_resource_variables_can_not_be_exported_eagerly(
    contract: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    """EAG-02: their collections are dropped with a warning, those of reference variables and savers stay."""
    built = graph(
        variables=[VariableDef(variable_name="r:0"), VariableDef(variable_name="v:0", is_resource=True)],
        trainable_variables=[VariableDef(variable_name="r:0")],
        savers=[SaverDef(restore_op_name="x")],
    )

    with eager_execution():
        exported = export_meta_graph(graph=built, graph_def=GraphDef(), contract=contract)

    assert set(exported.collection_def) == {"trainable_variables", "savers"}
    assert entries(exported, "trainable_variables", VariableDef) == [VariableDef(variable_name="r:0")]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "'variables'" in caplog.text


def test_the_eager_check_looks_for_none_only(contract: Contract) -> None:
    """EAG-03: an empty dict passes it, and then means "not given"."""
    nothing: Any = {}

    with eager_execution():
        exported = export_meta_graph(graph=graph(NODES), graph_def=nothing, contract=contract)

    assert node_names(exported) == ["a"]


def test_a_context_of_a_graph_is_not_eager(contract: Contract) -> None:
    """EAG-04: inside `as_default` there is a graph, even if eager execution surrounds it."""
    with eager_execution(), graph(NODES).as_default():
        assert node_names(export_meta_graph(contract=contract)) == ["a"]
        with eager_execution(), pytest.raises(RuntimeError):
            export_meta_graph(contract=contract)


def test_eager_execution_ends_with_its_block(contract: Contract) -> None:
    """EAG-01: after it, exports work as before."""
    with eager_execution():
        pass

    exported = export_meta_graph(graph=graph_with_items("k", 1), contract=contract)

    assert type(exported) is MetaGraphDef
