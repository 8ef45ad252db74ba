"""The exporter client that reads answers from a folder of exports."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance_cases import Capability, Variant, load_corpus
from pytest_metagraph._util.text import named, nearest_names, storable, unique_members
from pytest_metagraph.exporters import protocol
from pytest_metagraph.exporters.answer_paths import (
    answer_candidates,
    unknown_variants,
    variant_folder,
    with_suffix,
)
from pytest_metagraph.exporters.answers import Answer, Malformed, NotLoaded, NotSupported, Raised
from pytest_metagraph.exporters.protocol import Introduction, ProtocolError
from pytest_metagraph.exporters.registry import ExporterRegistry, RegistryError
from pytest_metagraph.exporters.request import ExportRequest, RequestGraph
from pytest_metagraph.exporters.resolve import ExporterNotFoundError
from reference_impl.files import leads_through_link, read_regular_file

EXPORTER_FILE = "exporter.json"
"""The name of the file that describes the exporter."""

_DESCRIBED = frozenset(
    {"name", "version", "unsupported", "corpus", "op_list", "descriptor_set", "environment"}
)
"""The keys of the description of an exporter."""


class ExportsFolderError(ExporterNotFoundError):
    """The folder does not hold usable answers to this corpus."""


@dataclass(frozen=True, slots=True)
class ExportsFolder:
    """Finds answers in a folder.

    Attributes:
        folder: the folder.
        introduction: the declarations of the exporter that the answers come from.
    """

    folder: Path
    introduction: Introduction

    @classmethod
    def open(cls, folder: Path) -> ExportsFolder:
        """Read the description of the exporter.

        Args:
            folder: the folder of answers.

        Raises:
            ExportsFolderError: if the description is missing or not valid, or the answers are those to
                another corpus.
        """
        path = folder / EXPORTER_FILE
        try:
            described = json.loads(read_regular_file(path).decode(), object_pairs_hook=unique_members)
        except OSError as error:
            raise ExportsFolderError(
                f"{str(folder)!r} has no answers: {EXPORTER_FILE} cannot be read ({error.strerror}); "
                "write the cases with `metagraph cases --out DIR`, and their answers as "
                "docs/reference/exports-folder.md describes"
            ) from error
        except (ValueError, RecursionError) as error:
            raise ExportsFolderError(f"{str(path)!r} is not valid JSON: {error}") from error
        return cls(folder, _introduction(path, described))

    @property
    def name(self) -> str:
        """The name of the exporter."""
        return self.introduction.name

    @property
    def version(self) -> str:
        """The version that the answers come from; may be empty."""
        return self.introduction.version

    @property
    def unsupported(self) -> frozenset[Capability]:
        """The capabilities that the exporter declares as unsupported."""
        return self.introduction.unsupported

    @property
    def registry(self) -> ExporterRegistry:
        """The ops and messages that the exporter declares."""
        return self.introduction.registry

    @property
    def environment(self) -> Mapping[str, str]:
        """What the exporter runs on; empty if it does not declare that."""
        return self.introduction.environment

    def export(self, request: ExportRequest) -> Answer:
        """Return the answer to a request, and copy its files to where the request would write them.

        Args:
            request: the request.
        """
        filename = request.arguments.get("filename")
        variant = Variant(
            filename=filename is not None,
            as_text=bool(request.arguments.get("as_text")),
            save_debug_info=bool(request.arguments.get("save_debug_info")),
            default_graph=request.default_graph,
        )
        if unknown := unknown_variants(self.folder, request.case_id):
            return Malformed(
                f"The answers of {request.case_id} have {named(unknown)}, which belongs to no variant; the "
                f"answer of the variant {variant.name} is {variant.name}.pb or {variant.name}.error.json."
            )
        root = _scratch_root(request)
        if root is not None:
            _copy_files(variant_folder(self.folder, request.case_id, variant), root, self.folder)
        for candidate in answer_candidates(self.folder, request.case_id, variant):
            answer = _read(candidate, self.folder)
            if answer is not None:
                return answer
        missing = with_suffix(candidate, ".pb").relative_to(self.folder)
        return Malformed(
            f"There is no answer: {str(self.folder)!r} has neither {missing} nor its .error.json."
        )

    @property
    def copies_arguments(self) -> bool:
        """True: the answers are there already."""
        return True

    def take_changes(self, graph: RequestGraph) -> None:
        """Do nothing: a folder changes no graph."""


def _introduction(path: Path, described: Any) -> Introduction:
    if not isinstance(described, dict) or not isinstance(described.get("name"), str) or not described["name"]:
        raise ExportsFolderError(f'{str(path)!r} must be a JSON object with the exporter\'s "name"')
    if unknown := sorted(described.keys() - _DESCRIBED):
        near = nearest_names(unknown[0], _DESCRIBED)
        known = f"did you mean {near[0]!r}?" if near else f"it may have {', '.join(sorted(_DESCRIBED))}"
        raise ExportsFolderError(f"{str(path)!r} has an unknown key, {unknown[0]!r}", known)
    corpus = described.get("corpus")
    if corpus is not None and corpus != load_corpus().digest:
        raise ExportsFolderError(
            f"the answers in {str(path.parent)!r} belong to another version of the corpus; "
            "write the cases again with `metagraph cases` and export them again"
        )
    try:
        unsupported = protocol.check_capabilities(described.get("unsupported", []))
    except ProtocolError as error:
        raise ExportsFolderError(f"{str(path)!r}: {error}") from error
    try:
        registry = ExporterRegistry.parse(
            _beside(path, described, "op_list"), _beside(path, described, "descriptor_set")
        )
    except RegistryError as error:
        raise ExportsFolderError(f"{str(path)!r}: {error.message}", error.hint) from error
    if not isinstance(described.get("version", ""), str):
        raise ExportsFolderError(f'{str(path)!r}: "version" must be a text, such as "1.4"')
    environment = described.get("environment", {})
    if not isinstance(environment, dict) or not all(isinstance(value, str) for value in environment.values()):
        raise ExportsFolderError(
            f'{str(path)!r}: "environment" must be an object of texts, such as {{"python": "3.7.17"}}'
        )
    unsupported |= registry.lacking
    return Introduction(described["name"], described.get("version", ""), unsupported, registry, environment)


def _beside(path: Path, described: Mapping[str, Any], key: str) -> bytes:
    """Return the content of a file that the description names; empty if it names none."""
    name = described.get(key)
    if name is None:
        return b""
    if not isinstance(name, str) or not name or Path(name).name != name or "\0" in name:
        raise ExportsFolderError(
            f'{str(path)!r}: "{key}" must be the name of a file beside it, such as "{key}.pb"'
        )
    try:
        return read_regular_file(path.parent / name, within=path.parent)
    except (OSError, UnicodeEncodeError) as error:  # no file name contains a lone surrogate
        reason = error.strerror if isinstance(error, OSError) else "no file can have that name"
        raise ExportsFolderError(
            f'{str(path)!r}: "{key}" names a file that cannot be read: {storable(name)} ({reason})'
        ) from error


def _read(path: Path, folder: Path) -> Answer | None:
    """Return the answer at a path without suffix, which no link may lead to; None if there is none."""
    message = with_suffix(path, ".pb")
    error = with_suffix(path, ".error.json")
    if os.path.lexists(message) and os.path.lexists(error):
        return Malformed(
            f"There are two answers, {message.name} and {error.name}; one export has one of them."
        )
    for answer in (message, error):
        try:
            data = read_regular_file(answer, within=folder)
        except FileNotFoundError:
            continue
        except OSError as problem:
            return Malformed(f"The file {answer.name} cannot be read: {problem.strerror}.")
        if answer is message:
            return protocol.read_meta_graph(data, f"The file {answer.name} answers")
        return _read_error(answer, data)
    return None


def _read_error(path: Path, data: bytes) -> Answer:
    try:
        answered = json.loads(data.decode(), object_pairs_hook=unique_members)
    except (ValueError, RecursionError) as error:
        return Malformed(f"The file {path.name} is not valid JSON: {error}.")
    match answered:
        case {"unsupported": str(capability), **more} if not more:
            return NotSupported(capability)
        case {"not_loadable": str(reason), **more} if not more:
            return NotLoaded(reason)
        case {"classes": [str(), *_] as classes, **more} if (
            all(isinstance(name, str) for name in classes)
            and more.keys() <= {"text", "traceback"}
            and all(isinstance(text, str) for text in more.values())
        ):
            return Raised(tuple(classes), str(more.get("text", "")), str(more.get("traceback", "")))
        case _:
            return Malformed(
                f'The file {path.name} must be {{"classes": ["ValueError"], "text": "..."}}, with a '
                '"traceback" if there is one, {"unsupported": "capability"} or {"not_loadable": "why"}, '
                "without other keys."
            )


def _scratch_root(request: ExportRequest) -> Path | None:
    """Return the folder that the calls of a request write to; None if none of them writes."""
    case = load_corpus().case(request.case_id)
    written = [(request.arguments.get("filename"), case.filename)]
    written += [
        (call["filename"], name) for call, name in zip(request.preceding, case.earlier_filenames, strict=True)
    ]
    for path, relative in written:
        if path is not None:
            return Path(path).parents[len(Path(relative).parts) - 1]
    return None


def _copy_files(source: Path, target: Path, exports: Path) -> None:
    """Copy a folder; an empty folder stands for what is not a regular file, or cannot be read.

    What a link leads to is not the exporter's. The judge misses such a file if it was requested, and
    otherwise finds the folder.
    """
    if leads_through_link(source, exports):
        return
    folders = [source]
    while folders:  # neither os.walk nor os.makedirs, whose depth is limited by that of Python's recursion
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(folders.pop())):
                path = Path(entry.path)
                copy = target / path.relative_to(source)
                with contextlib.suppress(OSError):  # a path that is too long, for example
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(path)
                        copy.mkdir(exist_ok=True)
                        continue
                    try:
                        content = read_regular_file(path, within=exports)
                    except OSError:
                        copy.mkdir(exist_ok=True)
                    else:
                        copy.write_bytes(content)
