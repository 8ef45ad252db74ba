"""Writes a random export as a folder in the form of a requirement case, and reads it back.

Such a folder can go into the corpus as it is: `docs/how-to/add-a-graph.md` says what its files are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message

from conformance_cases import Case, ExpectedError, ExpectedMessage, Tier, Variant
from conformance_cases.case_writer import dumps, readable_text
from conformance_cases.model import DEFAULT_FILENAME
from conformance_cases.requirement_case import EXPECTED, GRAPH, GRAPH_DEF, INDEX, RequirementCase
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.fuzzing.evaluate import Evaluation
from pytest_metagraph.fuzzing.example import EarlierCall, Example
from reference_impl.contracts import Contract
from reference_impl.files import write_files

_UNSAFE = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 60

_UNREADABLE = (
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    text_format.ParseError,
    DecodeError,
)
"""What comes of reading files that state no case."""


class CaseFolderError(MetagraphError):
    """A folder holds no case; the text says which folder, and why."""


def folder_name(number: int, description: str) -> str:
    """The name of a finding's folder, such as `1-device-changed-in-graph-def-node`.

    Args:
        number: which finding it is.
        description: what was found.
    """
    words = _UNSAFE.sub("-", description.lower()).strip("-")
    return f"{number}-{words[:_LONGEST_NAME].rstrip('-')}"


def write_case(folder: Path, evaluation: Evaluation, sentence: str, provenance: Mapping[str, str]) -> None:
    """Write one judged export, all files or none.

    Args:
        folder: where to; it is made where it does not exist.
        evaluation: the export and what has to come back of it.
        sentence: what the case shows.
        provenance: how it was found.

    Raises:
        OSError: when it can not be written.
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
            reason = f"Found under the contract {example.contract}; nothing is known of this one."
            index[contract.value] = {"not_asked": reason}
    index["provenance"] = {**provenance, "contract": example.contract.value}
    files[INDEX] = dumps(index)
    write_files({str(folder / name): text.encode() for name, text in files.items()})


def read_case(folder: Path) -> tuple[Case, Contract]:
    """Read a case and the contract that it was found under; the documented one where none is stated.

    Raises:
        CaseFolderError: when the folder holds no such case.
    """
    source = RequirementCase(folder)
    try:
        (case,) = source.cases(Tier.FULL)
        contract = Contract(source.index.get("provenance", {}).get("contract", Contract.DOCUMENTED.value))
        case.graph.message()
        _ = (case.calls(), case.expectation(contract), case.variants, case.capabilities)
    except OSError as error:
        raise CaseFolderError(f"{str(folder)!r} is no case: {error.strerror}: {error.filename!r}") from error
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:200]
        raise CaseFolderError(f"{str(folder)!r} is no case: {type(error).__name__}: {reason}") from error
    _refuse_outside(folder, [case.filename, *case.earlier_filenames])
    return case, contract


def _refuse_outside(folder: Path, names: list[str]) -> None:
    for name in names:
        parts = re.split(r"[/\\]", name)
        if not name or Path(name).is_absolute() or ".." in parts or ":" in name:
            raise CaseFolderError(f"{str(folder)!r} is no case: the file {name!r} leads out of its folder")


def example_of(case: Case, variant: Variant, contract: Contract) -> Example:
    """One variant of a case as an example."""
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


def _index(example: Example, sentence: str) -> dict[str, Any]:
    """The contents of case.toml, but for what it says about contracts and where it comes from."""
    stated = {
        "sentence": sentence,
        "eager": example.eager,
        "variants": [example.variant.name] if example.variant != Variant() else [],
        "filename": example.filename if example.filename != DEFAULT_FILENAME else "",
        "details": sorted(detail.value for detail in example.details),
        "preceding": [{"filename": call.filename, **_stated(call.arguments)} for call in example.earlier],
        **_stated(example.arguments),
    }
    return {name: value for name, value in stated.items() if value}


def _stated(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of one call as case.toml has them; a graph_def has a file of its own."""
    stated = {
        "arguments": {name: value for name, value in arguments.items() if _is_plain(value)},
        "messages": {
            name: readable_text(value)
            for name, value in arguments.items()
            if isinstance(value, Message) and name != "graph_def"
        },
    }
    return {name: value for name, value in stated.items() if value}


def _is_plain(value: object) -> bool:
    return value is not None and not isinstance(value, Message)
