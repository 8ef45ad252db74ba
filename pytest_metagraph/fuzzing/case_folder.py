"""Write a random export as a folder in the form of a requirement case, and read such a folder.

The folder can be added to the corpus unchanged; `docs/how-to/add-a-graph.md` describes its files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message

from conformance_cases import Case, ExpectedError, ExpectedMessage, Tier, Variant
from conformance_cases.case_writer import readable_text, toml_text
from conformance_cases.model import DEFAULT_FILENAME
from conformance_cases.requirement_case import EXPECTED, GRAPH, GRAPH_DEF, INDEX, RequirementCase
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.fuzzing.evaluate import Evaluation
from pytest_metagraph.fuzzing.example import EarlierCall, Example
from reference_impl.atomic_write import write_files
from reference_impl.contracts import Contract
from reference_impl.files import read_regular_file
from reference_impl.read_limit import excess_of
from reference_impl.schema import MetaGraphDef

_UNSAFE = re.compile(r"[^a-z0-9]+")
_MAX_NAME = 60

_UNREADABLE = (
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    text_format.ParseError,
    DecodeError,
)
"""The errors that reading a file raises if its contents are not a case."""


class _Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the calls of a case, except for its graph_def."""

    arguments: dict[str, Any] = {}
    messages: dict[str, str | dict[str, str]] = {}
    filename: str = ""


class _Index(_Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of `case.toml`; `RequirementCase` reads them, and this is their form."""

    sentence: str
    preceding: list[_Call] = []
    variants: Literal["all"] | list[str] = []
    eager: bool = False
    details: list[str] = []
    capabilities: list[str] = []
    also: list[str] = []
    tier: str = ""
    error: str = ""
    not_asked: str = ""
    documented: dict[str, Any] = {}
    tensorflow: dict[str, Any] = {}
    provenance: dict[str, str] = {}


class CaseFolderError(MetagraphError):
    """A folder does not hold a usable case."""


def folder_name(number: int, description: str) -> str:
    """Return the name of a finding's folder, such as `1-device-changed-in-graph-def-node`.

    Args:
        number: the number of the finding.
        description: the kind of difference in words.
    """
    words = _UNSAFE.sub("-", description.lower()).strip("-")
    return f"{number}-{words[:_MAX_NAME].rstrip('-')}"


def write_case(folder: Path, evaluation: Evaluation, sentence: str, provenance: Mapping[str, str]) -> None:
    """Write an evaluated export as a case, all files or none.

    Args:
        folder: the folder to write to; it is created if it does not exist.
        evaluation: the export and its expected answer.
        sentence: what the case shows.
        provenance: how it was found.

    Raises:
        OSError: if a file cannot be written.
    """
    example = evaluation.example
    index = _index(example, sentence)
    files = {GRAPH: readable_text(example.graph)}
    if "graph_def" in example.arguments:
        files[GRAPH_DEF] = readable_text(example.arguments["graph_def"])
    match evaluation.expected:
        case ExpectedMessage() as expected:
            files[EXPECTED] = readable_text(expected.message())
        case ExpectedError(type=kind):
            index["error"] = kind
    for contract in Contract:
        if contract is not example.contract:
            reason = f"Found under the contract {example.contract}; not tested under this one."
            index[contract.value] = {"not_asked": reason}
    index["provenance"] = {**provenance, "contract": example.contract.value}
    files[INDEX] = toml_text(index)
    write_files({str(folder / name): text.encode() for name, text in files.items()}, make_folders=True)


def read_case(folder: Path) -> tuple[Case, Contract]:
    """Read a case.

    Args:
        folder: the folder of the case.

    Returns:
        The case, and the contract that it was found under; the documented contract if the folder names none.

    Raises:
        CaseFolderError: if the folder does not hold a usable case.
    """
    source = RequirementCase(folder)
    try:
        read_regular_file(folder / INDEX)  # refuses what is not a regular file
        index = msgspec.convert(source.index, _Index)
        _check_messages(index, folder)
        (case,) = source.cases(Tier.FULL)
        contract = Contract(index.provenance.get("contract", Contract.DOCUMENTED.value))
        case.graph.message()
        _ = (case.calls(), case.variants, case.capabilities, case.debug_info())
        _ = [case.expectation(one) for one in Contract]
    except msgspec.ValidationError as error:
        raise _unusable(folder, f"{INDEX}: {error}") from error
    except OSError as error:
        raise _unusable(folder, f"{error.strerror}: {error.filename!r}") from error
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:200]
        raise _unusable(folder, f"{type(error).__name__}: {reason}") from error
    _refuse_outside(folder, [case.filename, *case.earlier_filenames])
    return case, contract


def example_of(case: Case, variant: Variant, contract: Contract) -> Example:
    """Return one variant of a case as an example."""
    *earlier, arguments = case.calls()
    return Example(
        case.graph.message(),
        arguments,
        variant,
        case.eager,
        contract,
        case.filename,
        frozenset(case.details),
        tuple(
            EarlierCall({key: value for key, value in call.items() if key != "graph_def"}, filename)
            for call, filename in zip(earlier, case.earlier_filenames, strict=True)
        ),
    )


def _check_messages(index: _Index, folder: Path) -> None:
    """Refuse a file that is not a regular one, or a message beyond the `read_limit`, before it is parsed.

    Raises:
        OSError, LookupError, ValueError: as `read_case` expects them.
    """
    texts = {path.name: read_regular_file(path) for path in folder.glob("*.pbtxt")}
    for call in (index, *index.preceding):
        for name, stated in call.messages.items():
            texts[name] = (stated if isinstance(stated, str) else stated["text"]).encode()
    for name, text in texts.items():
        if problem := excess_of(text, MetaGraphDef.DESCRIPTOR, as_text=True):
            raise ValueError(f"{name} is {problem}")


def _unusable(folder: Path, reason: str) -> CaseFolderError:
    return CaseFolderError(
        f"{str(folder)!r} is not a case: {reason}",
        "name a folder that `metagraph fuzz` or `shrink` has written",
    )


def _refuse_outside(folder: Path, names: list[str]) -> None:
    for name in names:
        parts = re.split(r"[/\\]", name)
        if not name or Path(name).is_absolute() or ".." in parts or ":" in name:
            raise _unusable(folder, f"the file {name!r} is outside its folder")


def _index(example: Example, sentence: str) -> dict[str, Any]:
    """Return the contents of case.toml, except for the expectations and the provenance."""
    entries = {
        "sentence": sentence,
        "eager": example.eager,
        "variants": [example.variant.name] if example.variant != Variant() else [],
        "filename": example.filename if example.filename != DEFAULT_FILENAME else "",
        "details": sorted(detail.value for detail in example.details),
        "preceding": [
            {"filename": call.filename, **_argument_tables(call.arguments)} for call in example.earlier
        ],
        **_argument_tables(example.arguments),
    }
    return {name: value for name, value in entries.items() if value}


def _argument_tables(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call as in case.toml; a graph_def has a file of its own."""
    tables = {
        "arguments": {name: value for name, value in arguments.items() if _is_plain(value)},
        "messages": {
            name: readable_text(value)
            for name, value in arguments.items()
            if isinstance(value, Message) and name != "graph_def"
        },
    }
    return {name: value for name, value in tables.items() if value}


def _is_plain(value: object) -> bool:
    return value is not None and not isinstance(value, Message)
