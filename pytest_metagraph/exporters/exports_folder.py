"""The exporter client that reads answers exported beforehand into a folder."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance_cases import Capability, Variant, load_corpus
from pytest_metagraph.exporters import protocol
from pytest_metagraph.exporters.answers import Answer, Malformed, NotSupported, Raised
from pytest_metagraph.exporters.protocol import Introduction, ProtocolError
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.exporters.resolve import ExporterNotFoundError

EXPORTER_FILE = "exporter.json"
"""The file that says whose answers these are."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_=,.-]")
_MAX_PART = 100
_DIGEST_CHARACTERS = 12


def answer_stem(case_id: str) -> str:
    """The path of a case's answers inside the folder, without suffix.

    Each part of the id keeps letters, digits and `_=,.-`; other characters become `%` and the hexadecimal
    digits of their UTF-8 bytes, and so does a dot at the start or the end of a part, so that no id leads
    out of the folder. A part of more than 100 characters is cut and gets a digest of the whole.

    Args:
        case_id: the id of the case; `/` separates its parts.

    Returns:
        A relative path with `/` between its parts, another one for every other id.
    """
    return "/".join(_safe_part(part) for part in case_id.split("/"))


def answer_candidates(folder: Path, case_id: str, variant: Variant) -> Iterator[Path]:
    """The paths without suffix at which the answer of a variant may lie; the first that exists counts."""
    stem = answer_stem(case_id)
    yield folder / f"{stem}.variants" / variant.name
    yield folder / stem


def variant_folder(folder: Path, case_id: str, variant: Variant) -> Path:
    """Where the files lie that a variant wrote."""
    return folder / f"{answer_stem(case_id)}.variants" / variant.name


def with_suffix(path: Path, suffix: str) -> Path:
    """The path with a suffix behind its whole name; `Path.with_suffix` would replace what follows a dot."""
    return path.with_name(path.name + suffix)


def _safe_part(part: str) -> str:
    safe = _UNSAFE.sub(lambda found: _escape(found.group()), part)
    if safe.startswith("."):
        safe = _escape(".") + safe[1:]
    if safe.endswith("."):
        safe = safe[:-1] + _escape(".")
    if not safe:
        return "%"  # an empty part; no other part becomes a lone percent sign
    if len(safe) <= _MAX_PART:
        return safe
    digest = hashlib.sha256(part.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{safe[: _MAX_PART - _DIGEST_CHARACTERS - 1]}%{digest}"


def _escape(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


class ExportsFolderError(ExporterNotFoundError):
    """The folder holds no answers of this corpus; the text says why, and the way out."""


@dataclass(frozen=True, slots=True)
class ExportsFolder:
    """Looks up answers in a folder; see `answer_files` for where they lie.

    Attributes:
        folder: the folder.
        introduction: whose answers they are.
    """

    folder: Path
    introduction: Introduction

    @classmethod
    def open(cls, folder: Path) -> ExportsFolder:
        """Read who has exported.

        Raises:
            ExportsFolderError: when that is not stated as it should be, or the answers are those to another
                corpus.
        """
        path = folder / EXPORTER_FILE
        try:
            stated = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ExportsFolderError(
                f"{str(folder)!r} has no answers: {EXPORTER_FILE} can not be read ({error.strerror}). "
                "`metagraph cases --out DIR` writes the cases; docs/reference/exports-folder.md says where "
                "their answers go"
            ) from error
        except (ValueError, RecursionError) as error:
            raise ExportsFolderError(f"{str(path)!r} is no JSON: {error}") from error
        return cls(folder, _introduction(path, stated))

    @property
    def name(self) -> str:
        """What the exporter is called."""
        return self.introduction.name

    @property
    def version(self) -> str:
        """The version that the answers are stated to come from; may be empty."""
        return self.introduction.version

    @property
    def unsupported(self) -> frozenset[Capability]:
        """What the exporter has declared that it can not do."""
        return self.introduction.unsupported

    def export(self, request: ExportRequest) -> Answer:
        """Find the answer, and put the files that were exported with it where the request wants them."""
        filename = request.arguments.get("filename")
        variant = Variant(
            filename=filename is not None,
            as_text=bool(request.arguments.get("as_text")),
            save_debug_info=bool(request.arguments.get("save_debug_info")),
            default_graph=request.default_graph,
        )
        root = _scratch_root(request)
        if root is not None:
            _copy_files(variant_folder(self.folder, request.case_id, variant), root)
        for candidate in answer_candidates(self.folder, request.case_id, variant):
            answer = _read(candidate)
            if answer is not None:
                return answer
        missing = with_suffix(candidate, ".pb").relative_to(self.folder)
        return Malformed(
            f"There is no answer: {str(self.folder)!r} has neither {missing} nor its .error.json."
        )


def _introduction(path: Path, stated: Any) -> Introduction:
    if not isinstance(stated, dict) or not isinstance(stated.get("name"), str) or not stated["name"]:
        raise ExportsFolderError(f'{str(path)!r} must be a JSON object with a "name", the exporter\'s')
    corpus = stated.get("corpus")
    if corpus is not None and corpus != load_corpus().digest:
        raise ExportsFolderError(
            f"the answers in {str(path.parent)!r} are those to another version of the corpus; "
            "write the cases again with `metagraph cases` and export them anew"
        )
    try:
        unsupported = protocol.check_capabilities(stated.get("unsupported", []))
    except ProtocolError as error:
        raise ExportsFolderError(f"{str(path)!r}: {error}") from error
    return Introduction(stated["name"], str(stated.get("version", "")), unsupported)


def _read(path: Path) -> Answer | None:
    """The answer at a path without suffix; None where there is none."""
    message = with_suffix(path, ".pb")
    error = with_suffix(path, ".error.json")
    if message.is_file() and error.is_file():
        return Malformed(
            f"There are two answers, {message.name} and {error.name}; one export gives one of them."
        )
    if message.is_file():
        return protocol.read_meta_graph(message.read_bytes(), f"The file {message.name} answers")
    return _read_error(error) if error.is_file() else None


def _read_error(path: Path) -> Answer:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        return Malformed(f"The file {path.name} is no JSON: {error}.")
    match stated:
        case {"unsupported": str(capability)}:
            return NotSupported(capability)
        case {"classes": [str(), *_] as classes} if all(isinstance(name, str) for name in classes):
            return Raised(tuple(classes), str(stated.get("text", "")), str(stated.get("traceback", "")))
        case _:
            return Malformed(
                f'The file {path.name} must be {{"classes": ["ValueError"], "text": "..."}} '
                'or {"unsupported": "capability"}.'
            )


def _scratch_root(request: ExportRequest) -> Path | None:
    """The folder below which the calls of a request write; None where none of them writes."""
    case = load_corpus().case(request.case_id)
    written = [(request.arguments.get("filename"), case.filename)]
    written += [
        (call["filename"], name) for call, name in zip(request.preceding, case.earlier_filenames, strict=True)
    ]
    for path, relative in written:
        if path is not None:
            return Path(path).parents[len(Path(relative).parts) - 1]
    return None


def _copy_files(source: Path, target: Path) -> None:
    """Copy the files of a folder and of those below it, but no links: nothing outside of it is ever read."""
    if source.is_symlink():
        return
    for folder, _, names in os.walk(source):
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink():
                copy = target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
