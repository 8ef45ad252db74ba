"""A small SavedModel, as two saves of one model write it."""
# ruff: noqa: E501 - a message as text is read by the line

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import text_format

from reference_impl.schema import SavedModel

SAVED = """
saved_model_schema_version: 1
meta_graphs {{
  meta_info_def {{ tags: 'serve' tensorflow_version: '2.21.0' }}
  graph_def {{
    node {{ name: 'weight' op: 'VarHandleOp' attr {{ key: 'shape' value {{ shape {{ dim {{ size: 3 }} }} }} }} }}
    node {{ name: 'x' op: 'Placeholder' }}
    node {{ name: 'call' op: 'StatefulPartitionedCall' input: 'x' input: 'weight'
           attr {{ key: 'f' value {{ func {{ name: '__inference_call_{0}' }} }} }} }}
    node {{ name: 'Const' op: 'Const' attr {{ key: 'value' value {{ tensor {{ string_val: 'object graph {0}' }} }} }} }}
    node {{ name: 'save' op: 'StatefulPartitionedCall' input: 'weight' input: 'Const'
           attr {{ key: 'f' value {{ func {{ name: '__inference__traced_save_{1}' }} }} }} }}
    library {{
      function {{
        signature {{ name: '__inference_call_{0}' input_arg {{ name: 'x' }} input_arg {{ name: 'dense_{1}' }} }}
        node_def {{ name: 'mul' op: 'Mul' input: 'x' input: 'dense_{1}'
                   attr {{ key: '_gradient_op_type' value {{ s: 'CustomGradient-{0}' }} }} }}
        ret {{ key: 'y' value: 'mul:z:0' }}
        arg_attr {{ key: 1 value {{ attr {{ key: '_user_specified_name' value {{ s: '{1}' }} }} }} }}
      }}
      function {{ signature {{ name: 'while_body_{1}' input_arg {{ name: 'while_cond_{0}___redundant_placeholder0' }} }} }}
      function {{
        signature {{ name: '__inference__traced_save_{1}' input_arg {{ name: 'a_{0}' }} }}
        node_def {{ name: 'save_{0}' op: 'SaveV2' }}
      }}
    }}
  }}
  signature_def {{ key: 'serving_default' value {{ inputs {{ key: 'x' value {{ name: 'x:0' dtype: DT_FLOAT }} }} }} }}
  object_graph_def {{
    nodes {{ children {{ node_id: {2} local_name: 'weight' }} children {{ node_id: {3} local_name: 'call' }} user_object {{ }} }}
    nodes {{ {4} }}
    nodes {{ {5} }}
    concrete_functions {{ key: '__inference_call_{0}' value {{ bound_inputs: {2} }} }}
  }}
}}
"""
VARIABLE = "variable { name: 'weight' shape { dim { size: 3 } } }"
FUNCTION = "function {{ concrete_functions: '__inference_call_{0}' }}"


def first() -> Any:
    """One save."""
    text = SAVED.format(12, 7, 1, 2, VARIABLE, FUNCTION.format(12))
    return text_format.Parse(text, SavedModel())


def second() -> Any:
    """Another save of the same model: other counters, and another order of the objects."""
    text = SAVED.format(1480, 912, 2, 1, FUNCTION.format(1480), VARIABLE)
    return text_format.Parse(text, SavedModel())


def written(folder: Path, model: Any, **assets: bytes) -> Path:
    """Write a SavedModel into a folder, with assets and variables."""
    for name, content in {"saved_model.pb": model.SerializeToString(), "variables/v": b"1", **assets}.items():
        path = folder / (name if "/" in name or "." in name else f"assets/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
