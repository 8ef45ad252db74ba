"""`metagraph export`: run the reference exporter on files."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from google.protobuf import message as protobuf

from pytest_metagraph._util.errors import MetagraphError, refuse_to_replace
from pytest_metagraph._util.progress import progress
from pytest_metagraph._util.text import counted, nearest_names, printable, shortened
from pytest_metagraph.cli._errors import reading, refusing, writing
from pytest_metagraph.cli._options import add_json_option, add_limit_option, add_tags_option, checked
from pytest_metagraph.cli._output import say_json, say_on_stderr
from pytest_metagraph.loadability.make_loadable import make_loadable, refusals_of
from pytest_metagraph.loadability.version_ranges import minor_version
from pytest_metagraph.rewriting import PARTS, rewrite_meta_graph
from pytest_metagraph.settings import CONTRACTS, DEFAULT_CONTRACT, TESTED_TENSORFLOW
from reference_impl import Contract
from reference_impl.atomic_write import write_file, write_files
from reference_impl.debug_info import NO_ORIGIN, graph_debug_info, loaded_stacks
from reference_impl.file_kinds import WrongKindError, parse, recognise
from reference_impl.files import debug_info_path, read_graph_file, read_regular_file
from reference_impl.saved_models import is_saved_model_file, message_file, put_meta_graph, tags_text
from reference_impl.schema import GraphDef, MetaGraphDef, SavedModel, SaverDef
from reference_impl.serialization import graph_def_size, meta_graph_content, serialise

DESCRIPTION = """\
Load the graph of a MetaGraphDef file and export it as tf.compat.v1.train.export_meta_graph would, without
TensorFlow. Each argument of that function is an option. Everything else in IN is kept: its saver, signatures,
tags, assets, object graph, versions and OpDefs. Use --drop to leave parts out. The command lists everything
that it cannot keep.

IN may be binary or text, or a SavedModel, of which one meta graph is exported. It may also be a GraphDef:
OUT is a MetaGraphDef of it, as if TensorFlow had imported the graph and exported it. With --for, OUT is a
GraphDef then, too. OUT is written completely or not at all, and replaces none of the files that are read.
"""

EPILOG = """\
examples:
  metagraph export model.meta tower.meta --export-scope tower_1 --clear-devices
  metagraph export model.meta model.pbtxt --as-text
  metagraph export model.meta older.meta --for 1.15
  metagraph export frozen.pb frozen.meta
  metagraph export frozen.pb older.pb --for 1.15
  metagraph export model.meta small.meta --collection variables --collection savers --strip-default-attrs
  metagraph export saved_model_folder model.meta
  metagraph export model.meta saved_model_folder
  metagraph export model.meta graph.meta --drop saver,signatures

