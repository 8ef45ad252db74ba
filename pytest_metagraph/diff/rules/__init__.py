"""The table of rules: which function compares which field or message.

To add a rule, write a function of the type `comparison.Rule` in a module of this package and enter it
here. A field or message that is not in the table is compared generically, field by field.
"""

from __future__ import annotations

from operator import attrgetter

from pytest_metagraph.diff import engine
from pytest_metagraph.diff.engine import Rule, RuleBook
from pytest_metagraph.diff.rules import attrs, collections, combinators, messages, nodes, tensors
from pytest_metagraph.diff.rules.combinators import by_key, empty_is_absent, meaningless, noted, unordered
from pytest_metagraph.diff.rules.messages import version

_FIELDS: dict[str, Rule] = {
    "GraphDef.node": nodes.graph_nodes,
    "GraphDef.versions": empty_is_absent("versions"),
    "GraphDef.library": empty_is_absent("library"),
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
    "AttrValue.s": combinators.string,
    "AttrValue.ListValue.s": combinators.strings,
    "NameAttrList.attr": attrs.attr_map,
    "FunctionDef.attr": attrs.attr_map,
    "FunctionDef.ArgAttrs.attr": attrs.attr_map,
    "FunctionDef.node_def": nodes.body_nodes,
    "FunctionDefLibrary.function": messages.functions,
    "FunctionDefLibrary.gradient": by_key("gradient", attrgetter("function_name")),
    "TensorProto.version_number": meaningless,
    "VersionDef.producer": version("producer"),
    "VersionDef.min_consumer": version("min_consumer"),
    "MetaGraphDef.collection_def": collections.collections,
    "MetaGraphDef.asset_file_def": by_key("asset_file_def", attrgetter("filename")),
    "MetaGraphDef.MetaInfoDef.tags": unordered("tags"),
    "MetaGraphDef.MetaInfoDef.tensorflow_version": noted("tensorflow_version"),
    "MetaGraphDef.MetaInfoDef.tensorflow_git_version": noted("tensorflow_git_version"),
    "OpList.op": by_key("op", attrgetter("name")),
    "OpDef.attr": by_key("attr", attrgetter("name")),
    "OpDef.summary": noted("summary"),
    "OpDef.description": noted("description"),
    "OpDef.ArgDef.description": noted("description"),
    "OpDef.AttrDef.description": noted("description"),
    "ValuesDef.values": unordered("values"),
}
"""The rule of a field, by `Message.field`. A rule is given both messages that hold the field."""

_MESSAGES: dict[str, Rule] = {
    "AttrValue": attrs.attr_value,
    "TensorProto": tensors.tensor,
    "Any": messages.any_message,
}
"""The rule of a message, wherever it stands. A rule is given both messages, present and not the same."""

RULES = RuleBook(_FIELDS, _MESSAGES, otherwise=engine.rule)
