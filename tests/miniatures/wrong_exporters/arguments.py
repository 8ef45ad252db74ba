"""Wrong exporters: how arguments are taken, and where execution counts as eager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import message as protobuf
from miniature import Right, changes_arguments, changes_message, replaces
from seams import Seam

from conformance_cases.axes import FLAGS
from reference_impl.arguments import ExportArguments
from reference_impl.schema import MetaGraphDef


@changes_arguments("CALL-01")
def takes_no_flags_beside_a_scope(arguments: ExportArguments) -> dict[str, Any]:
    """Ignores clear_devices and strip_default_attrs where a scope is given."""
    if not arguments.export_scope:
        return {}
    return {"clear_devices": False, "strip_default_attrs": False}


@changes_arguments("CALL-01")
def takes_no_graph_beside_a_graph_def(arguments: ExportArguments) -> dict[str, Any]:
    """Exports no collections of the graph where a graph_def is given."""
    return {"collection_list": arguments.collection_list if arguments.graph_def is None else []}


@replaces(Seam.CHECK_ARGUMENTS, "CALL-03")
def ignores_unknown_arguments(right: Right, given: Any, keyed: Mapping[str, Any]) -> ExportArguments:
    """Ignores arguments of names that it does not know."""
    known = {name: keyed[name] for name in ("contract", "unbound_inputs_col_name") if name in keyed}
    arguments: ExportArguments = right(given, known)
    return arguments


@replaces(Seam.CHECK_ARGUMENTS, "CALL-03", raises="TypeError")
def refuses_the_name_for_unbound_inputs(
    right: Right, given: Any, keyed: Mapping[str, Any]
) -> ExportArguments:
    """Takes the twelve documented arguments only."""
    if "unbound_inputs_col_name" in keyed:
        raise TypeError("unexpected keyword argument 'unbound_inputs_col_name'")
    arguments: ExportArguments = right(given, keyed)
    return arguments


@replaces(Seam.CHECK_ARGUMENTS, "CALL-04")
def wants_flags_to_be_true(right: Right, given: Mapping[str, Any], keyed: Any) -> ExportArguments:
    """Takes a flag for set only where it is True itself."""
    flags = {name: given[name] is True for name in FLAGS}
    arguments: ExportArguments = right({**given, **flags}, keyed)
    return arguments


@replaces(Seam.CHECK_ARGUMENTS, "CALL-04")
def takes_every_flag_that_is_not_false(right: Right, given: Mapping[str, Any], keyed: Any) -> ExportArguments:
    """Takes a flag for set where it is anything but False and None, such as 0."""
    flags = {name: given[name] is not None and given[name] is not False for name in FLAGS}
    arguments: ExportArguments = right({**given, **flags}, keyed)
    return arguments


@replaces(Seam.CHECKED_MESSAGE, "CALL-05")
def takes_an_empty_message_for_none(right: Right, name: str, value: Any, kind: Any) -> Any:
    """Takes an empty message for one that is not given."""
    message = right(name, value, kind)
    return message if message is None or message.ListFields() else None


@replaces(Seam.CHECKED_MESSAGE, "CALL-05", raises="TypeError")
def refuses_false_values_for_messages(right: Right, name: str, value: Any, kind: Any) -> Any:
    """Raises for a 0 or an empty text where a message is wanted."""
    if value is not None and not isinstance(value, protobuf.Message):
        raise TypeError(f"{name} must be of type {kind.DESCRIPTOR.name}")
    return right(name, value, kind)


@replaces(Seam.CHECKED_MESSAGE, "CALL-07")
def ignores_arguments_of_a_wrong_type(right: Right, name: str, value: Any, kind: Any) -> Any:
    """Takes a text where a message is wanted for none."""
    return None if isinstance(value, str) else right(name, value, kind)


@replaces(Seam.CHECKED_MESSAGE, "CALL-07")
def reads_messages_of_any_kind(right: Right, name: str, value: Any, kind: Any) -> Any:
    """Reads the bytes of whatever message it is given as the one that it wants."""
    is_message = isinstance(value, protobuf.Message)
    return kind.FromString(value.SerializeToString()) if is_message else right(name, value, kind)


@replaces(Seam.CHECKED_MESSAGE, "CALL-07", raises="ValueError")
def raises_another_error_for_a_wrong_type(right: Right, name: str, value: Any, kind: Any) -> Any:
    """Raises a ValueError for an argument of a wrong type."""
    try:
        return right(name, value, kind)
    except TypeError as error:
        raise ValueError(str(error)) from error


@replaces(Seam.CHECK_ARGUMENTS, "CALL-08", raises="AttributeError")
def uses_arguments_before_it_checks_them(
    right: Right, given: Mapping[str, Any], keyed: Any
) -> ExportArguments:
    """Raises an AttributeError for a wrong graph_def of a filtered export, as TensorFlow does."""
    if given["clear_devices"] and given["graph_def"]:
        given["graph_def"].versions  # noqa: B018 - the attribute is missed on purpose
    arguments: ExportArguments = right(given, keyed)
    return arguments


@changes_message("COL-05")
def exports_tensors_only(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves operations out of collections."""
    for collection in message.collection_def.values():
        if collection.HasField("node_list"):
            collection.node_list.value[:] = [name for name in collection.node_list.value if ":" in name]


@replaces(Seam.EXECUTING_EAGERLY, "EAG-04", raises="RuntimeError")
def is_always_eager(_right: Right) -> bool:
    """Takes execution for eager in the context of a graph, too."""
    return True


@replaces(Seam.CHECK_ARGUMENTS, "CALL-13")
def takes_a_text_for_a_list_of_letters(right: Right, given: dict[str, Any], keyed: Any) -> ExportArguments:
    """Takes each letter of a collection_list that is one text for a key, as TensorFlow does."""
    keys = given["collection_list"]
    checked: ExportArguments = right(
        {**given, "collection_list": list(keys) if isinstance(keys, str) else keys}, keyed
    )
    return checked
