"""`metagraph request`: write the request of a case as a worker receives it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from conformance_cases import Variant, load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.cli._errors import refusing, writing
from pytest_metagraph.cli._options import add_contract_option
from pytest_metagraph.exporters.protocol import HELLO, encode_export, frame
from pytest_metagraph.judging.case_request import case_request
from reference_impl.atomic_write import write_files
from reference_impl.contracts import Contract

DESCRIPTION = """\
Write the bytes that a worker receives for one case: the frame with hello, then the frame with the request.
Feed them to a worker to make it answer only this case, for example in a debugger.

If the variant writes a file, the request names a file in the current folder.
"""

EPILOG = """\
examples:
  metagraph request matrix/towers/export_scope=tower_1 -o request.bin
  metagraph request SCOPE-05/nested-scope --variant file,as_text -o request.bin
  metagraph request matrix/towers/plain --no-hello > request.bin

then:
  gdb ./worker
  (gdb) run < request.bin

exit status: 0 the request was written, 2 there is no such case or variant, or the file cannot be written
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument("case", metavar="CASE", help="the id of a case")
    parser.add_argument(
        "--variant",
        default="",
        metavar="NAME",
        help="the variant of the call; default: the first of the case",
    )
    add_contract_option(parser)
    parser.add_argument("--no-hello", action="store_true", help="write the request without hello before it")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="the file to write; default: stdout, if redirected"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Raises:
        MetagraphError: if there is no such case or variant, or the bytes cannot be written.
    """
    data = _frames(arguments)
    if arguments.output:
        with writing(arguments.output):
            write_files({str(arguments.output): data})
        return 0
    if sys.stdout.isatty():
        raise MetagraphError(
            "a terminal cannot show the bytes of a request", "redirect stdout, or use -o FILE"
        )
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


def _frames(arguments: argparse.Namespace) -> bytes:
    with refusing(KeyError):
        case = load_corpus().case(arguments.case)
    variant = _variant(case.variants, arguments.variant)
    folder = Path.cwd()
    request = case_request(case, variant, Contract(arguments.contract), lambda name: str(folder / name))
    return (b"" if arguments.no_hello else frame(HELLO)) + frame(encode_export(request))


def _variant(variants: tuple[Variant, ...], name: str) -> Variant:
    if not name:
        return variants[0]
    for variant in variants:
        if variant.name == name:
            return variant
    names = "; ".join(variant.name for variant in variants)
    raise MetagraphError(f"the case has no variant {name!r}", f"its variants are {names}")