exit status: 0 OUT was written, 2 a file or an argument cannot be used
"""

MessageT = TypeVar("MessageT", bound=protobuf.Message)

_ARGUMENTS = (
    "collection_list",
    "export_scope",
    "clear_devices",
    "clear_extraneous_savers",
    "strip_default_attrs",
    "unbound_inputs_col_name",
    "contract",
)
"""The arguments of export_meta_graph whose values are those of the options with these names."""

_FILES = ("source", "graph_def", "saver_def", "meta_info_def")

_OF_META_GRAPHS = (
    "export_scope",
    "collection_list",
    "graph_def",
    "saver_def",
    "meta_info_def",
    "save_debug_info",
)
"""The options whose results only a MetaGraphDef, or a file beside it, can contain."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument(
        "source",
        metavar="IN",
        type=Path,
        help="the file to load: a MetaGraphDef, a GraphDef, or a SavedModel or its folder",
    )
    parser.add_argument(
        "target",
        metavar="OUT",
        type=Path,
        help="the file to write; missing folders are created. In a SavedModel (its "
        "folder, or saved_model.pb), the meta graph with the same tags is replaced",
    )
    add_tags_option(parser)
    add_limit_option(parser)
    content = parser.add_argument_group("what to export")
    content.add_argument(
        "--export-scope",
        metavar="NAME",
        type=checked(utf8_name),
        help="export this name scope only, and remove it from the names",
    )
    content.add_argument("--clear-devices", action="store_true", help="clear the device of every node")
    content.add_argument(
        "--clear-extraneous-savers",
        action="store_true",
        help="leave out every saver except the one of --saver-def, or IN's own if that is not given",
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
        help="drop everything that this version of TensorFlow (such as 1.15) does not know, and list what "
        "was dropped; fail if the graph needs any of it",
    )
    keys = content.add_mutually_exclusive_group()
    keys.add_argument(
        "--collection",
        metavar="KEY",
        dest="collection_list",
        action="append",
        type=checked(utf8_name),
        help="export the collection with this key; may be repeated; default: all collections",
    )
    keys.add_argument(
        "--no-collections",
        dest="collection_list",
        action="store_const",
        const=[],
        help="export no collections",
    )
    content.add_argument(
        "--unbound-inputs-col-name",
        metavar="KEY",
        type=checked(utf8_name),
        default="unbound_inputs",
        help="the collection that lists inputs from outside the scope; default: %(default)s",
    )
    kept = parser.add_argument_group("what to keep from IN")
    kept.add_argument(
        "--drop",
        metavar="PART,...",
        action="append",
        default=[],
        help=f"leave out these parts of IN: {', '.join(PARTS)}, or all of them (all)",
    )
    kept.add_argument(
        "--op-list",
        choices=("keep", "refresh"),
        default="keep",
        help="whether the OpDefs stay as they are in IN, or those of TensorFlow "
        f"{TESTED_TENSORFLOW} replace them; default: %(default)s",
    )
    messages = parser.add_argument_group(
        "messages to use, each a binary or text file, or a MetaGraphDef that contains the message"
    )
    messages.add_argument(
        "--graph-def", metavar="FILE", type=Path, help="a GraphDef to export instead of the one in IN"
    )
    messages.add_argument("--saver-def", metavar="FILE", type=Path, help="a SaverDef to include")
    messages.add_argument("--meta-info-def", metavar="FILE", type=Path, help="a MetaInfoDef to start from")
    files = parser.add_argument_group("how to write it")
    files.add_argument("--as-text", action="store_true", help="write protobuf's text format")
    files.add_argument(
        "--save-debug-info",
        action="store_true",
        help="also write debug info, to OUT with _debug before its suffix; nodes loaded from a "
        "file have no stack traces",
    )
    add_json_option(files, "what was written, dropped and noted")
    parser.add_argument(
        "--contract",
        choices=CONTRACTS,
        default=DEFAULT_CONTRACT,
        help="export what the documentation promises (documented), or what TensorFlow "
        f"{TESTED_TENSORFLOW} exports (tensorflow); default: %(default)s",
    )


