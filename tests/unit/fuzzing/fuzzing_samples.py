"""A graph that is small enough to read, and exporters with one or two defects."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from google.protobuf import text_format

from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.fuzzing.evaluate import Evaluator
from pytest_metagraph.fuzzing.oracles import find_oracle
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract
from reference_impl.schema import POOL, GraphDef, MetaGraphDef, VariableDef


def chain() -> MetaGraphDef:
    """Return a -> b -> c with a control edge a -> d, d colocated with b, and collections of all of them."""
    shape = 'attr { key: "_output_shapes" value { list { shape { dim { size: 2 } } } } }'
    kind = 'attr { key: "T" value { type: DT_FLOAT } }'
    text = f"""
        graph_def {{
          node {{ name: "a" op: "Placeholder" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }} {shape} }}
          node {{ name: "b" op: "Tanh" input: "a" device: "/device:CPU:0" {kind} {shape} }}
          node {{ name: "c" op: "Tanh" input: "b" {kind} {shape} }}
          node {{
            name: "d" op: "NoOp" input: "^a" attr {{ key: "_class" value {{ list {{ s: "loc:@b" }} }} }}
          }}
          versions {{ producer: 2474 }}
        }}
        collection_def {{ key: "nodes" value {{ node_list {{ value: ["a:0", "b:0", "c:0", "d"] }} }} }}
        collection_def {{ key: "last" value {{ node_list {{ value: "c:0" }} }} }}
    """
    message = text_format.Parse(text, MetaGraphDef(), descriptor_pool=POOL)
    variable = VariableDef(variable_name="b:0", initializer_name="c", snapshot_name="b:0")
    message.collection_def["variables"].bytes_list.value.append(variable.SerializeToString())
    return message


def names(message: MetaGraphDef) -> list[str]:
    """Return the names of the nodes of a graph."""
    return [node.name for node in message.graph_def.node]


def keeps_devices(request: ExportRequest) -> MetaGraphDef:
    """Export without regard to clear_devices."""
    request.arguments.pop("clear_devices", None)
    return reference.export(request)


def forgets_savers(request: ExportRequest) -> MetaGraphDef:
    """Export and lose the argument saver_def."""
    message = reference.export(request)
    message.ClearField("saver_def")
    return message


def keeps_devices_and_forgets_savers(request: ExportRequest) -> MetaGraphDef:
    """Export with both defects."""
    request.arguments.pop("clear_devices", None)
    return forgets_savers(request)


def clears_for_good(request: ExportRequest) -> MetaGraphDef:
    """Export and clear the devices of the loaded graph and of the argument graph_def for good."""
    graph = MetaGraphDef.FromString(request.graph.SerializeToString())
    for call in request.preceding:
        if call.get("clear_devices"):
            for node in (*graph.graph_def.node, *call.get("graph_def", GraphDef()).node):
                node.device = ""
    return reference.export(replace(request, graph=graph))


@contextlib.contextmanager
def evaluator_of(
    exporter: Exporter, contract: Contract = Contract.DOCUMENTED, oracle: str = "reference"
) -> Iterator[Evaluator]:
    """Provide an evaluator whose folder is removed at the end."""
    with contextlib.closing(ScratchFolder(contract)) as folder:
        yield Evaluator(InProcess(exporter, "sample"), find_oracle(oracle), contract, folder)
