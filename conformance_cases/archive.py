"""The file `expected.tar.xz`: the expectations for every combination of one graph, each stored once.

The archive is a solid xz-compressed tar and contains

* `index.json`: `parts`, a list of member names; `messages`, each a list of positions in `parts`; `cases`,
  which maps the name of a combination to contract to `{"message": position in messages}`,
  `{"error": exception type}` or `{"not_asked": reason}`;
* `<field>/<digest>.pb`: a serialised MetaGraphDef with that one top-level field, or one entry of
  `collection_def`. An expected message is the concatenation of its parts, which protobuf parses as one
  message;
* `arguments/<name>.pb`: messages that cases pass as arguments.

Any language with xz, tar, JSON and protobuf can read it.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from conformance_cases.model import Expectation, ExpectedError, ExpectedMessage, NotAsked
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

_INDEX = "index.json"
_ARGUMENTS = "arguments/"

_MOST_BYTES = 64 * 1024 * 1024
"""The largest archive after decompression; the largest of the corpus is many times smaller."""

_MOST_MEMORY = 256 * 1024 * 1024
"""The most memory for decompression; the dictionary of xz takes 64 MB."""

_UNREADABLE = (AttributeError, LookupError, RecursionError, TypeError, ValueError, tarfile.TarError)
"""The errors of reading bytes that are not an archive."""

Outcome: TypeAlias = MetaGraphDef | ExpectedError | NotAsked
"""What was recorded for a combination: a message, or the reason why there is none."""


class ArchiveError(ValueError):
    """Bytes that are not an archive of expectations, or an inconsistent archive."""


@dataclass(frozen=True)
class Archive:
    """The contents of one archive.

    Attributes:
        members: the bytes of each part, by name.
        parts: the names of the parts, in the order that messages refer to.
        messages: the positions of each message's parts.
        cases: the encoded expectation by combination, then by contract.
        arguments: the bytes of each argument message, by name.
    """

    members: Mapping[str, bytes]
    parts: tuple[str, ...]
    messages: tuple[tuple[int, ...], ...]
    cases: Mapping[str, Mapping[str, Mapping[str, int | str]]]
    arguments: Mapping[str, bytes]

    @classmethod
    def from_bytes(cls, data: bytes) -> Archive:
        """Unpack an archive at once, in memory.

        Raises:
            ArchiveError: if the bytes are not an archive.
        """
        return cls.from_tar(cls.unpacked(data))

    @staticmethod
    def unpacked(data: bytes) -> bytes:
        """Return the tar inside an archive.

        Raises:
            ArchiveError: if the bytes are not compressed by xz, are cut off, or unpack to far too much.
        """
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)
        try:
            tar = unpacker.decompress(data, max_length=_MOST_BYTES)
        except lzma.LZMAError as error:
            raise ArchiveError(f"these {len(data)} bytes are not compressed by xz: {error}") from error
        if not unpacker.eof:
            raise ArchiveError(f"these {len(data)} bytes are cut off, or unpack to more than {_MOST_BYTES:,}")
        return tar

    @classmethod
    def from_tar(cls, data: bytes) -> Archive:
        """Read an archive after decompression.

        Raises:
            ArchiveError: if the bytes are not a tar with an index and every part that the index names.
        """
        try:
            members = _members(data)
            index = json.loads(members.pop(_INDEX))
            parts = tuple(index["parts"])
            messages = tuple(tuple(message) for message in index["messages"])
            cases = {name: dict(contracts) for name, contracts in index["cases"].items()}
        except _UNREADABLE as error:
            raise ArchiveError(f"not an archive of expectations: {type(error).__name__}: {error}") from error
        return cls(
            members=members,
            parts=parts,
            messages=messages,
            cases=cases,
            arguments={
                name.removeprefix(_ARGUMENTS).removesuffix(".pb"): member
                for name, member in members.items()
                if name.startswith(_ARGUMENTS)
            },
        )

    def check(self, combination: str) -> None:
        """Check that the expectations for a combination exist.

        Raises:
            ArchiveError: if the index names a part that does not exist.
        """
        for contract in Contract:
            try:
                self.expectation(combination, contract)
            except (LookupError, TypeError, ValueError) as error:
                problem = f"{combination}, {contract}: {type(error).__name__}: {error}"
                raise ArchiveError(f"the archive is inconsistent: {problem}") from error

    def find(self, combination: str, contract: Contract) -> Expectation | None:
        """Return what `expectation` returns, or None if the archive has no such combination."""
        return self.expectation(combination, contract) if combination in self.cases else None

    def expectation(self, combination: str, contract: Contract) -> Expectation:
        """Return the expectation for a combination under a contract.

        Raises:
            KeyError: if the archive has no such combination.
        """
        encoded = self.cases[combination][contract.value]
        if "message" in encoded:
            positions = self.messages[int(encoded["message"])]
            return ExpectedMessage(b"".join(self.members[self.parts[position]] for position in positions))
        if "error" in encoded:
            return ExpectedError(str(encoded["error"]))
        return NotAsked(str(encoded["not_asked"]))


@dataclass
class ArchiveWriter:
    """Collects expectations and packs them; the same contents give the same bytes.

    Attributes:
        arguments: the messages that cases pass as arguments, serialised, by name.
    """

    arguments: Mapping[str, bytes]
    _members: dict[str, bytes] = field(default_factory=dict)
    _messages: dict[tuple[str, ...], None] = field(default_factory=dict)
    _cases: dict[str, dict[str, tuple[str, ...] | ExpectedError | NotAsked]] = field(default_factory=dict)

    def add(self, combination: str, outcomes: Mapping[Contract, Outcome]) -> None:
        """Add the outcomes of one combination under each contract; messages must be canonical."""
        self._cases[combination] = {
            contract.value: self._store(outcome) if isinstance(outcome, MetaGraphDef) else outcome
            for contract, outcome in sorted(outcomes.items())
        }

    def tar(self) -> bytes:
        """Return the archive before compression; its digest does not depend on the version of xz."""
        parts = sorted(self._members)
        position = {name: number for number, name in enumerate(parts)}
        messages = sorted([position[name] for name in message] for message in self._messages)
        number_of = {tuple(message): number for number, message in enumerate(messages)}

        def encode(outcome: tuple[str, ...] | ExpectedError | NotAsked) -> dict[str, int | str]:
            match outcome:
                case ExpectedError():
                    return {"error": outcome.type}
                case NotAsked():
                    return {"not_asked": outcome.reason}
                case _:
                    return {"message": number_of[tuple(position[name] for name in outcome)]}

        index = {
            "parts": parts,
            "messages": messages,
            "cases": {
                name: {contract: encode(outcome) for contract, outcome in contracts.items()}
                for name, contracts in sorted(self._cases.items())
            },
        }
        arguments = {f"{_ARGUMENTS}{name}.pb": data for name, data in sorted(self.arguments.items())}
        encoded_index = json.dumps(index, separators=(",", ":")).encode()
        return _pack([(_INDEX, encoded_index), *arguments.items(), *sorted(self._members.items())])

    def _store(self, message: MetaGraphDef) -> tuple[str, ...]:
        names = []
        for field_name, part in split_message(message):
            data = part.SerializeToString(deterministic=True)
            name = f"{field_name}/{hashlib.sha256(data).hexdigest()[:16]}.pb"
            self._members[name] = data
            names.append(name)
        stored = tuple(names)
        self._messages[stored] = None
        return stored


def split_message(message: MetaGraphDef) -> Iterable[tuple[str, MetaGraphDef]]:
    """Split a message into messages of one top-level field each, and of one key of `collection_def` each.

    Their serialised forms, one after the other, parse to an equal message.

    Raises:
        ValueError: if the message has a field that no export of TensorFlow sets.
    """
    for descriptor, value in message.ListFields():
        if descriptor.name == "collection_def":
            for key in sorted(value):
                part = MetaGraphDef()
                part.collection_def[key].CopyFrom(value[key])
                yield descriptor.name, part
        elif descriptor.name in {"meta_info_def", "graph_def", "saver_def"}:
            part = MetaGraphDef()
            getattr(part, descriptor.name).CopyFrom(value)
            yield descriptor.name, part
        else:
            raise ValueError(f"an export with the field {descriptor.name} cannot be stored")


def compress(tar: bytes) -> bytes:
    """Compress an archive as the corpus stores it."""
    return lzma.compress(tar, format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)


def _members(tar: bytes) -> dict[str, bytes]:
    """Return the files in a tar by name; links and folders are left out."""
    members: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as opened:
        for info in opened:
            if info.isreg():
                extracted = opened.extractfile(info)
                members[info.name] = extracted.read() if extracted else b""
    return members


def _pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a tar whose bytes depend on names and contents only."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = 0
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()
