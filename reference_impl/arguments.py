"""Checks the arguments of an export and gives each its one meaning (CALL)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import message

from reference_impl.collection_defs import GraphKeys
from reference_impl.contracts import Contract
from reference_impl.execution import executing_eagerly
from reference_impl.files import checked_filename
from reference_impl.graph import Graph, get_default_graph
from reference_impl.schema import GraphDef, MetaGraphDef, SaverDef, adopt
from reference_impl.serialization import check_size, graph_def_size

MetaInfoDef = MetaGraphDef.MetaInfoDef


@dataclass(frozen=True)
class ExportArguments:
    """The arguments of one export: checked, and each with a single way to say "not given".

    The fields are those of `export_meta_graph`; a flag is True or False whatever it was given as
    (CALL-04), and a falsy value of another argument is None (CALL-05).
    """

    graph: Graph
    export_scope: str
    meta_info_def: MetaGraphDef.MetaInfoDef | None
    graph_def: GraphDef | None
    saver_def: SaverDef | None
    collection_list: Iterable[Any] | None
    filename: str | None
    as_text: bool
    clear_devices: bool
    clear_extraneous_savers: bool
    strip_default_attrs: bool
    save_debug_info: bool
    unbound_inputs_col_name: Any
    contract: Contract
    eager: bool


def check_arguments(given: Mapping[str, Any], keyed: Mapping[str, Any]) -> ExportArguments:
    """Check the arguments of an export, before anything is done.

    Args:
        given: the named arguments of `export_meta_graph`.
        keyed: its keyword arguments without a name of their own (CALL-03).

    Returns:
        The arguments, messages in the schema of this package.

    Raises:
        RuntimeError: when execution is eager and not both graph_def and graph are given (EAG-01).
        TypeError: when an argument has a wrong type or an unknown name (CALL-03, CALL-07, CALL-08).
        ValueError: when contract is unknown, or, as documented, graph_def and export_scope are both
            given (SCOPE-11); when graph_def has 2 GB or more and comes from another descriptor pool
            (BIG-01).
    """
    eager = executing_eagerly()
    if eager and (given["graph_def"] is None or given["graph"] is None):
        raise RuntimeError(
            "Exporting/importing meta graphs is not supported when eager execution is enabled, unless both "
            "graph_def and graph are given. No graph exists when eager execution is enabled."
        )
    unknown = keyed.keys() - {"unbound_inputs_col_name", "contract"}
    if unknown:
        raise TypeError(f"export_meta_graph() got an unexpected keyword argument '{min(unknown)}'")
    contract = Contract(keyed.get("contract", Contract.DOCUMENTED))
    if given["graph"] and not isinstance(given["graph"], Graph):
        raise TypeError(f"graph must be of type Graph. Received type: {type(given['graph'])}")
    arguments = ExportArguments(  # in this order, so that of several errors the first is reported (CALL-06)
        graph=given["graph"] or get_default_graph(),
        export_scope=_scope_text(given["export_scope"]),
        meta_info_def=_message("meta_info_def", given, MetaInfoDef),
        graph_def=_graph_def(given, contract),
        saver_def=_message("saver_def", given, SaverDef),
        collection_list=given["collection_list"],
        filename=checked_filename(given["filename"]) if given["filename"] else None,
        as_text=bool(given["as_text"]),
        clear_devices=bool(given["clear_devices"]),
        clear_extraneous_savers=bool(given["clear_extraneous_savers"]),
        strip_default_attrs=bool(given["strip_default_attrs"]),
        save_debug_info=bool(given["save_debug_info"]),
        unbound_inputs_col_name=keyed.get("unbound_inputs_col_name", GraphKeys.UNBOUND_INPUTS),
        contract=contract,
        eager=eager,
    )
    if contract is Contract.DOCUMENTED and arguments.graph_def is not None and arguments.export_scope:
        raise ValueError(
            "graph_def and export_scope cannot both be specified: load the GraphDef into a graph and export "
            "the scope of that graph."
        )
    return arguments


def _message(name: str, given: Mapping[str, Any], kind: type[Any]) -> Any:
    value = _checked_message(name, given, kind)
    return None if value is None else adopt(value, kind)


def _graph_def(given: Mapping[str, Any], contract: Contract) -> GraphDef | None:
    value: Any = _checked_message("graph_def", given, GraphDef)
    if value is None:
        return None
    if not isinstance(value, GraphDef):  # it is adopted by way of bytes, and only smaller ones can be read
        check_size(graph_def_size(value), contract, is_decoded=True)
    return adopt(value, GraphDef)


def _checked_message(name: str, given: Mapping[str, Any], kind: type[Any]) -> message.Message | None:
    """The message of any pool that an argument holds, or None where it is not given."""
    value = given[name]
    if not value:  # a message is always truthy, also an empty one (CALL-05)
        return None
    if isinstance(value, message.Message) and value.DESCRIPTOR.full_name == kind.DESCRIPTOR.full_name:
        return value
    raise TypeError(f"{name} must be of type {kind.DESCRIPTOR.name}. Received type: {type(value)}")


def _scope_text(export_scope: Any) -> str:
    """The scope as text; None and '' both mean the whole graph (SCOPE-07)."""
    if not export_scope:
        return ""
    if not isinstance(export_scope, str):
        raise TypeError(f"export_scope must be of type str. Received type: {type(export_scope)}")
    return export_scope
