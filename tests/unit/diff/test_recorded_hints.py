"""Hints on recorded graphs: the cause is named first if a real graph is exported with one mistake."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from diff_rows import compared

from conformance_cases import load_corpus
from pytest_metagraph.diff import HintCode
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef

_FUNCTION = re.compile(rb"__inference_\w+?_(\d+)")


def _export(name: str, **arguments: Any) -> MetaGraphDef:
    """Export a recorded graph with the reference exporter."""
    graph = Graph.from_meta_graph_def(load_corpus().graphs[name].data)
    return export_meta_graph(graph=graph, **arguments)


def _changed(name: str, change: Callable[[MetaGraphDef], None], **arguments: Any) -> MetaGraphDef:
    message = _export(name, **arguments)
    change(message)
    return message


def _drop_shapes(message: MetaGraphDef) -> None:
    for node in message.graph_def.node:
        node.attr.pop("_output_shapes", None)


def _drop_versions(message: MetaGraphDef) -> None:
    message.graph_def.ClearField("versions")


def _add_scope(message: MetaGraphDef) -> None:
    """Restore the scope that the export has stripped."""
    for node in message.graph_def.node:
        node.name = f"tower_1/{node.name}"
        node.input[:] = [re.sub(r"^(\^?)", r"\1tower_1/", name) for name in node.input]


def _rename_constant(message: MetaGraphDef) -> None:
    """Rename the first constant, also in the inputs of other nodes."""
    old = next(node.name for node in message.graph_def.node if node.op == "Const")
    for node in message.graph_def.node:
        node.name = f"{old}_renamed" if node.name == old else node.name
        node.input[:] = [f"{old}_renamed" if name == old else name for name in node.input]


def _renumber_functions(message: MetaGraphDef) -> None:
    """Give each traced function another number with the same number of digits, as another process would."""
    data = message.graph_def.SerializeToString()
    renumbered = _FUNCTION.sub(lambda name: name[0][: -len(name[1])] + b"9" * len(name[1]), data)
    assert renumbered != data
    message.graph_def.ParseFromString(renumbered)


def _add_unknown_field(message: MetaGraphDef) -> None:
    message.graph_def.MergeFromString(b"\xc2\x3e\x01x")


MISTAKES: dict[HintCode, Callable[[], tuple[MetaGraphDef, MetaGraphDef]]] = {
    HintCode.CLEAR_DEVICES: lambda: (
        _export("cluster_worker", clear_devices=True),
        _export("cluster_worker"),
    ),
    HintCode.STRIP_DEFAULT_ATTRS: lambda: (
        _export("training_program", strip_default_attrs=True),
        _export("training_program"),
    ),
    HintCode.SHAPES_NOT_ADDED: lambda: (_export("transformer"), _changed("transformer", _drop_shapes)),
    HintCode.EXPORT_SCOPE: lambda: (
        _export("towers", export_scope="tower_1"),
        _changed("towers", _add_scope, export_scope="tower_1"),
    ),
    HintCode.CLEAR_EXTRANEOUS_SAVERS: lambda: (
        _export("several_savers", clear_extraneous_savers=True),
        _export("several_savers"),
    ),
    HintCode.COLLECTION_LIST: lambda: (
        _export("training_program", collection_list=["losses"]),
        _export("training_program"),
    ),
    HintCode.NODE_RENAMED: lambda: (_export("nested_loops"), _changed("nested_loops", _rename_constant)),
    HintCode.FUNCTION_RENAMED: lambda: (
        _export("function_references"),
        _changed("function_references", _renumber_functions),
    ),
    HintCode.VERSIONS_NOT_EXPORTED: lambda: (
        _export("recurrent_network"),
        _changed("recurrent_network", _drop_versions),
    ),
    HintCode.OLDER_SCHEMA: lambda: (_export("keras_vgg16"), _changed("keras_vgg16", _add_unknown_field)),
}


def test_every_hint_has_a_recorded_graph() -> None:
    """Every hint is tested on a recorded graph."""
    assert MISTAKES.keys() == set(HintCode)


@pytest.mark.parametrize("code", MISTAKES)
def test_cause_is_named_first(code: HintCode) -> None:
    """The mistake is the first cause in the report of a recorded graph."""
    expected, actual = MISTAKES[code]()
    diff = compared(expected, actual)
    assert [hint.code for hint in diff.hints][:1] == [code], diff.render()
