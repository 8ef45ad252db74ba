"""The file `expected.tar.xz`: what every combination of one graph has to give, each content stored once.

The archive is a solid xz-compressed tar and holds

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

from conformance_cases.model import Expectation, ExpectedError, ExpectedMessage, NotAsked
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef

_INDEX = "index.json"
_ARGUMENTS = "arguments/"

Outcome = MetaGraphDef | ExpectedError | NotAsked
"""What a recorder found: a message or why there is none."""


_MOST_BYTES = 64 * 1024 * 1024
"""What an archive may unpack to, many times what the largest of the corpus does."""

_MOST_MEMORY = 256 * 1024 * 1024
"""What unpacking may take; the dictionary that xz keeps is 64 MB large."""


_UNREADABLE = (AttributeError, LookupError, RecursionError, TypeError, ValueError, tarfile.TarError)
"""What comes of reading bytes that are no archive."""


class ArchiveError(ValueError):
    """The bytes are no archive of expectations, or one that contradicts itself; the text says why."""


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
        """Unpack an archive; everything is decompressed at once, and nothing is written anywhere.

        Raises:
            ArchiveError: when the bytes are no archive.
        """
        return cls.from_tar(cls.unpacked(data))

    @staticmethod
    def unpacked(data: bytes) -> bytes:
        """The tar inside of an archive.

        Raises:
            ArchiveError: when the bytes are not compressed by xz, are cut off, or unpack to far too much.
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
            ArchiveError: when the bytes are no tar with an index and all that the index names.
        """
        try:
            members = _members(data)
            index = json.loads(members.pop(_INDEX))
            parts = tuple(index["parts"])
            messages = tuple(tuple(message) for message in index["messages"])
            cases = {name: dict(contracts) for name, contracts in index["cases"].items()}
        except _UNREADABLE as error:
            raise ArchiveError(f"no archive of expectations: {type(error).__name__}: {error}") from error
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
        """Look up what a combination has to give under each contract.

        Raises:
            ArchiveError: when the index names what is not there.
        """
        for contract in Contract:
            try:
                self.expectation(combination, contract)
            except (LookupError, TypeError, ValueError) as error:
                problem = f"{combination}, {contract}: {type(error).__name__}: {error}"
                raise ArchiveError(f"the archive contradicts itself: {problem}") from error

    def find(self, combination: str, contract: Contract) -> Expectation | None:
        """Like `expectation`, but None when the archive has no such combination."""
        return self.expectation(combination, contract) if combination in self.cases else None

    def expectation(self, combination: str, contract: Contract) -> Expectation:
        """What a combination has to give under a contract.

        Raises:
            KeyError: when the archive has no such combination.
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
        """Take in what one combination gives under each contract; messages have to be canonical."""
        self._cases[combination] = {
            contract.value: self._store(outcome) if isinstance(outcome, MetaGraphDef) else outcome
            for contract, outcome in sorted(outcomes.items())
        }

    def tar(self) -> bytes:
        """The archive before compression; its digest names the contents whatever xz does."""
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
    """Cut a message into messages of one top-level field each, `collection_def` into one for each key.

    Their serialised forms, one after the other, parse to an equal message.

    Raises:
        ValueError: when the message has a field that no export of TensorFlow sets.
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
            raise ValueError(f"an export can not be stored: it has the field {descriptor.name}")


def compress(tar: bytes) -> bytes:
    """Compress an archive as the corpus stores it."""
    return lzma.compress(tar, format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)


def _members(tar: bytes) -> dict[str, bytes]:
    """The files in a tar, by name; links and folders are passed over."""
    members: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as opened:
        for info in opened:
            if info.isreg():
                extracted = opened.extractfile(info)
                members[info.name] = extracted.read() if extracted else b""
    return members


def _pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A tar whose bytes depend on names and contents only."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = 0
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()
