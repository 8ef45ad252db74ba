"""Wrong exporters: the list of ops, and what the caller's meta_info_def says."""

from __future__ import annotations

import itertools
from collections.abc import Set as AbstractSet
from typing import Any

from miniature import Right, changes_arguments, changes_message, replaces
from seams import Seam

from reference_impl.arguments import ExportArguments
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, OpDef, registered_ops

Ops = AbstractSet[str]


@replaces(Seam.OP_LIST, "OPS-01")
def lists_no_ops(_right: Right, _graph_def: GraphDef, _node_ops: Ops) -> list[OpDef]:
    """Writes an empty list of ops, as TensorFlow.NET does."""
    return []


@replaces(Seam.OP_LIST, "OPS-01")
def lists_an_op_for_each_node(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Lists an op as often as it is used."""
    listed = {op_def.name: op_def for op_def in right(graph_def, node_ops)}
    again = [listed.pop(node.op) for node in graph_def.node if node.op in listed]
    return [*right(graph_def, node_ops), *again[:1]]


@replaces(Seam.OP_LIST, "OPS-01")
def lists_names_of_ops_only(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Lists ops by name, without inputs, outputs and attributes."""
    return [OpDef(name=op_def.name) for op_def in right(graph_def, node_ops)]


def _without(right: Right, graph_def: GraphDef, node_ops: Ops, *fields: str) -> list[OpDef]:
    op_defs = []
    for op_def in right(graph_def, node_ops):
        copy = OpDef()
        copy.CopyFrom(op_def)
        for field in fields:
            copy.ClearField(field)
        op_defs.append(copy)
    return op_defs


@replaces(Seam.OP_LIST, "OPS-01")
def forgets_that_ops_are_stateful(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Leaves is_stateful out of the OpDefs."""
    return _without(right, graph_def, node_ops, "is_stateful")


@replaces(Seam.OP_LIST, "OPS-01")
def forgets_that_ops_commute(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Leaves is_commutative and is_aggregate out of the OpDefs."""
    return _without(right, graph_def, node_ops, "is_commutative", "is_aggregate")


@replaces(Seam.OP_LIST, "OPS-01")
def drops_deprecations(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Removes the deprecation of ops together with their documentation."""
    return _without(right, graph_def, node_ops, "deprecation")


@replaces(Seam.OP_LIST, "OPS-01")
def drops_allowed_values(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Leaves the allowed values of attributes out of the OpDefs."""
    op_defs = _without(right, graph_def, node_ops)
    for attr in itertools.chain.from_iterable(op_def.attr for op_def in op_defs):
        attr.ClearField("allowed_values")
    return op_defs


@replaces(Seam.OP_LIST, "OPS-07")
def sorts_ops_without_regard_to_case(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Sorts the op list as a dictionary does."""
    return sorted(right(graph_def, node_ops), key=lambda op_def: op_def.name.casefold())


@replaces(Seam.OP_LIST, "OPS-07")
def lists_ops_of_functions_last(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Lists the ops of the nodes first, and after them those of functions."""
    return sorted(right(graph_def, node_ops), key=lambda op_def: op_def.name not in node_ops)


@replaces(Seam.OP_LIST, "OPS-02")
def leaves_function_bodies_out(_right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Lists the ops of the graph's own nodes only."""
    functions = {function.signature.name for function in graph_def.library.function}
    ops = registered_ops()
    return [ops[name] for name in sorted(node_ops - functions) if name in ops]


@replaces(Seam.OP_LIST, "OPS-02")
def counts_functions_that_nothing_calls(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Lists the ops of all functions of the library."""
    bodies = [function.node_def for function in graph_def.library.function]
    everything = GraphDef(node=[*graph_def.node, *itertools.chain(*bodies)], library=graph_def.library)
    op_defs: list[OpDef] = right(everything, node_ops | {node.op for node in itertools.chain(*bodies)})
    return op_defs


@replaces(Seam.CALLED_FUNCTIONS, "OPS-02")
def follows_every_function_attribute(right: Right, ops: Ops, nodes: Any) -> set[str]:
    """Follows functions that If, While, datasets and others name, not only those of calls."""
    named = {name for node in nodes for name in _function_names(node)}
    return set(right(ops, nodes)) | named


def _function_names(node: NodeDef) -> set[str]:
    values = list(node.attr.values())
    listed = {func.name for value in values for func in value.list.func}
    return {value.func.name for value in values if value.HasField("func")} | listed


@replaces(Seam.CALLING_OPS, "OPS-02")
def does_not_follow_partitioned_calls(_right: frozenset[str]) -> frozenset[str]:
    """Does not follow the function that a PartitionedCall names."""
    return frozenset()


@replaces(Seam.CALLING_OPS, "OPS-02")
def does_not_follow_stateless_calls(right: frozenset[str]) -> frozenset[str]:
    """Follows the function of a StatefulPartitionedCall and not that of a PartitionedCall."""
    return right - {"PartitionedCall"}


@replaces(Seam.CALLING_OPS, "OPS-02")
def does_not_follow_stateful_calls(right: frozenset[str]) -> frozenset[str]:
    """Follows the function of a PartitionedCall and not that of a StatefulPartitionedCall."""
    return right - {"StatefulPartitionedCall"}


@replaces(Seam.OP_LIST, "OPS-02")
def follows_functions_one_level_deep(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Does not follow functions that function bodies call."""
    functions = {function.signature.name for function in graph_def.library.function}
    shallow = GraphDef()
    shallow.CopyFrom(graph_def)
    for function in shallow.library.function:
        flat = [node for node in function.node_def if node.op not in functions and "Call" not in node.op]
        del function.node_def[:]
        function.node_def.extend(flat)
    shallow_list = right(shallow, node_ops)
    calls = [op_def for op_def in right(graph_def, node_ops) if "Call" in op_def.name]
    return sorted(
        {op_def.name: op_def for op_def in [*shallow_list, *calls]}.values(), key=lambda op: op.name
    )


@replaces(Seam.OP_LIST, "OPS-03")
def invents_definitions_of_unknown_ops(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Lists an op that is not registered, with its name only."""
    functions = {function.signature.name for function in graph_def.library.function}
    unknown = node_ops - functions - registered_ops().keys()
    return [*right(graph_def, node_ops), *(OpDef(name=name) for name in sorted(unknown))]


@replaces(Seam.OP_LIST, "OPS-03", raises="NotImplementedError")
def refuses_unknown_ops(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Raises for an op that is not registered."""
    functions = {function.signature.name for function in graph_def.library.function}
    if node_ops - functions - registered_ops().keys():
        raise NotImplementedError("an op is not registered")
    op_defs: list[OpDef] = right(graph_def, node_ops)
    return op_defs


@replaces(Seam.OP_LIST, "OPS-02")
def lists_functions_as_ops(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Lists the signatures of functions among the ops."""
    signatures = [function.signature for function in graph_def.library.function]
    return [
        *right(graph_def, node_ops),
        *(signature for signature in signatures if signature.name in node_ops),
    ]


@replaces(Seam.OP_LIST, "OPS-02")
def lists_ops_that_functions_are_named_after(right: Right, graph_def: GraphDef, node_ops: Ops) -> list[OpDef]:
    """Lists a registered op because a function that nothing calls has its name."""
    listed = {op_def.name: op_def for op_def in right(graph_def, node_ops)}
    names = {function.signature.name for function in graph_def.library.function}
    listed.update({name: registered_ops()[name] for name in names & registered_ops().keys()})
    return [listed[name] for name in sorted(listed)]


@changes_message("OPS-04")
def replaces_the_callers_op_list(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Puts its own list of ops in the place of the caller's."""
    given = arguments.meta_info_def
    if given is not None and given.stripped_op_list.op:
        names = sorted({node.op for node in message.graph_def.node} & registered_ops().keys())
        del message.meta_info_def.stripped_op_list.op[:]
        message.meta_info_def.stripped_op_list.op.extend(registered_ops()[name] for name in names)


@changes_message("OPS-04")
def completes_the_callers_op_list(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Adds the ops in use to the caller's list."""
    listed = message.meta_info_def.stripped_op_list.op
    used = {node.op for node in message.graph_def.node} & registered_ops().keys()
    listed.extend(registered_ops()[name] for name in sorted(used - {op_def.name for op_def in listed}))


@changes_message("OPS-04")
def fills_no_list_of_the_caller(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Leaves the op list as it is wherever a meta_info_def is given, also an empty list."""
    if arguments.meta_info_def is not None:
        given = arguments.meta_info_def.stripped_op_list
        message.meta_info_def.stripped_op_list.CopyFrom(given)


@changes_arguments("META-02")
def ignores_the_meta_info(_arguments: ExportArguments) -> dict[str, Any]:
    """Takes meta_info_def and starts from an empty one."""
    return {"meta_info_def": None}


@changes_message("META-02")
def drops_tags(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses the tags of the caller's meta_info_def."""
    message.meta_info_def.ClearField("tags")


@changes_message("META-02")
def keeps_one_tag(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Keeps only the first tag of the caller's meta_info_def."""
    del message.meta_info_def.tags[1:]


@changes_message("META-02")
def drops_any_info(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses any_info of the caller's meta_info_def."""
    message.meta_info_def.ClearField("any_info")


@changes_message("META-02")
def drops_function_aliases(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses the function aliases of the caller's meta_info_def."""
    message.meta_info_def.ClearField("function_aliases")


@changes_message("META-02")
def drops_the_version_of_the_meta_graph(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses meta_graph_version of the caller's meta_info_def."""
    message.meta_info_def.ClearField("meta_graph_version")


@changes_message("NODE-06")
def has_no_op_list_where_no_op_is_used(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves stripped_op_list unset where it would be empty."""
    if not message.meta_info_def.stripped_op_list.op:
        message.meta_info_def.ClearField("stripped_op_list")