def utf8_name(word: str) -> str:
    """Return a name in a graph, which is UTF-8 in whatever locale the command line was read.

    Raises:
        ValueError: if it is not UTF-8.
    """
    try:
        return os.fsencode(word).decode()
    except UnicodeDecodeError:
        raise ValueError(f"{word!r} is not UTF-8, as all names in a graph are") from None


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Raises:
        MetagraphError: if a file cannot be read or written, or export_meta_graph refuses an argument.
    """
    with progress(f"reading {arguments.source}"):
        with reading(arguments.source):
            source, is_graph_def, said = _read_source(arguments)
        graph_def = _read_part(arguments.graph_def, "graph_def", GraphDef)
        messages = {
            "saver_def": _read_part(arguments.saver_def, "saver_def", SaverDef),
            "meta_info_def": _read_part(arguments.meta_info_def, "meta_info_def", MetaGraphDef.MetaInfoDef),
        }
    with contextlib.suppress(OSError):  # a folder without a SavedModel cannot be written to
        arguments.target = message_file(arguments.target)
    if not is_saved_model_file(arguments.target):  # one meta graph of a SavedModel can be replaced
        refuse_to_replace(arguments.target, [getattr(arguments, name) for name in _FILES])
    given = {name: getattr(arguments, name) for name in _ARGUMENTS}
    with (
        progress(f"exporting to {arguments.target}"),
        writing(arguments.target),
        refusing(TypeError, ValueError, LookupError),
    ):
        exported, notes = rewrite_meta_graph(
            source,
            drop=_dropped(arguments.drop),
            op_list=arguments.op_list,
            graph_def=graph_def,
            **given,
            **messages,
        )
        notes = (*said, *notes)
        if arguments.tensorflow:
            made = exported.graph_def if is_graph_def else exported
            exported, dropped = make_loadable(made, arguments.tensorflow)
            notes += tuple(f"dropped {removed.render()}" for removed in dropped)
            notes += _refusals(exported, arguments)
        if is_graph_def:
            content = serialise(exported.graph_def, as_text=arguments.as_text)
            write_file(arguments.target, content, make_folders=True)
        elif is_saved_model_file(arguments.target):
            notes += _put(exported, arguments)
        else:
            notes += _write(exported, graph_def or source.graph_def, arguments)
    if arguments.json:
        written = {"file": str(arguments.target), "nodes": len(exported.graph_def.node)}
        say_json({**written, "bytes": arguments.target.stat().st_size, "notes": list(notes)})
        return 0
    for note in notes:
        say_on_stderr(f"metagraph export: {note}")
    nodes = counted(len(exported.graph_def.node), "node")
    size = counted(arguments.target.stat().st_size, "byte")
    say_on_stderr(f"metagraph export: wrote {arguments.target}: {nodes}, {size}")
    return 0


def _refusals(exported: MetaGraphDef, arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return what to say about problems that are not due to the version, and stay."""
    version = minor_version(arguments.tensorflow)
    refused = list(refusals_of(exported, version).values())
    if not refused:
        return ()
    more = f" and {counted(len(refused) - 1, 'other problem')}" if len(refused) > 1 else ""
    first = printable(shortened(refused[0]))
    note = (
        f"TensorFlow {version} refuses {arguments.target} all the same, for reasons that do not depend on "
        f"the version: {first}{more}; see metagraph check {arguments.target} --for {version}"
    )
    return (note,)


def _read_source(arguments: argparse.Namespace) -> tuple[MetaGraphDef, bool, tuple[str, ...]]:
    """Read IN; return it as a MetaGraphDef, whether OUT is a GraphDef as well, and what to say about it.

    Raises:
        MetagraphError: if it is a GraphDef, and an option or OUT needs a MetaGraphDef.
        OSError, ValueError: if the file cannot be read.
    """
    source = read_graph_file(arguments.source, tags=arguments.tags)
    if isinstance(source, MetaGraphDef):
        return source, False, ()
    if not arguments.tensorflow:
        # A GraphDef has no meta info and no op list to keep: the export writes them.
        arguments.drop = [*arguments.drop, *sorted(PARTS.keys() - {"debug-info"})]
        arguments.op_list = "refresh"
        note = f"{arguments.source} is a GraphDef; {arguments.target} is a MetaGraphDef of it"
        return MetaGraphDef(graph_def=source), False, (note,)
    given = [option for option in _OF_META_GRAPHS if getattr(arguments, option)]
    if given:
        option = f"--{given[0].removesuffix('_list').replace('_', '-')}"
        raise MetagraphError(
            f"{option} needs a MetaGraphDef, and {str(arguments.source)!r} is a GraphDef",
            "leave it out: with --for, a GraphDef is written as a GraphDef",
        )
    if is_saved_model_file(arguments.target) or arguments.target.is_dir():
        raise MetagraphError(
            f"{str(arguments.source)!r} is a GraphDef, which cannot be written into a SavedModel",
            "give another OUT",
        )
    return MetaGraphDef(graph_def=source), True, ()


def _dropped(words: Iterable[str]) -> set[str]:
    """Return the parts that --drop names.

    Raises:
        MetagraphError: if there is no such part.
    """
    dropped = {part.strip() for word in words for part in word.split(",")}
    for part in sorted(dropped - {*PARTS, "all"}):
        nearest = nearest_names(part, PARTS, most=1) or sorted(PARTS)
        raise MetagraphError(f"--drop {part!r} is not a part of a MetaGraphDef", f"use {', '.join(nearest)}")
    return set(PARTS) if "all" in dropped else dropped


