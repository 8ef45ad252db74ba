"""Ten mistakes of exporters and the report for each, as the documentation shows them.

Run `python tests/unit/diff/ten_mistakes.py` to update the page after the differ's texts have changed. The
page has one block for each mistake, after a comment with its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diff_models import towers

from pytest_metagraph.diff import diff_meta_graphs
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef, VariableDef

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "semantic-equality.md"
_BLOCK = re.compile(
    r"(?P<mark><!-- mistake: (?P<name>[a-z-]+) -->\n\n```text\n).*?(?=^```$)", re.DOTALL | re.MULTILINE
)


def _export(**arguments: Any) -> MetaGraphDef:
    """Export the small model with the reference exporter."""
    return export_meta_graph(graph=Graph.from_meta_graph_def(towers()), **arguments)


def devices_kept() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter ignores `clear_devices`."""
    return _export(clear_devices=True), _export()


def defaults_kept() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter sets `stripped_default_attrs` and strips nothing."""
    actual = _export()
    actual.meta_info_def.stripped_default_attrs = True
    return _export(strip_default_attrs=True), actual


def scope_not_stripped() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter selects the nodes in a scope and keeps the scope in their names."""
    expected, actual = _export(export_scope="tower_1"), _export(export_scope="tower_1")
    for node in actual.graph_def.node:
        node.name = f"tower_1/{node.name}"
        node.input[:] = [re.sub(r"^(\^?)", r"\1tower_1/", name) for name in node.input]
    return expected, actual


def collections_not_chosen() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter ignores `collection_list`."""
    return _export(collection_list=["losses"]), _export()


def savers_kept() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter ignores `clear_extraneous_savers`."""
    return _export(clear_extraneous_savers=True), _export()


def functions_dropped() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter writes the nodes without the function library."""
    expected, actual = _export(), _export()
    actual.graph_def.ClearField("library")
    return expected, actual


def shapes_not_added() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter writes the nodes without the shapes of their outputs."""
    expected, actual = _export(), _export()
    for node in actual.graph_def.node:
        node.attr.pop("_output_shapes")
    return expected, actual


def versions_not_exported() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter builds a new GraphDef and copies only the nodes."""
    expected, actual = _export(), _export()
    actual.graph_def.ClearField("versions")
    return expected, actual


def node_renamed() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter gives one node another name."""
    expected, actual = _export(), _export()
    renamed = actual.graph_def.SerializeToString().replace(b"tower_0/read", b"tower_0/look")
    actual.graph_def.ParseFromString(renamed)
    variables = actual.collection_def["variables"].bytes_list.value
    for index, item in enumerate(variables):
        variable = VariableDef.FromString(item)
        variable.snapshot_name = variable.snapshot_name.replace("tower_0/read", "tower_0/look")
        variables[index] = variable.SerializeToString()
    return expected, actual


def constant_rounded() -> tuple[MetaGraphDef, MetaGraphDef]:
    """The exporter converts constants to half precision."""
    expected, actual = _export(), _export()
    for message, values in ((expected, [0.1, 2.5, 0.3]), (actual, [0.0999755859375, 2.5, 0.300048828125])):
        tensor = message.graph_def.node[-4].attr["value"].tensor
        tensor.dtype = 1
        tensor.tensor_shape.dim.add(size=3)
        tensor.float_val.extend(values)
    return expected, actual


MISTAKES: dict[str, Callable[[], tuple[MetaGraphDef, MetaGraphDef]]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        devices_kept,
        defaults_kept,
        scope_not_stripped,
        collections_not_chosen,
        savers_kept,
        functions_dropped,
        shapes_not_added,
        versions_not_exported,
        node_renamed,
        constant_rounded,
    )
}


def text_of(name: str) -> str:
    """Return the report for a mistake."""
    expected, actual = MISTAKES[name]()
    diff = diff_meta_graphs(
        expected=expected, actual=actual, expected_label="reference", actual_label="exporter"
    )
    return diff.render()


def with_texts(page: str) -> str:
    """Return the page with the current report in the block of each mistake."""
    return _BLOCK.sub(lambda block: f"{block['mark']}{text_of(block['name'])}\n", page)


def mistakes_of(page: str) -> list[str]:
    """Return the names of the mistakes on the page, in order."""
    return [block["name"] for block in _BLOCK.finditer(page)]


if __name__ == "__main__":
    PAGE.write_text(with_texts(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
