"""`export_meta_graph`: the order of its steps, each of which is a module of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from google.protobuf import message

from reference_impl.arguments import ExportArguments, check_arguments
from reference_impl.atomic_write import write_files
from reference_impl.collection_defs import CollectionWriter, GraphKeys
from reference_impl.contracts import Contract
from reference_impl.debug_info import graph_debug_info
from reference_impl.files import debug_info_path
from reference_impl.graph import Graph
from reference_impl.loading import GraphSource
from reference_impl.node_filter import NodeFilter
from reference_impl.node_index import NodeIndex
from reference_impl.op_defs import add_called_function_attrs, stripped_op_list
from reference_impl.op_defs import strip_default_attrs as strip_defaults
from reference_impl.savers import extraneous_saver_nodes
from reference_impl.schema import GraphDef, MetaGraphDef, provenance
from reference_impl.scope import TensorFlowScope, make_scope
from reference_impl.serialization import check_size, graph_def_size, may_exceed, meta_graph_content, serialise


def export_meta_graph(  # noqa: PLR0917 - all twelve may be positional by specification (CALL-01)
    filename: str | os.PathLike[str] | None = None,
    meta_info_def: message.Message | None = None,
    graph_def: message.Message | None = None,
    saver_def: message.Message | None = None,
    collection_list: Iterable[Any] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    **kwargs: Any,
) -> MetaGraphDef:
    """Return a MetaGraphDef of a graph, its saver and its collections, and optionally write it to a file.

    Signature and meaning are those of `tf.compat.v1.train.export_meta_graph` (CALL-01). Messages may be of
    any descriptor pool. No argument is changed, and the result shares nothing with them (CALL-11). The
    contract "tensorflow" makes two exceptions: the graph's collection of unbound inputs (UNB-08) and the
    version strings of meta_info_def (META-01).

    Args:
        filename: the file to write the message to; None to write nothing (FILE-01 to FILE-03).
        meta_info_def: a MetaInfoDef to start from. The versions are set, and the list of ops if it has none
            (META-02, OPS-04).
        graph_def: a GraphDef to export instead of the graph's own nodes (PATH-03, PATH-04).
        saver_def: a SaverDef to include in the message (SAV-01).
        collection_list: the keys of the collections to export; None for all (COL-01).
        as_text: whether to write files in the text format.
        graph: the Graph to export; None for the default graph (CALL-10).
        export_scope: the name scope whose nodes are exported, and which is stripped from names; None for
            the whole graph (SCOPE).
        clear_devices: whether nodes lose their device (DEV-01).
        clear_extraneous_savers: whether to leave out all savers except that of saver_def (SAV-02, SAV-06).
        strip_default_attrs: whether nodes lose attributes that have their default value (STRIP-01).
        save_debug_info: whether to write, beside filename, where the nodes were added (DBG).
        **kwargs: `unbound_inputs_col_name`, the key of the collection of unbound inputs, by default
            "unbound_inputs" (UNB-05); `contract`, by default "documented".

    Returns:
        The message, of this package's schema.

    Raises:
        RuntimeError: if execution is eager and not both graph_def and graph are given (EAG-01).
        TypeError: if an argument has a wrong type or an unknown name (CALL-03, CALL-07).
        ValueError: if the GraphDef or a binary file would have 2 GB or more (BIG-01), if graph_def and
            export_scope are both given (SCOPE-11), or if saver_def does not name its saver (SAV-07).
        OSError: if a file cannot be written; no file is then left half written.
    """
    arguments = check_arguments(locals(), kwargs)
    nodes = _node_filter(arguments)
    result = _message_of_graph(arguments, nodes)
    if arguments.contract is Contract.TENSORFLOW:
        _change_what_tensorflow_changes(arguments, nodes, meta_info_def)
    _fill_meta_info(arguments, nodes, result)
    if arguments.strip_default_attrs:
        strip_defaults(result.graph_def, nodes.ops)
    if arguments.saver_def is not None:
        result.saver_def.CopyFrom(arguments.saver_def)
    _fill_collections(arguments, nodes, result)
    _write_files(arguments, nodes, result)
    return result


def _node_filter(arguments: ExportArguments) -> NodeFilter:
    """Return the filter that the flags describe.

    Raises:
        ValueError: if saver_def does not name its saver (SAV-07).
    """
    given = arguments.graph_def
    index = arguments.graph.node_index if given is None else NodeIndex(GraphSource(given))
    if _is_filtered(arguments):
        index.read_rests()  # before the names alone are read, so that the nodes are read once
    removed: frozenset[str] = frozenset()
    if arguments.clear_extraneous_savers:
        if arguments.graph_def is None and arguments.contract is Contract.TENSORFLOW:
            # TensorFlow looks for savers in the serialised graph, whatever the scope (BIG-02).
            check_size(arguments.graph.byte_size(), arguments.contract, is_decoded=True)
        removed = extraneous_saver_nodes(index, arguments.saver_def)
    return NodeFilter(
        index,
        scope=make_scope(arguments.export_scope, arguments.contract),
        removed=removed,
        clear_devices=arguments.clear_devices,
    )


def _is_filtered(arguments: ExportArguments) -> bool:
    """Return whether a flag makes this a filtered export (PATH-02, PATH-04)."""
    return bool(arguments.export_scope) or arguments.clear_devices or arguments.clear_extraneous_savers


def _message_of_graph(arguments: ExportArguments, nodes: NodeFilter) -> MetaGraphDef:
    """Return a new message with the GraphDef on one of four paths: live or given, plain or filtered.

    Raises:
        ValueError: if it has 2 GB or more (BIG-01).
    """
    if arguments.graph_def is None and not _is_filtered(arguments):  # PATH-01
        check_size(arguments.graph.byte_size(), arguments.contract, is_decoded=True)
        return arguments.graph.new_message()
    result = MetaGraphDef()
    _fill_graph_def(arguments, nodes, result.graph_def)
    return result


def _fill_graph_def(arguments: ExportArguments, nodes: NodeFilter, target: GraphDef) -> None:
    """Fill in the GraphDef of a filtered export, or from a given graph_def (PATH-02 to PATH-04).

    Raises:
        ValueError: if it has 2 GB or more (BIG-01).
    """
    is_live = arguments.graph_def is None
    if not _is_filtered(arguments):
        check_size(nodes.index.most_bytes, arguments.contract, is_decoded=True)
        target.CopyFrom(nodes.index.graph_def)
        return
    # Renamed nodes are written from bytes, and the graph's own message may be freed before.
    source = arguments.graph.surroundings if is_live and nodes.scope is not None else nodes.index.graph_def
    nodes.copy_nodes(target)
    target.versions.CopyFrom(source.versions)
    if source.HasField("library") or not is_live:
        target.library.CopyFrom(source.library)
    if may_exceed(nodes.most_bytes):  # measuring a changed message is slow
        check_size(graph_def_size(target), arguments.contract, is_decoded=not is_live)


def _change_what_tensorflow_changes(
    arguments: ExportArguments, nodes: NodeFilter, meta_info_def: message.Message | None
) -> None:
    """Change the graph and the caller's meta_info_def as TensorFlow does, in its order.

    A filtered export replaces the graph's own collection of unbound inputs (UNB-02, UNB-08). Then a scope
    that is not a regular expression fails. Then every export overwrites the version strings of the caller's
    meta_info_def (META-01).

    Raises:
        re.error: if the scope is not a valid regular expression and the graph has variables (SCOPE-09).
    """
    graph, key = arguments.graph, arguments.unbound_inputs_col_name
    if _is_filtered(arguments) and key:
        graph.clear_collection(key)
        for name in nodes.unbound:
            graph.add_to_collection(key, name)
    if isinstance(nodes.scope, TensorFlowScope) and graph.get_collection(GraphKeys.GLOBAL_VARIABLES):
        nodes.scope.check_variable_names()
    if meta_info_def:
        _set_versions(meta_info_def)


def _set_versions(meta_info_def: Any) -> None:
    recorded = provenance()
    meta_info_def.tensorflow_version = recorded.tensorflow
    meta_info_def.tensorflow_git_version = recorded.tensorflow_git


def _fill_meta_info(arguments: ExportArguments, nodes: NodeFilter, result: MetaGraphDef) -> None:
    """Fill in versions, the list of ops and the flag of stripped attributes (META-02, OPS-04, STRIP-02)."""
    meta_info = result.meta_info_def
    if arguments.meta_info_def is not None:
        meta_info.CopyFrom(arguments.meta_info_def)
    _set_versions(meta_info)
    if not meta_info.stripped_op_list.op:
        meta_info.stripped_op_list.op.extend(stripped_op_list(result.graph_def, nodes.used_ops))
        if arguments.contract is Contract.TENSORFLOW:
            add_called_function_attrs(result.graph_def, nodes.used_ops)
        meta_info.stripped_op_list.SetInParent()  # present even if no op is used (NODE-06)
    if arguments.strip_default_attrs:
        meta_info.stripped_default_attrs = True


def _fill_collections(arguments: ExportArguments, nodes: NodeFilter, result: MetaGraphDef) -> None:
    """Write the requested collections in the order of the list (COL-01, COL-02)."""
    graph = arguments.graph
    replaced = _replaced_collections(arguments, nodes)
    keys = arguments.collection_list
    if keys is None:
        keys = graph.get_all_collection_keys()
        unbound_key = arguments.unbound_inputs_col_name
        if nodes.unbound and unbound_key in replaced and unbound_key not in keys:
            keys.append(unbound_key)
    writer = CollectionWriter(result, nodes, arguments.contract, arguments.eager)
    for key in keys:
        if isinstance(key, str | bytes):
            writer.write(key, replaced[key] if key in replaced else graph.get_collection(key))
        else:
            writer.skip(key)


def _replaced_collections(arguments: ExportArguments, nodes: NodeFilter) -> dict[str, list[Any]]:
    """Return the collections that replace the graph's own in an export.

    They are the savers that stay (SAV-05, SAV-06) and the unbound inputs (UNB-02); under one key, the savers.
    Without a scope no input is unbound, and a collection of that name is the user's own: the documented
    contract exports it like any other, and TensorFlow has cleared it (UNB-08).
    """
    replaced: dict[str, list[Any]] = {}
    if arguments.clear_extraneous_savers:
        replaced[GraphKeys.SAVERS] = [] if arguments.saver_def is None else [arguments.saver_def]
    key = arguments.unbound_inputs_col_name
    replaces_unbound = nodes.scope is not None or (
        arguments.contract is Contract.TENSORFLOW and _is_filtered(arguments)
    )
    if replaces_unbound and isinstance(key, str) and key:
        replaced.setdefault(key, nodes.unbound)
    return replaced


def _write_files(arguments: ExportArguments, nodes: NodeFilter, result: MetaGraphDef) -> None:
    """Write the message and, if requested, the debug info (FILE-01, FILE-02, DBG).

    Raises:
        ValueError: if a binary file would have 2 GB or more (BIG-01).
    """
    if arguments.filename is None:
        return
    path = arguments.filename
    content = meta_graph_content(result, as_text=arguments.as_text, graph_def_bytes=nodes.most_bytes)
    if not arguments.save_debug_info:
        write_files({path: content}, make_folders=True)
        return
    names = [nodes.index.names[position] for position in nodes.positions]
    debug_path = debug_info_path(path, arguments.contract)
    debug_info = serialise(graph_debug_info(arguments.graph.stack_of, names), as_text=arguments.as_text)
    if arguments.contract is Contract.TENSORFLOW:
        write_files({path: content}, make_folders=True)
        _check_nodes_are_known(arguments, [nodes.strip(name) for name in names])
        write_files({debug_path: debug_info}, make_folders=True)
    else:
        write_files({path: content, debug_path: debug_info}, make_folders=True)


def _check_nodes_are_known(arguments: ExportArguments, exported_names: Iterable[str]) -> None:
    """Fail as TensorFlow does for an unknown node, when one file is written and the other is not (DBG-05)."""
    prefix = f"{arguments.export_scope.removesuffix('/')}/" if arguments.export_scope else ""
    for name in exported_names:
        if not arguments.graph.has_node(prefix + name):
            raise KeyError(f"The name '{prefix}{name}' refers to an Operation not in the graph.")
