"""Record the op registries that `op_registries` reads, from the releases of TensorFlow themselves."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import lzma
import os
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.loadability import registry_program
from pytest_metagraph.loadability.op_registries import (
    DEFINITIONS_FILE,
    RELEASES_FILE,
    OpRegistry,
    known_versions,
    registry,
)
from reference_impl.atomic_write import write_files
from reference_impl.schema import MetaGraphDef, OpDef, OpList

_FOLDER = Path(__file__).parent

_SECONDS = 300
"""The time that an interpreter may take to import its TensorFlow and write its ops."""


class RecordingError(MetagraphError, ValueError):
    """An interpreter did not give the op registry of a TensorFlow; the message says which and why."""


@dataclass(frozen=True)
class RecordedFiles:
    """The files that contain the op registries after a recording.

    Attributes:
        contents: the content of each file by its name.
    """

    contents: Mapping[str, bytes]

    @property
    def size(self) -> int:
        """The size of all files together, in bytes."""
        return sum(map(len, self.contents.values()))

    def changed(self) -> list[str]:
        """Return the names of the files whose stored content differs."""
        return [
            name
            for name, content in self.contents.items()
            if not (_FOLDER / name).is_file() or (_FOLDER / name).read_bytes() != content
        ]

    def write(self) -> None:
        """Store the files beside this module, all or none."""
        write_files({os.fspath(_FOLDER / name): content for name, content in self.contents.items()})


def record(pythons: Iterable[Path]) -> RecordedFiles:
    """Record the op registries of the TensorFlows that interpreters have installed.

    Stored registries of other minor versions are kept. The same releases give the same bytes again.

    Args:
        pythons: the interpreters, at most one for each minor version of TensorFlow.

    Returns:
        The files, which are not written yet.

    Raises:
        RecordingError: if an interpreter does not give a registry, or two have the same minor version.
    """
    recorded: dict[str, OpRegistry] = {}
    for python in pythons:
        found = ask_interpreter(python)
        if found.version in recorded:
            raise RecordingError(
                f"TensorFlow {found.release} of '{python}' is a second release of {found.version}; "
                "name one interpreter for each minor version"
            )
        recorded[found.version] = found
    kept = {version: registry(version) for version in known_versions()}
    return RecordedFiles(stored_form((kept | recorded).values()))


def ask_interpreter(python: Path) -> OpRegistry:
    """Return the op registry of the TensorFlow that an interpreter has installed.

    Args:
        python: the interpreter, Python 3.6 or later; it needs nothing but TensorFlow.

    Returns:
        The registry, without documentation texts.

    Raises:
        RecordingError: if the interpreter cannot be run, has no TensorFlow, or takes too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "registry.json"
        command = [os.fspath(python), "-I", registry_program.__file__, os.fspath(target)]
        try:
            done = subprocess.run(  # noqa: S603 - the interpreter that the user named
                command,
                cwd=folder,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RecordingError(f"'{python}' cannot be run: {error}; name a Python interpreter") from error
        if done.returncode != 0 or not target.exists():
            last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            raise RecordingError(
                f"'{python}' wrote no op registry: {last}; name an interpreter that imports tensorflow"
            )
        return _registry_from(json.loads(target.read_bytes()))


def _registry_from(found: Mapping[str, Any]) -> OpRegistry:
    """Return the registry that the program wrote."""
    listing = OpList.FromString(base64.b64decode(found["op_list"]))
    ops = sorted(listing.op, key=lambda op: op.name.encode())
    return OpRegistry(
        version=".".join(found["release"].split(".")[:2]),
        release=found["release"],
        git=found["git"],
        producer=found["producer"],
        min_consumer=found["min_consumer"],
        min_producer=found["min_producer"],
        ops={op.name: _without_documentation(op) for op in ops},
        missing_names=_missing_names(found["names"]),
        lazy_ops=frozenset(found["lazy_ops"]),
    )


def _missing_names(known: Collection[str]) -> frozenset[str]:
    """Return the names of the schema that a release lacks in the messages and enums that it knows."""
    owners = {name.rpartition(".")[0] for name in known}
    root = MetaGraphDef.DESCRIPTOR
    found, waiting = {root.full_name}, [root]
    names: set[str] = set()
    while waiting:
        for described in waiting.pop().fields:
            names.add(described.full_name)
            if described.enum_type is not None:
                enum = described.enum_type
                names.update(f"{enum.full_name}.{value}" for value in enum.values_by_name)
            inner = described.message_type
            if inner is not None and inner.full_name not in found:
                found.add(inner.full_name)
                waiting.append(inner)
    missing = {name.removeprefix("tensorflow.") for name in names} - set(known)
    return frozenset(name for name in missing if name.rpartition(".")[0] in owners)


def _without_documentation(op: OpDef) -> OpDef:
    """Return an OpDef without its documentation texts (OPS-06)."""
    op.ClearField("summary")
    op.ClearField("description")
    for part in itertools.chain(op.input_arg, op.output_arg, op.attr):
        part.ClearField("description")
    return op


def stored_form(registries: Iterable[OpRegistry]) -> dict[str, bytes]:
    """Return the files that contain op registries; the same registries give the same bytes.

    Args:
        registries: one for each minor version, in any order.

    Returns:
        The content of each file by its name.
    """
    ordered = sorted(registries, key=lambda found: _numbers(found.version))
    definitions = _definitions(ordered)
    header = json.dumps([_spans(having) for _, having in definitions], separators=(",", ":")).encode()
    listing = b"".join(OpList(op=[op]).SerializeToString(deterministic=True) for op, _ in definitions)
    packed = lzma.compress(header + b"\n" + listing, format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)
    releases = {
        "releases": {found.version: _description(found) for found in ordered},
        "sha256": {DEFINITIONS_FILE: hashlib.sha256(packed).hexdigest()},
    }
    return {
        RELEASES_FILE: (json.dumps(releases, indent=1) + "\n").encode(),
        DEFINITIONS_FILE: packed,
    }


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a minor version, which sort as versions do."""
    return tuple(int(number) for number in version.split("."))


def _definitions(ordered: Sequence[OpRegistry]) -> list[tuple[OpDef, list[int]]]:
    """Return each different OpDef with the positions of the registries that have it.

    They are sorted by name, then by the first registry that has them, so that similar definitions are next to
    each other and compress well.
    """
    having: dict[tuple[bytes, bytes], tuple[OpDef, list[int]]] = {}
    for position, found in enumerate(ordered):
        for name, op in found.ops.items():
            key = name.encode(), op.SerializeToString(deterministic=True)
            having.setdefault(key, (op, []))[1].append(position)
    return sorted(having.values(), key=lambda pair: (pair[0].name.encode(), pair[1][0]))


def _spans(positions: Sequence[int]) -> list[list[int]]:
    """Return the first and last of each run of successive numbers."""
    spans: list[list[int]] = []
    for position in positions:
        if spans and spans[-1][1] == position - 1:
            spans[-1][1] = position
        else:
            spans.append([position, position])
    return spans


def _description(found: OpRegistry) -> dict[str, str | int | list[str]]:
    """Return the description of a release that is stored beside its ops."""
    listing = OpList(op=found.ops.values()).SerializeToString(deterministic=True)
    return {
        "release": found.release,
        "git": found.git,
        "producer": found.producer,
        "min_consumer": found.min_consumer,
        "min_producer": found.min_producer,
        "ops": len(found.ops),
        "missing_names": sorted(found.missing_names),
        "lazy_ops": sorted(found.lazy_ops),
        "sha256": hashlib.sha256(listing).hexdigest(),
    }
