"""The tables of rules: which function compares which field or message.

To add a rule, write a function of the type `engine.Rule` in a module of this package and add it to a table.
A field or message that is not in the tables is compared generically, field by field.
"""

from __future__ import annotations

from operator import attrgetter

from pytest_metagraph.diff.engine import Rule, RuleBook
from pytest_metagraph.diff.rules import attrs, collections, generic, graphs, nodes, object_graphs, tensors
from pytest_metagraph.diff.rules.generic import (
    empty_equals_unset,
    keyed_list,
    noted,
    unordered_list,
    version_number,
)

_FIELDS: dict[str, Rule] = {
    "GraphDef.node": graphs.graph_nodes,
    "GraphDef.versions": empty_equals_unset("versions"),
    "GraphDef.library": empty_equals_unset("library"),
    "GraphDef.debug_info": noted("debug_info"),
    "NodeDef.input": nodes.node_inputs,
    "NodeDef.device": nodes.node_device,
    "NodeDef.attr": attrs.node_attrs,
    "NodeDef.experimental_debug_info": noted("experimental_debug_info"),
    "NodeDef.experimental_type": noted("experimental_type"),
    "BodyNodeDef.input": nodes.body_node_inputs,
    "BodyNodeDef.device": nodes.node_device,
    "BodyNodeDef.attr": attrs.node_attrs,
    "BodyNodeDef.experimental_debug_info": noted("experimental_debug_info"),
    "BodyNodeDef.experimental_type": noted("experimental_type"),
    "AttrValue.s": attrs.attr_string,
    "AttrValue.ListValue.s": attrs.attr_strings,
    "NameAttrList.attr": attrs.attr_map,
    "FunctionDef.attr": attrs.attr_map,
    "FunctionDef.ArgAttrs.attr": attrs.attr_map,
    "FunctionDef.node_def": graphs.body_nodes,
    "FunctionDefLibrary.function": graphs.functions,
    "FunctionDefLibrary.gradient": keyed_list("gradient", attrgetter("function_name")),
    "TensorProto.version_number": generic.ignored,
    "VersionDef.producer": version_number("producer"),
    "VersionDef.min_consumer": version_number("min_consumer"),
    "MetaGraphDef.collection_def": collections.collections,
    "MetaGraphDef.asset_file_def": keyed_list("asset_file_def", attrgetter("filename")),
    "MetaGraphDef.MetaInfoDef.tags": unordered_list("tags"),
    "MetaGraphDef.MetaInfoDef.tensorflow_version": noted("tensorflow_version"),
    "MetaGraphDef.MetaInfoDef.tensorflow_git_version": noted("tensorflow_git_version"),
    "OpList.op": generic.op_list,
    "OpDef.attr": keyed_list("attr", attrgetter("name")),
    "OpDef.summary": noted("summary"),
    "OpDef.description": noted("description"),
    "OpDef.ArgDef.description": noted("description"),
    "OpDef.AttrDef.description": noted("description"),
    "ValuesDef.values": unordered_list("values"),
}
"""The rule for a field, by `Message.field`. A rule gets both messages that contain the field."""

_MESSAGES: dict[str, Rule] = {
    "AttrValue": attrs.attr_value,
    "TensorProto": tensors.tensor,
    "Any": generic.any_message,
    "SavedObjectGraph": object_graphs.object_graph,
}
"""The rule for a message in any field. A rule gets both messages, which are present and not identical."""

RULES = RuleBook(_FIELDS, _MESSAGES, default=generic.default_rule)
