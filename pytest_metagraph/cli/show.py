"""`metagraph show`: summarise the content of a MetaGraphDef."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph._util.text import MOST_OF_A_LINE, counted, shortened
from pytest_metagraph.cli._errors import reading, refusing
from pytest_metagraph.cli._options import (
    add_contract_option,
    add_json_option,
    add_limit_option,
    add_tags_option,
)
from pytest_metagraph.cli._output import say, say_json
from pytest_metagraph.cli._saved_models import Content, contents_of, saved_model_lines, saved_model_parts
from pytest_metagraph.cli._summary import summarise, summary_lines
from reference_impl import Contract
from reference_impl.schema import POOL, MetaGraphDef

_SHOWN = 8
"""The largest entries of each kind that are shown."""

_BAR = 20
"""The width of the bar of something that is the whole file."""

DESCRIPTION = """\
Summarise a file, binary or text: a MetaGraphDef, a SavedModel or its folder, a GraphDef, or a library of
functions. Or summarise the input graph of a case of the corpus, or the message that the case expects.
With --sizes, also show where its bytes go.
"""

EPILOG = """\
examples:
  metagraph show model.meta
  metagraph show saved_model_folder
  metagraph show model.meta --sizes
  metagraph show model.meta --json
  metagraph show model.meta --text | less
  metagraph show matrix/towers/plain
  metagraph show matrix/towers/export_scope=tower_1 --expected

exit status: 0 the message was shown, 2 there is no such file or case, or it cannot be read
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument(
        "what", metavar="FILE|CASE", help="a file, a SavedModel's folder, or the id of a case"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="print the whole message as text instead")
    add_json_option(form, "the summary")
    add_tags_option(parser)
    add_limit_option(parser)
    parser.add_argument(
        "--sizes",
        action="store_true",
        help="also show the bytes of each part, and the largest nodes, constants, scopes, functions and "
        "collections",
    )
    parser.add_argument(
        "--expected", action="store_true", help="show what a case expects instead of its input graph"
    )
    add_contract_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Raises:
        MetagraphError: if there is no such file or case, or it cannot be read.
    """
    contents = _contents(arguments)
    if arguments.text:
        for content in contents:
            message = MetaGraphDef.FromString(content.view.SerializeToString())
            text = text_format.MessageToString(message, descriptor_pool=POOL)
            say(text.removesuffix("\n"), keep_newlines=True)
        return 0
    path = Path(arguments.what)
    folder = path if path.is_dir() else None
    found = []
    for content in contents:
        data = {"kind": content.kind, **summarise(content.view, sizes=arguments.sizes)}
        found.append(data | saved_model_parts(content.view, folder))
    if arguments.json:
        say_json(found[0] if len(found) == 1 else found)
        return 0
    for content, data in zip(contents, found, strict=True):
        if len(contents) > 1:
            say(shortened(f"meta graph {content.tags}:", MOST_OF_A_LINE))
        for line in (*summary_lines(data), *saved_model_lines(data)):
            say(shortened(line, MOST_OF_A_LINE))
        for line in size_lines(data["sizes"]) if arguments.sizes else ():
            say(shortened(line, MOST_OF_A_LINE))
    return 0


def _contents(arguments: argparse.Namespace) -> list[Content]:
    """Return the graphs of the file, or the input graph of a case or the message that it expects."""
    view, what = VIEWS["MetaGraphDef"], arguments.what
    if arguments.expected:
        expected = _expected(what, Contract(arguments.contract))
        return [Content("MetaGraphDef", "", view.FromString(expected.SerializeToString()))]
    if Path(what).exists():
        with reading(what):
            return contents_of(Path(what), arguments.tags)
    from conformance_cases import load_corpus  # noqa: PLC0415 - a file needs no corpus

    try:
        data = load_corpus().case(what).graph.message().SerializeToString()
        return [Content("MetaGraphDef", "", view.FromString(data))]
    except KeyError as error:
        raise MetagraphError(f"{what!r} is neither a file nor a case: {error.args[0]}") from error


def _expected(case_id: str, contract: Contract) -> MetaGraphDef:
    """Return the message that a case expects."""
    from conformance_cases import (  # noqa: PLC0415 - a file needs no corpus
        ExpectedError,
        ExpectedMessage,
        NotAsked,
        load_corpus,
    )

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


def size_lines(sizes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sizes of a summary for people.

    Args:
        sizes: the entry `sizes` of what `summarise` returns.
    """
    total = sizes["bytes"]
    yield f"{'size':<12} {counted(total, 'byte')}"
    for title, kind in {
        "parts": "parts",
        "largest nodes": "nodes",
        "largest constants": "constants",
        "largest scopes": "scopes",
        "largest functions": "functions",
        "largest collections": "collections",
    }.items():
        entries = sizes[kind]
        if not entries:
            continue
        yield ""
        yield title
        yield from (_entry_line(entry, total) for entry in entries[:_SHOWN])
        if len(entries) > _SHOWN:
            yield f"  ... {counted(len(entries) - _SHOWN, 'more entry', 'more entries')} with --json"


def _entry_line(entry: Mapping[str, Any], total: int) -> str:
    share = entry["bytes"] / total if total else 0.0
    bar = "#" * round(share * _BAR)
    return f"  {entry['bytes']:>14,}  {share:>6.1%}  {bar:<{_BAR}}  {_described(entry)}"


def _described(entry: Mapping[str, Any]) -> str:
    match entry:
        case {"name": name, "op": op}:
            return f"{name} ({op})"
        case {"name": name, "dtype": dtype, "shape": shape}:
            return f"{name} ({dtype}{shape})"
        case {"name": name, "kind": kind, "items": items}:
            return f"{name} ({kind or 'no kind'}, {counted(items, 'item')})"
        case {"name": name, "nodes": nodes}:
            return f"{name} ({counted(nodes, 'node')})"
    return str(entry["name"])
