"""Wrong exporters: attributes that hold the default of their op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from miniature import Right, changes_arguments, changes_message, replaces
from seams import Seam

from reference_impl.arguments import ExportArguments
from reference_impl.op_defs import strip_default_attrs
from reference_impl.schema import AttrValue, GraphDef, MetaGraphDef, TensorProto, registered_ops


@replaces(Seam.STRIP_DEFAULTS, "STRIP-01")
def ignores_strip_default_attrs(_right: Right, _graph_def: GraphDef, _node_ops: Sequence[str]) -> None:
    """Takes strip_default_attrs and leaves every attribute where it is."""


@changes_message("STRIP-01")
def always_strips_default_attrs(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Removes attributes with default values whether or not this is requested."""
    strip_default_attrs(message.graph_def)


@replaces(Seam.STRIP_DEFAULTS, "STRIP-01")
def strips_top_level_nodes_only(right: Right, graph_def: GraphDef, node_ops: Sequence[str]) -> None:
    """Removes default attributes from the nodes of the graph and not from those of function bodies."""
    library = type(graph_def.library)()
    library.CopyFrom(graph_def.library)
    right(graph_def, node_ops)
    if library.function:
        graph_def.library.CopyFrom(library)


@changes_message("STRIP-02")
def forgets_to_say_that_it_stripped(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Removes default attributes and leaves stripped_default_attrs unset."""
    if arguments.strip_default_attrs:
        message.meta_info_def.stripped_default_attrs = False


@changes_message("STRIP-02")
def takes_back_the_callers_flag(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Overwrites the caller's stripped_default_attrs where nothing is stripped."""
    message.meta_info_def.stripped_default_attrs = arguments.strip_default_attrs


@changes_message("STRIP-02")
def says_that_it_stripped_when_it_did_not(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Always sets stripped_default_attrs."""
    message.meta_info_def.stripped_default_attrs = True


@replaces(Seam.STRIP_DEFAULTS, "STRIP-03")
def strips_attributes_that_no_op_declares(right: Right, graph_def: GraphDef, node_ops: Sequence[str]) -> None:
    """Removes attributes that are not in the OpDef, such as `_output_shapes`."""
    right(graph_def, node_ops)
    for node in graph_def.node:
        op_def = registered_ops().get(node.op)
        declared = {attr.name for attr in op_def.attr} if op_def else set(node.attr)
        for name in set(node.attr) - declared:
            del node.attr[name]


@replaces(Seam.STRIP_DEFAULTS, "STRIP-03")
def strips_types_without_a_default(right: Right, graph_def: GraphDef, node_ops: Sequence[str]) -> None:
    """Removes the type DT_FLOAT, as if every attribute had it for a default."""
    right(graph_def, node_ops)
    for node in graph_def.node:
        for name in [name for name, value in node.attr.items() if value.type == 1]:
            del node.attr[name]


@replaces(Seam.STRIP_DEFAULTS, "STRIP-03")
def strips_zeros_without_a_default(right: Right, graph_def: GraphDef, node_ops: Sequence[str]) -> None:
    """Removes attributes that are false, zero or empty, whatever the OpDef says."""
    right(graph_def, node_ops)
    empty = {AttrValue(b=False).SerializeToString(), AttrValue(i=0).SerializeToString()}
    empty.add(AttrValue(s=b"").SerializeToString())
    for node in graph_def.node:
        for name in [name for name, value in node.attr.items() if value.SerializeToString() in empty]:
            del node.attr[name]


@replaces(Seam.STRIP_NODES, "STRIP-03")
def strips_calls_of_functions_like_ops(right: Right, nodes: Any, _functions: Any, defaults_of: Any) -> None:
    """Removes attributes of a node that calls a function with the name of a registered op."""
    right(nodes, frozenset(), defaults_of)


@replaces(Seam.STRIP_DEFAULTS, "STRIP-03")
def strips_unregistered_ops(right: Right, graph_def: GraphDef, node_ops: Sequence[str]) -> None:
    """Removes all attributes of ops that are not registered."""
    right(graph_def, node_ops)
    functions = {function.signature.name for function in graph_def.library.function}
    for node in graph_def.node:
        if node.op not in registered_ops() and node.op not in functions:
            node.attr.clear()


@replaces(Seam.SAME_TENSOR, "STRIP-04")
def compares_tensors_by_their_encoding(_right: Right, left: Any, right: Any) -> bool:
    """Takes a tensor for the default only where it is encoded like it."""
    return bool(left == right)


@replaces(Seam.SAME_TENSOR, "STRIP-04")
def compares_the_kind_of_tensors_only(_right: Right, left: Any, right: Any) -> bool:
    """Takes a tensor for the default where type and shape agree, whatever its elements are."""
    return bool((left.dtype, left.tensor_shape) == (right.dtype, right.tensor_shape))


@replaces(Seam.SAME_TENSOR, "STRIP-04")
def compares_the_first_elements_of_tensors_only(right: Right, left: Any, right_tensor: Any) -> bool:
    """Takes a tensor for the default if the elements that it lists are the first ones of the default."""
    listed = len(left.int_val)
    is_same = (left.dtype, left.tensor_shape) == (right_tensor.dtype, right_tensor.tensor_shape)
    return bool(right(left, right_tensor)) or (is_same and left.int_val[:] == right_tensor.int_val[:listed])


@replaces(Seam.SAME_TENSOR, "STRIP-04")
def prefers_typed_fields_to_content(right: Right, left: TensorProto, other: TensorProto) -> bool:
    """Compares the typed field of a tensor even if tensor_content is set."""
    copy = TensorProto()
    copy.CopyFrom(left)
    if copy.int_val:
        copy.ClearField("tensor_content")
    return bool(right(copy, other))


@replaces(Seam.SAME_TENSOR, "STRIP-04")
def compares_elements_beyond_the_shape(right: Right, left: TensorProto, other: TensorProto) -> bool:
    """Takes a tensor that lists more elements than its shape has for another one than the default."""
    return bool(right(left, other)) and len(left.int_val) <= len(other.int_val)


@replaces(Seam.IS_DEFAULT, "STRIP-04")
def repeats_the_last_item_of_a_list(right: Right, default: Any, value: AttrValue) -> bool:
    """Takes a list for the default if one of them is the other with its last item repeated."""
    left, other = (list(one.list.i) for one in (value, default._value))
    length = max(len(left), len(other))
    repeated = [one + one[-1:] * (length - len(one)) for one in (left, other)]
    return bool(right(default, value)) or (bool(left and other) and repeated[0] == repeated[1])


@replaces(Seam.IS_DEFAULT, "STRIP-04")
def takes_minus_zero_for_zero(right: Right, default: Any, value: AttrValue) -> bool:
    """Compares floats by value, so that -0.0 is the default 0.0."""
    is_float = value.WhichOneof("value") == "f"
    return bool(right(default, value)) or (is_float and value.f == default._value.f)


@replaces(Seam.IS_DEFAULT, "STRIP-04")
def takes_near_floats_for_equal(right: Right, default: Any, value: AttrValue) -> bool:
    """Compares floats with a tolerance."""
    is_near = value.WhichOneof("value") == "f" and abs(value.f - default._value.f) < 1e-3
    return bool(right(default, value)) or is_near


@replaces(Seam.IS_DEFAULT, "STRIP-04")
def keeps_empty_lists(right: Right, default: Any, value: AttrValue) -> bool:
    """Does not take an empty list for an empty default."""
    is_empty = value.WhichOneof("value") == "list" and not value.list.ListFields()
    return bool(right(default, value)) and not is_empty


@replaces(Seam.IS_DEFAULT, "STRIP-04")
def compares_texts_without_regard_to_case(right: Right, default: Any, value: AttrValue) -> bool:
    """Takes a text for the default that differs from it in upper and lower case."""
    is_text = value.WhichOneof("value") == "s"
    return bool(right(default, value)) or (is_text and value.s.lower() == default._value.s.lower())


@changes_message("STRIP-05")
def strips_the_op_list(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Removes default values from the OpDefs, too, where attributes are stripped."""
    if arguments.strip_default_attrs:
        for op_def in message.meta_info_def.stripped_op_list.op:
            for attr in op_def.attr:
                attr.ClearField("default_value")


@changes_arguments("STRIP-05")
def lists_no_ops_where_it_strips(arguments: ExportArguments) -> dict[str, Any]:
    """Takes "stripped" for a reason to list only ops that the caller names."""
    if not arguments.strip_default_attrs or arguments.meta_info_def is not None:
        return {}
    info = MetaGraphDef.MetaInfoDef()
    info.stripped_op_list.op.add(name="NoOp")
    return {"meta_info_def": info}
