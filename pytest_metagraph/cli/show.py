"""`metagraph show`: says what a MetaGraphDef holds, in a form that a person can read."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from google.protobuf import text_format

from conformance_cases import load_corpus
from pytest_metagraph.diff import UnusableInputError
from pytest_metagraph.diff.sides import read_message
from reference_impl.schema import POOL, MetaGraphDef

_SHOWN = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-command and add its options."""
    parser.description = "Summarise a MetaGraphDef file, binary or text, or the input graph of a case."
    parser.add_argument("what", metavar="FILE|CASE", help="a file, or the id of a case")
    parser.add_argument("--text", action="store_true", help="print the whole message as text instead")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when the message was shown, 2 when there is no such file or case, or it can not be read.
    """
    # protobuf and the schema take time to import, which the other sub-commands must not pay.

    try:
        message = _message(arguments.what)
    except UnusableInputError as error:
        return _refuse(error.problem)
    except KeyError as error:
        return _refuse(f"{arguments.what!r} is no file, and no case: {error.args[0]}")
    if arguments.text:
        sys.stdout.write(text_format.MessageToString(message, descriptor_pool=POOL))
    else:
        sys.stdout.write("\n".join(summary(message)) + "\n")
    return 0


def _message(what: str) -> MetaGraphDef:
    """The message of a file, or the input graph of a case where there is no such file."""
    if not Path(what).exists():
        return load_corpus().case(what).graph.message()
    message, _ = read_message(Path(what), "MetaGraphDef", "actual")
    return MetaGraphDef.FromString(message.SerializeToString())


def summary(message: MetaGraphDef) -> Iterator[str]:
    """What a message holds, line by line: versions, ops, scopes, devices, functions, collections, savers."""
    info, graph = message.meta_info_def, message.graph_def
    version = info.tensorflow_version or "unknown"
    yield f"{'written by':<12} TensorFlow {version}, producer {graph.versions.producer}"
    yield _line("tags", info.tags)
    nodes, functions = graph.node, graph.library.function
    collections = sorted(message.collection_def)
    yield _line("nodes", _counted(node.op for node in nodes), len(nodes))
    yield _line("scopes", _counted(node.name.rpartition("/")[0].partition("/")[0] for node in nodes))
    yield _line("devices", _counted(node.device for node in nodes))
    bodies = (f"{one.signature.name} ({len(one.node_def)})" for one in functions)
    yield _line("functions", bodies, len(functions))
    yield _line("collections", (_collection(message, key) for key in collections), len(collections))
    yield _line("savers", _savers(message))
    yield _line("signatures", sorted(message.signature_def))
    ops = info.stripped_op_list.op
    stripped = "default attributes stripped" if info.stripped_default_attrs else "default attributes kept"
    yield f"{'op list':<12} {len(ops):,}: {stripped}"


def _line(title: str, items: Iterable[str], count: int | None = None) -> str:
    shown = list(items)
    more = f", ... +{len(shown) - _SHOWN:,}" if len(shown) > _SHOWN else ""
    number = "" if count is None else f"{count:,}: "
    return f"{title:<12} {number}{', '.join(shown[:_SHOWN]) or '-'}{more}"


def _counted(names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).most_common():
        yield f"{name or '(none)'} {count:,}"


def _collection(message: MetaGraphDef, key: str) -> str:
    collection = message.collection_def[key]
    kind = collection.WhichOneof("kind")
    return f"{key} (no kind)" if kind is None else f"{key} {len(getattr(collection, kind).value):,}"


def _savers(message: MetaGraphDef) -> Iterator[str]:
    if message.HasField("saver_def"):
        saver = message.saver_def
        yield f"saver_def {saver.save_tensor_name} -> {saver.restore_op_name}"
    if "savers" in message.collection_def:
        yield f"{len(message.collection_def['savers'].bytes_list.value):,} in the collection"


def _refuse(reason: str) -> int:
    sys.stderr.write(f"metagraph show: {reason}\n")
    return 2
