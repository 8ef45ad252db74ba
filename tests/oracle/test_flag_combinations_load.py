"""What the flags of an export change about loading is what they change in real TensorFlows."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest
from tensorflows import interpreter_of

sys.path.append(str(Path(__file__).with_name("loadability")))

from load_imports import imports

from conformance_cases import load_corpus
from pytest_metagraph.loadability.check import check_meta_graph
from reference_impl import Graph, export_meta_graph

GRAPHS = (
    "devices_and_colocation",
    "function_library",
    "input_queues",
    "parsed_records",
    "resource_variables",
    "second_version",
    "several_savers",
    "towers",
    "unbound_inputs",
    "while_gradients",
)
FLAGS = ("clear_devices", "clear_extraneous_savers", "strip_default_attrs")
SCOPES = {"towers": "tower_1", "unbound_inputs": "inner", "parsed_records": "parse"}
STRIP = " strip_default_attrs"


def exports(folder: Path) -> dict[Path, str]:
    """Export each graph with every combination of the flags, with and without a scope and the op list."""
    paths = {}
    for name in GRAPHS:
        graph = Graph.from_meta_graph_def(load_corpus().graphs[name].data)
        scopes = (None, SCOPES.get(name))
        choices = itertools.product((False, True), repeat=len(FLAGS))
        for values, scope, has_op_list in itertools.product(choices, scopes, (True, False)):
            arguments = dict(zip(FLAGS, values, strict=True))
            exported = export_meta_graph(graph=graph, export_scope=scope, **arguments)
            if not has_op_list:  # as other exporters write it
                exported.meta_info_def.ClearField("stripped_op_list")
            path = folder / f"{len(paths)}.meta"
            path.write_bytes(exported.SerializeToString())
            chosen = [flag for flag, value in arguments.items() if value]
            paths[path] = (
                f"{name}{''.join(f' {flag}' for flag in chosen)} scope={scope} op_list={has_op_list}"
            )
    return paths


@pytest.mark.parametrize("version", ["1.15", "2.3", "2.21"])
def test_every_flag_combination_loads_as_the_check_says(version: str, tmp_path: Path) -> None:
    """For ten graphs under every combination of flags, the check and the real import agree."""
    paths = exports(tmp_path)
    real = imports(interpreter_of(version), [(path, "MetaGraphDef") for path in paths], tmp_path)
    reports = {path: check_meta_graph(path, version) for path in paths}
    differing = {
        name: (reports[path].render(), real[path].text)
        for path, name in paths.items()
        if reports[path].loads != real[path].loads
    }
    assert not differing
    assert len(paths) >= 320
    assert any(report.loads for report in reports.values())
    loads = {name: real[path].loads for path, name in paths.items()}
    turned = {
        name.partition(" ")[0]
        for name, is_loaded in loads.items()
        if STRIP in name and is_loaded and not loads[name.replace(STRIP, "")]
    }
    assert turned == (set() if version == "2.21" else {"several_savers", "towers"})
