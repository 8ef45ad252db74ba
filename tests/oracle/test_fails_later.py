"""What the check says fails later is imported, and then fails where it says so; the rest works."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflows import interpreter_of

from pytest_metagraph.loadability.check import check_meta_graph
from pytest_metagraph.loadability.rule_catalogue import Severity
from reference_impl.schema import POOL, MetaGraphDef

PROGRAM = Path(__file__).parent / "loadability" / "load_later_program.py"
VERSIONS = ("1.13", "1.15", "2.3", "2.11", "2.21")

_FLOAT = 'attr { key: "dtype" value { type: DT_FLOAT } }'
_T = 'attr { key: "T" value { type: DT_FLOAT } }'
_FLOATS = "value { list { type: DT_FLOAT } }"


def _strings(name: str, *values: str) -> str:
    vector = " ".join(f'string_val: "{value}"' for value in values)
    shape = (
        f"tensor_shape {{ dim {{ size: {len(values)} }} }}" if name != "save/Const" else "tensor_shape { }"
    )
    return f"""node {{
        name: "{name}" op: "Const" attr {{ key: "dtype" value {{ type: DT_STRING }} }}
        attr {{ key: "value" value {{ tensor {{ dtype: DT_STRING {shape} {vector} }} }} }}
    }}"""


def _function(name: str, op: str) -> str:
    return f"""function {{
        signature {{ name: "{name}" input_arg {{ name: "x" type: DT_FLOAT }}
                     output_arg {{ name: "y" type: DT_FLOAT }} }}
        node_def {{ name: "one" op: "{op}" input: "x" {_T} }}
        ret {{ key: "y" value: "one:y:0" }}
    }}"""


GRAPH = f"""
graph_def {{
  node {{ name: "v" op: "VariableV2" {_FLOAT} attr {{ key: "shape" value {{ shape {{ }} }} }} }}
  node {{ name: "one" op: "Const" {_FLOAT}
         attr {{ key: "value" value {{ tensor {{ dtype: DT_FLOAT tensor_shape {{ }} float_val: 1 }} }} }} }}
  node {{ name: "assign" op: "Assign" input: "v" input: "one" {_T} }}
  node {{ name: "yes" op: "Const" attr {{ key: "dtype" value {{ type: DT_BOOL }} }}
         attr {{ key: "value" value {{ tensor {{ dtype: DT_BOOL tensor_shape {{ }} bool_val: true }} }} }} }}
  node {{ name: "if" op: "If" input: "yes" input: "one"
         attr {{ key: "Tcond" value {{ type: DT_BOOL }} }}
         attr {{ key: "Tin" {_FLOATS} }} attr {{ key: "Tout" {_FLOATS} }}
         attr {{ key: "then_branch" value {{ func {{ name: "negated" }} }} }}
         attr {{ key: "else_branch" value {{ func {{ name: "negated" }} }} }} }}
  {_strings("save/Const", "model")} {_strings("save/names", "v")} {_strings("save/slices", "")}
  node {{ name: "save/SaveV2" op: "SaveV2" input: ["save/Const", "save/names", "save/slices", "v"]
         attr {{ key: "dtypes" {_FLOATS} }} }}
  node {{ name: "save/saved" op: "Identity" input: ["save/Const", "^save/SaveV2"]
         attr {{ key: "T" value {{ type: DT_STRING }} }} }}
  node {{ name: "save/RestoreV2" op: "RestoreV2" input: ["save/Const", "save/names", "save/slices"]
         attr {{ key: "dtypes" {_FLOATS} }} }}
  node {{ name: "save/Assign" op: "Assign" input: ["v", "save/RestoreV2"] {_T} }}
  node {{ name: "save/restore_all" op: "NoOp" input: "^save/Assign" }}
  library {{ {_function("negated", "Neg")} }}
  versions {{ producer: 27 }}
}}
saver_def {{
  filename_tensor_name: "save/Const:0" save_tensor_name: "save/saved:0" restore_op_name: "save/restore_all"
  max_to_keep: 5 version: V2
}}
signature_def {{
  key: "serve" value {{ inputs {{ key: "x" value {{ name: "one:0" dtype: DT_FLOAT tensor_shape {{ }} }} }} }}
}}
"""


def _lose_saved_tensor(message: MetaGraphDef) -> None:
    message.saver_def.save_tensor_name = "gone:0"


def _lose_output(message: MetaGraphDef) -> None:
    message.saver_def.save_tensor_name = "save/saved:3"


def _lose_restore_op(message: MetaGraphDef) -> None:
    message.saver_def.restore_op_name = "save/gone"


def _lose_file_name(message: MetaGraphDef) -> None:
    message.saver_def.filename_tensor_name = "gone:0"


def _lose_function(message: MetaGraphDef) -> None:
    node = next(node for node in message.graph_def.node if node.name == "if")
    node.attr["then_branch"].func.name = "gone"


def _use_unknown_op(message: MetaGraphDef) -> None:
    message.graph_def.library.function[0].node_def[0].op = "OpOfNoTensorFlow"


def _lose_signature_tensor(message: MetaGraphDef) -> None:
    message.signature_def["serve"].inputs["x"].name = "gone:0"


CHANGES: Mapping[str, tuple[Callable[[MetaGraphDef], None] | None, str, str]] = {
    "complete, restored": (None, "restore", ""),
    "complete, run": (None, "run:if:0", ""),
    "complete, served": (None, "tensor:one:0", ""),
    "no saved tensor": (_lose_saved_tensor, "restore", "LOAD-42"),
    "no such output": (_lose_output, "restore", "LOAD-42"),
    "no restore op": (_lose_restore_op, "restore", "LOAD-42"),
    "no file name": (_lose_file_name, "restore", "LOAD-42"),
    "no function": (_lose_function, "run:if:0", "LOAD-43"),
    "no op of a body": (_use_unknown_op, "run:if:0", "LOAD-44"),
    "no tensor of a signature": (_lose_signature_tensor, "tensor:gone:0", "LOAD-45"),
}
"""What is changed in the graph, how it is used then, and the rule that it breaks."""


@pytest.mark.parametrize("version", VERSIONS)
def test_what_fails_later_is_imported_and_then_fails(version: str, tmp_path: Path) -> None:
    """Every change is imported; its use fails if, and only if, the check reports that it fails later."""
    python = interpreter_of(version)
    requests, reported = [], {}
    for number, (name, (change, use, _)) in enumerate(CHANGES.items()):
        message = text_format.Parse(GRAPH, MetaGraphDef(), descriptor_pool=POOL)
        if change is not None:
            change(message)
        path = tmp_path / f"{number}.meta"
        path.write_bytes(message.SerializeToString())
        report = check_meta_graph(path, version)
        assert report.loads, report.render()
        reported[name] = {one.code for one in report.problems if one.severity is Severity.FAILS_LATER}
        requests.append(json.dumps({"path": str(path), "use": use}))
    (tmp_path / "requests").write_text("\n".join(requests), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, PROGRAM, tmp_path / "requests", tmp_path / "results"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = dict(zip(CHANGES, json.loads((tmp_path / "results").read_bytes()), strict=True))
    assert reported == {name: {rule} if rule else set() for name, (_, _, rule) in CHANGES.items()}
    assert not any(text.startswith("import: ") for text in results.values()), results
    assert {name for name, text in results.items() if text} == {
        name for name, rules in reported.items() if rules
    }, results
