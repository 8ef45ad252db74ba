"""`metagraph show`: summarise the content of a MetaGraphDef."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from google.protobuf import text_format

from conformance_cases import ExpectedError, ExpectedMessage, NotAsked, load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.cli._errors import refusing
from pytest_metagraph.cli._options import add_contract_option
from pytest_metagraph.cli._output import say
from pytest_metagraph.diff import UnusableInputError
from pytest_metagraph.diff.sides import read_message
from reference_impl.contracts import Contract
from reference_impl.schema import POOL, MetaGraphDef, adopt

DESCRIPTION = """\
Summarise a MetaGraphDef file, binary or text, or the input graph of a case of the corpus, or the message that
the case expects.
"""

EPILOG = """\
examples:
  metagraph show model.meta
  metagraph show model.meta --text | less
  metagraph show matrix/towers/plain
  metagraph show matrix/towers/export_scope=tower_1 --expected

exit status: 0 the message was shown, 2 there is no such file or case, or it cannot be read
"""

_SHOWN = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument("what", metavar="FILE|CASE", help="a file, or the id of a case")
    parser.add_argument("--text", action="store_true", help="print the whole message as text instead")
    parser.add_argument(
        "--expected", action="store_true", help="show what a case expects instead of its input graph"
    )
    add_contract_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Raises:
        MetagraphError: if there is no such file or case, or it cannot be read.
    """
    if arguments.expected:
        message = _expected(arguments.what, Contract(arguments.contract))
    else:
        message = _message(arguments.what)
    if arguments.text:
        say(text_format.MessageToString(message, descriptor_pool=POOL).removesuffix("\n"), keep_newlines=True)
    else:
        for line in summary(message):
            say(line)
    return 0


def _message(what: str) -> MetaGraphDef:
    """Read a file, or the input graph of a case if there is no such file."""
    if not Path(what).exists():
        try:
            return load_corpus().case(what).graph.message()
        except KeyError as error:
            raise MetagraphError(f"{what!r} is neither a file nor a case: {error.args[0]}") from error
    try:
        message, _ = read_message(Path(what), "MetaGraphDef", "actual")
    except UnusableInputError as error:  # there is only one side here
        raise MetagraphError(error.problem) from error
    return adopt(message, MetaGraphDef)


def _expected(case_id: str, contract: Contract) -> MetaGraphDef:
    """Return the message that a case expects."""
    with refusing(KeyError):
        expectation = load_corpus().case(case_id).expectation(contract)
    match expectation:
        case ExpectedMessage():
            return expectation.message()
        case ExpectedError(type=name):
            problem = f"{case_id!r} expects {name} to be raised, and no message"
        case NotAsked():
            problem = f"{case_id!r} expects nothing under the contract {contract}"
    raise MetagraphError(problem, f"`metagraph explain {case_id}` shows the case")


def summary(message: MetaGraphDef) -> Iterator[str]:
    """Yield what a message contains: versions, nodes, scopes, devices, functions, collections, savers."""
    info, graph = message.meta_info_def, message.graph_def
    version = info.tensorflow_version or "unknown"
    yield f"{'written by':<12} TensorFlow {version}, producer {graph.versions.producer}"
    yield _line("tags", info.tags)
    nodes, functions = graph.node, graph.library.function
    collections = sorted(message.collection_def)
    yield _line("nodes", _frequencies(node.op for node in nodes), len(nodes))
    yield _line("scopes", _frequencies(node.name.rpartition("/")[0].partition("/")[0] for node in nodes))
    yield _line("devices", _frequencies(node.device for node in nodes))
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


def _frequencies(names: Iterable[str]) -> Iterator[str]:
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
