"""List the attributes, fields and ops that a graph can lose without computing something else.

They are removed only for a version of TensorFlow that does not know them. Attributes with their default value
are not listed: TensorFlow gives a new attribute the default that means what the op did before.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class HarmlessAttr:
    """Attributes that change no result, whatever their values are.

    Attributes:
        ops: a regular expression that matches the whole names of their ops.
        attrs: the names of the attributes.
        reason: the reason why they change no result.
        refused_by: the versions that refuse to run the op with the attributes, if their names begin with an
            underscore, so that they belong to no op. Empty for others, which go if the op lacks them.
    """

    ops: str
    attrs: tuple[str, ...]
    reason: str
    refused_by: tuple[str, ...] = ()


HARMLESS_ATTRS: Final = (
    HarmlessAttr("VarHandleOp", ("debug_name",), "names the variable in messages"),
    HarmlessAttr(
        r"(?!RegisterDataset)\w+Dataset(V\d)?|DatasetToSingleElement",
        ("metadata",),
        "names the data set for the profiler",
    ),
    HarmlessAttr("MatMul", ("grad_a", "grad_b"), "marks a factor as a gradient, for compilers"),
    HarmlessAttr(r"BatchMatMul(V\d)?", ("grad_x", "grad_y"), "marks a factor as a gradient, for compilers"),
    HarmlessAttr("AssignVariableOp", ("validate_shape",), "checks the shape of what is assigned"),
    HarmlessAttr("(Stateless)?(If|While|Case)", ("output_shapes",), "records shapes, for building graphs"),
    HarmlessAttr("(Stateless)?While", ("parallel_iterations",), "limits how many iterations run at once"),
    HarmlessAttr(
        "PrefetchDataset", ("buffer_size_min", "legacy_autotune", "slack_period"), "tunes the buffer"
    ),
    HarmlessAttr(r"(Padded)?BatchDatasetV2", ("parallel_copy",), "tunes how batches are copied"),
    HarmlessAttr(
        "Stateless(If|While)",
        ("_lower_using_switch_merge",),
        "chooses control flow by nodes, which this version has for If and While only",
        refused_by=("1.13", "1.14"),
    ),
    HarmlessAttr("ParallelMapDatasetV2", ("use_unbounded_threadpool",), "chooses the threads"),
)

HARMLESS_OPS: Final = {
    "DisableCopyOnRead": "saves the copies of a variable that it had to make while it was updated in place",
}
"""The reasons why the nodes of an op change no result, by op.

They have no outputs; nodes that wait for them can wait for their inputs instead.
"""


HARMLESS_FIELDS: Final = {
    "FunctionDef.arg_attr": "describes arguments, for building graphs",
    "FunctionDef.control_ret": "names nodes to run, and without it a function runs all its stateful nodes",
    "FunctionDef.resource_arg_unique_id": "records which arguments are the same resource, for optimisations",
    "GraphDef.debug_info": "records where nodes were created",
    "MetaGraphDef.MetaInfoDef.function_aliases": "names functions, for messages",
    "MetaGraphDef.MetaInfoDef.stripped_default_attrs": "records how the file was exported",
    "NodeDef.experimental_debug_info": "names the nodes that this one was made from, for messages",
    "NodeDef.experimental_type": "describes the outputs, for building graphs",
    "OpDef.ArgDef.experimental_full_type": "describes the outputs, for building graphs",
    "OpDef.ArgDef.handle_data": "describes resources, for building graphs",
    "OpDef.control_output": "names outputs of a definition that only function bodies use",
    "OpDef.is_distributed_communication": "marks ops that communicate, for optimisations",
}
"""The reasons why a field changes no result, by field.

A version whose protos lack the field ignores it in a binary file, and refuses text that has it.
"""


FULL_TYPE_FIELDS: Final = frozenset({"NodeDef.experimental_type", "OpDef.ArgDef.experimental_full_type"})
"""The fields that contain a full type; a version may know only some of those."""


@functools.cache
def reason_to_drop(op: str, attr: str) -> str | None:
    """Return why an attribute of an op changes no result.

    Args:
        op: the name of the op.
        attr: the name of the attribute.

    Returns:
        The reason, such as `names the variable in messages`; None if the attribute is not in the catalogue.
    """
    for harmless in HARMLESS_ATTRS:
        if attr in harmless.attrs and re.fullmatch(harmless.ops, op):
            return harmless.reason
    return None


@functools.cache
def refused_attrs(op: str, version: str) -> tuple[str, ...]:
    """Return the attributes with which a version refuses to run an op, although they belong to no op.

    Args:
        op: the name of the op.
        version: the minor version.

    Returns:
        The names of attributes that change no result.
    """
    refused = (harmless for harmless in HARMLESS_ATTRS if version in harmless.refused_by)
    return tuple(attr for harmless in refused if re.fullmatch(harmless.ops, op) for attr in harmless.attrs)