def _write(exported: MetaGraphDef, graph_def: GraphDef, arguments: argparse.Namespace) -> tuple[str, ...]:
    """Write the file, and the debug info if requested; return what to say about them."""
    size = graph_def_size(exported.graph_def)
    target, as_text = str(arguments.target), arguments.as_text
    contents = {target: meta_graph_content(exported, as_text=as_text, graph_def_bytes=size)}
    if not arguments.save_debug_info:
        write_files(contents, make_folders=True)
        return ()
    path = debug_info_path(target, Contract(arguments.contract))
    refuse_to_replace(Path(path), [getattr(arguments, name) for name in _FILES])
    stacks = loaded_stacks(graph_def.debug_info)
    names = list(_full_names(exported, graph_def, arguments.export_scope))
    info = graph_debug_info(lambda name: stacks.get(name) or (NO_ORIGIN,), names)
    write_files({**contents, path: [serialise(info, as_text=as_text)]}, make_folders=True)
    unknown = sum(not stacks.get(name) for name in names)
    if not unknown:
        return ()
    which = (
        "no node has" if unknown == len(names) else f"{unknown:,} of {counted(len(names), 'node')} have no"
    )
    origin = "a recorded origin" if unknown == len(names) else "recorded origin"
    return (f"{path} says that {which} {origin}, because the graph was loaded from a file",)


def _put(exported: MetaGraphDef, arguments: argparse.Namespace) -> tuple[str, ...]:
    """Write the meta graph into its place in a SavedModel; return what became of it."""
    target = arguments.target
    as_text = target.suffix == ".pbtxt"
    if arguments.as_text and not as_text:
        raise MetagraphError(
            f"TensorFlow reads {target.name} in binary only", f"write {target.with_suffix('.pbtxt')}"
        )
    if arguments.save_debug_info:
        raise MetagraphError("a SavedModel has other debug info", "leave out --save-debug-info")
    saved_model = SavedModel()
    if target.exists():
        with reading(target):
            data = read_regular_file(target)
            saved_model = parse(data, recognise(data, (SavedModel,), str(target)))
    replaced = put_meta_graph(saved_model, exported)
    write_file(target, serialise(saved_model, as_text=as_text), make_folders=True)
    tags = tags_text(exported.meta_info_def.tags)
    notes = [f"{'replaced' if replaced else 'added'} the meta graph tagged {tags}; variables and assets stay"]
    if (target.parent / "fingerprint.pb").exists():
        notes.append("fingerprint.pb is that of the SavedModel before; delete it if you rely on it")
    return tuple(notes)


def _full_names(exported: MetaGraphDef, graph_def: GraphDef, scope: str | None) -> Iterator[str]:
    """Yield the names of the exported nodes before the scope was removed from them (DBG-04)."""
    prefix = f"{scope.removesuffix('/')}/" if scope else ""
    known = {node.name for node in graph_def.node} if scope else set()
    for node in exported.graph_def.node:
        yield prefix + node.name if prefix + node.name in known else node.name


def _read_part(path: Path | None, field: str, kind: type[MessageT]) -> MessageT | None:
    """Read a file, binary or text, that contains one message, or a MetaGraphDef of which it is a part.

    Raises:
        MetagraphError: if it cannot be read or contains no such message.
    """
    if path is None:
        return None
    with reading(path):
        data = read_regular_file(path)
        try:
            found = recognise(data, (kind, MetaGraphDef), str(path))
            parsed = parse(data, found)
        except WrongKindError as error:
            size = counted(len(data), "byte")
            raise MetagraphError(f"{str(path)!r} ({size}) is {error.problem}") from error
    if found.message is MetaGraphDef:
        if not parsed.HasField(field):
            raise MetagraphError(f"{str(path)!r} is a MetaGraphDef without {field}", "give another file")
        parsed = getattr(parsed, field)
    part: MessageT = parsed
    return part
