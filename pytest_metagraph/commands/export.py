"""`metagraph export`: the reference exporter on files."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from google.protobuf import message as protobuf
from google.protobuf import text_format

from pytest_metagraph.progress import progress
from reference_impl import Contract, Graph, export_meta_graph, read_meta_graph_file
from reference_impl.file_content import meta_graph_content
from reference_impl.files import write_files
from reference_impl.message_parts import graph_def_size
from reference_impl.schema import POOL, GraphDef, MetaGraphDef, SaverDef

_DESCRIPTION = """\
Load the graph of a MetaGraphDef file and export it as tf.compat.v1.train.export_meta_graph would, without
TensorFlow. Every argument of that function is an option.

IN may be binary or text; its content tells. OUT is written whole or not at all.
"""

_EPILOG = """\
examples:
  metagraph export model.meta tower.meta --export-scope tower_1 --clear-devices
  metagraph export model.meta model.pbtxt --as-text
  metagraph export model.meta older.meta --for 1.15
  metagraph export model.meta small.meta --collection variables --collection savers --strip-default-attrs
"""

MessageT = TypeVar("MessageT", bound=protobuf.Message)


def add_parser(subparsers: Any) -> None:
    """Describe the sub-command."""
    parser = subparsers.add_parser(
        "export",
        help="export a MetaGraphDef file with the reference exporter",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument("source", metavar="IN", type=Path, help="the MetaGraphDef file to load")
    parser.add_argument("target", metavar="OUT", type=Path, help="the file to write; folders are made")
    content = parser.add_argument_group("what is exported")
    content.add_argument(
        "--export-scope", metavar="NAME", type=_name, help="only this name scope, stripped from names"
    )
    content.add_argument("--clear-devices", action="store_true", help="empty the device of every node")
    content.add_argument(
        "--clear-extraneous-savers",
        action="store_true",
        help="leave out every saver but that of --saver-def",
    )
    content.add_argument(
        "--strip-default-attrs",
        action="store_true",
        help="leave out attributes that have their default value",
    )
    content.add_argument(
        "--for",
        metavar="VERSION",
        dest="tensorflow",
        help="leave out what this version of TensorFlow does not know, such as 1.15, and list it; "
        "refuse if the graph needs it",
    )
    keys = content.add_mutually_exclusive_group()
    keys.add_argument(
        "--collection",
        metavar="KEY",
        dest="collection_list",
        action="append",
        type=_name,
        help="only the collection with this key; may be repeated; all without this option",
    )
    keys.add_argument(
        "--no-collections",
        dest="collection_list",
        action="store_const",
        const=[],
        help="no collection at all",
    )
    content.add_argument(
        "--unbound-inputs-col-name",
        metavar="KEY",
        type=_name,
        default="unbound_inputs",
        help="the collection that lists inputs from outside of the scope; default: %(default)s",
    )
    messages = parser.add_argument_group("messages to use, each a binary or text file")
    messages.add_argument("--graph-def", metavar="FILE", type=Path, help="a GraphDef to export, not IN's")
    messages.add_argument("--saver-def", metavar="FILE", type=Path, help="a SaverDef to state")
    messages.add_argument("--meta-info-def", metavar="FILE", type=Path, help="a MetaInfoDef to start from")
    files = parser.add_argument_group("how it is written")
    files.add_argument("--as-text", action="store_true", help="write protobuf's text format")
    files.add_argument(
        "--save-debug-info",
        action="store_true",
        help="also write where the nodes were created: OUT with _debug before its suffix",
    )
    parser.add_argument(
        "--contract",
        choices=[contract.value for contract in Contract],
        default=Contract.DOCUMENTED.value,
        help="do what the documentation promises, or what TensorFlow 2.21 does; default: %(default)s",
    )


def _name(word: str) -> str:
    """A name in a graph, which is UTF-8 whatever the locale is that the word was read in."""
    return os.fsencode(word).decode()


def run(arguments: argparse.Namespace) -> int:
    """Export one file.

    Returns:
        0 when OUT was written, otherwise 2 after a line on stderr.
    """
    if arguments.tensorflow and arguments.save_debug_info:
        return _refuse("--for writes no debug info; leave out --save-debug-info")
    try:
        graph, messages = _read_all(arguments)
    except OSError as error:
        return _refuse(f"can not read '{error.filename}': {error.strerror}")
    except ValueError as error:
        return _refuse(str(error))
    try:
        nodes = _export(graph, messages, arguments)
    except OSError as error:
        reason = f"can not write '{arguments.target}': {error.strerror}"
        return _refuse(f"{reason}; give a file in a folder where you may write")
    except (TypeError, ValueError, LookupError) as error:
        return _refuse(str(error))
    size = arguments.target.stat().st_size
    sys.stderr.write(f"metagraph: wrote {arguments.target}: {nodes:,} nodes, {size:,} bytes\n")
    return 0


def _read_all(arguments: argparse.Namespace) -> tuple[Graph, dict[str, protobuf.Message | None]]:
    """The graph, and the messages that are arguments of the export."""
    with progress(f"reading {arguments.source}"):
        graph = Graph.from_meta_graph_def(read_meta_graph_file(arguments.source))
    return graph, {
        "graph_def": _read(arguments.graph_def, GraphDef),
        "saver_def": _read(arguments.saver_def, SaverDef),
        "meta_info_def": _read(arguments.meta_info_def, MetaGraphDef.MetaInfoDef),
    }


def _export(
    graph: Graph, messages: Mapping[str, protobuf.Message | None], arguments: argparse.Namespace
) -> int:
    """Export and write; returns the number of nodes written."""
    with progress(f"exporting to {arguments.target}"):
        exported = export_meta_graph(
            filename=None if arguments.tensorflow else arguments.target,
            collection_list=arguments.collection_list,
            as_text=arguments.as_text,
            graph=graph,
            export_scope=arguments.export_scope,
            clear_devices=arguments.clear_devices,
            clear_extraneous_savers=arguments.clear_extraneous_savers,
            strip_default_attrs=arguments.strip_default_attrs,
            save_debug_info=arguments.save_debug_info,
            unbound_inputs_col_name=arguments.unbound_inputs_col_name,
            contract=arguments.contract,
            **messages,
        )
    if arguments.tensorflow:
        exported = _write_loadable(exported, arguments)
    return len(exported.graph_def.node)


def _write_loadable(exported: MetaGraphDef, arguments: argparse.Namespace) -> MetaGraphDef:
    """Write what a version of TensorFlow loads, and list what was dropped; returns what was written."""
    # The registries take time to import, which an export for no version must not pay.
    from pytest_metagraph.loadability.make_loadable import make_loadable  # noqa: PLC0415 - see above

    with progress(f"writing {arguments.target}"):
        made, dropped = make_loadable(exported, arguments.tensorflow)
        size = graph_def_size(made.graph_def)
        content = meta_graph_content(made, as_text=arguments.as_text, graph_def_bytes=size)
        write_files({os.fspath(arguments.target): content})
    for removed in dropped:
        sys.stderr.write(f"metagraph: dropped {removed.render()}\n")
    return made


def _read(path: Path | None, kind: type[MessageT]) -> MessageT | None:
    """Read a file that holds one message, in binary or text.

    Raises:
        OSError: when it can not be read.
        ValueError: when it holds no such message.
    """
    if path is None:
        return None
    data = path.read_bytes()
    try:
        parsed = kind.FromString(data)
    except protobuf.DecodeError:
        parsed = None
    # Text can parse as a binary message of unknown fields: a real one has a known field.
    if parsed is not None and (parsed.ListFields() or not data):
        return parsed
    try:
        return text_format.Parse(data.decode(), kind(), descriptor_pool=POOL)
    except (UnicodeDecodeError, text_format.ParseError) as error:
        raise ValueError(
            f"'{path}' ({len(data)} bytes) holds no {kind.DESCRIPTOR.name}, neither as binary nor as text"
        ) from error


def _refuse(reason: str) -> int:
    sys.stderr.write(f"metagraph export: error: {reason}\n")
    return 2
