"""Recognise what a file contains: which message of TensorFlow, binary or text, or which other format.

This module judges content and knows no folders: `saved_models.message_file` decides which file a path stands
for, and `files` reads it.

A message is never read as another type: almost any bytes parse as a message of unknown fields, and a GraphDef
parses as an empty MetaGraphDef.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final

from google.protobuf import message, text_format

from reference_impl import schema
from reference_impl.read_limit import excess_of
from reference_impl.schema.parsing import brief
from reference_impl.wire_format import DOUBTFUL, NotWireFormatError, first_fields, fit_of

_BYTES_OF_A_START: Final = 4096
"""The bytes at the start of a file that show whether it is text."""

_CONTROL_CHARACTERS: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r"))
_FIRST_WORD: Final = re.compile(rb"(?:\s|#[^\n]*\n)*([A-Za-z_]\w*)\s*[:{<]")

_MESSAGES: Final = MappingProxyType(
    {
        "MetaGraphDef": "a MetaGraphDef",
        "GraphDef": "a GraphDef",
        "SavedModel": "a SavedModel",
        "FunctionDefLibrary": "a library of functions (FunctionDefLibrary)",
        "GraphDebugInfo": "debug info (GraphDebugInfo)",
    }
)
"""What each message that files contain is called; in doubt, the first one that fits is taken."""

_WAYS_OUT: Final = MappingProxyType(
    {
        "MetaGraphDef": "`metagraph show`, `diff`, `check` and `export` read it",
        "GraphDef": "`metagraph show`, `diff`, `check` and `export` read it",
        "SavedModel": "`metagraph show`, `diff`, `check` and `export` read it",
        "FunctionDefLibrary": "`metagraph show` and `diff` read it; give the graph with the functions",
        "GraphDebugInfo": "give the .meta file that it belongs to",
    }
)


class WrongKindError(ValueError):
    """A file does not contain what is needed.

    Attributes:
        problem: what is wrong, to be put after "the file is".
    """

    def __init__(self, problem: str) -> None:
        super().__init__(f"it is {problem}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Kind:
    """The content of a file.

    Attributes:
        message: the class of the message.
        as_text: whether it is written in protobuf's text format.
    """

    message: type[message.Message]
    as_text: bool = False

    @property
    def name(self) -> str:
        """The short name of the message type."""
        name: str = self.message.DESCRIPTOR.name
        return name


@dataclass(frozen=True, slots=True)
class _Format:
    """A format that is recognised only to name it.

    Attributes:
        name: what it is called.
        way_out: what to do about such a file.
        fits: decides from the content and the file's name.
    """

    name: str
    way_out: str
    fits: Callable[[bytes, str], bool]


def _starts(*magic: bytes) -> Callable[[bytes, str], bool]:
    return lambda data, _name: data.startswith(magic)


def _is_onnx(data: bytes, _name: str) -> bool:
    """Return whether the first fields are those of a ModelProto: its version and, after texts, its graph."""
    if data[:1] != b"\x08":
        return False
    try:
        numbers = [field.number for field in first_fields(data, 8)]
    except NotWireFormatError:
        return False
    return 7 in numbers and max(numbers) <= 25  # noqa: PLR2004 - `graph`, and the last field of a ModelProto


_KERAS_MEMBERS: Final = (b"metadata.json", b"config.json")
_DATA_SHARD: Final = re.compile(r".*\.data-\d{5}-of-\d{5}")
_TABLE_MAGIC: Final = bytes.fromhex("57fb808b247547db")
"""The end of a table of LevelDB, as which TensorFlow writes the index of a checkpoint."""

_EXPORT_FROM_KERAS: Final = "load it with Keras, and write a SavedModel with model.export(folder)"
_META_BESIDE: Final = "give the .meta file or the SavedModel that it belongs to"

_FORMATS: Final = (
    _Format(
        "a Git LFS pointer",
        "run `git lfs pull` to get the file itself",
        _starts(b"version https://git-lfs.github.com/"),
    ),
    _Format("a gzip file", "unpack it first", _starts(b"\x1f\x8b")),
    _Format(
        "a Keras file (.keras)",
        _EXPORT_FROM_KERAS,
        lambda data, _name: data.startswith(b"PK\x03\x04") and all(name in data for name in _KERAS_MEMBERS),
    ),
    _Format("a zip file", "unpack it first", _starts(b"PK\x03\x04", b"PK\x05\x06")),
    _Format(
        "a compressed file or archive",
        "unpack it first",
        lambda data, _name: (
            data.startswith((b"\xfd7zXZ\0", b"BZh", b"(\xb5/\xfd")) or data[257:262] == b"ustar"
        ),
    ),
    _Format("an HDF5 file, as Keras writes it (.h5)", _EXPORT_FROM_KERAS, _starts(b"\x89HDF\r\n\x1a\n")),
    _Format(
        "a TensorFlow Lite model",
        "give the SavedModel that it was converted from",
        lambda data, _name: data[4:8] == b"TFL3",
    ),
    _Format("an ONNX model", "give the SavedModel that it was converted from", _is_onnx),
    _Format("the index of a checkpoint", _META_BESIDE, lambda data, _name: data.endswith(_TABLE_MAGIC)),
    _Format(
        "a data file of a checkpoint",
        _META_BESIDE,
        lambda _data, name: _DATA_SHARD.fullmatch(name) is not None,
    ),
    _Format("a list of checkpoints", _META_BESIDE, _starts(b"model_checkpoint_path:")),
    _Format(
        "the fingerprint of a SavedModel",
        "give the folder that it is in",
        lambda _data, name: name == "fingerprint.pb",
    ),
    _Format(
        "the Keras metadata of a SavedModel",
        "give the folder that it is in",
        lambda _data, name: name == "keras_metadata.pb",
    ),
    _Format(
        "an event file of TensorBoard",
        "give the .meta file or the SavedModel of the run",
        lambda data, _name: b"brain.Event:" in data[:64],
    ),
    _Format(
        "a web page",
        "download the file itself",
        lambda data, _name: data[:64].lstrip().lower().startswith((b"<!doctype html", b"<html")),
    ),
)


def recognise(data: bytes, wanted: Sequence[type[message.Message]], name: str = "") -> Kind:
    """Return which of the wanted messages a file contains.

    Only its first fields are looked at, so that a message that is damaged further on is recognised as well.

    Args:
        data: the content of the file.
        wanted: the classes of the messages that can be used.
        name: the name of the file; a few formats are recognised by their names.

    Raises:
        WrongKindError: if it contains something else, or more than a `read_limit` allows; the error names it
            and the way out.
    """
    kind = _recognised(data, wanted, name)
    if problem := excess_of(data, kind.message.DESCRIPTOR, as_text=kind.as_text):
        raise WrongKindError(problem)
    return kind


def _recognised(data: bytes, wanted: Sequence[type[message.Message]], name: str) -> Kind:
    if not data:
        raise WrongKindError("empty; check that it was written completely")
    kind = _text_kind(data, wanted) or _binary_kind(data, wanted)
    if kind is not None and kind.message in wanted:
        return kind
    for found in _FORMATS:
        if found.fits(data, PurePath(name).name):
            raise WrongKindError(f"{found.name}, not {_listed(wanted)}; {found.way_out}")
    if kind is not None:
        way_out = _WAYS_OUT[kind.name]
        raise WrongKindError(f"{_MESSAGES[kind.name]}, not {_listed(wanted)}; {way_out}")
    if _looks_like_text(data):
        return Kind(wanted[0], as_text=True)
    raise WrongKindError(f"not a valid {_listed(wanted)[2:]}: truncated, damaged or another message")


def parse(data: bytes, kind: Kind) -> Any:
    """Parse the content of a file as what it was recognised as.

    Args:
        data: the content of the file.
        kind: the result of `recognise`.

    Raises:
        WrongKindError: if it is damaged, or too large or too deeply nested for protobuf.
    """
    if not kind.as_text:
        try:
            return schema.parse_message(data, kind.message)
        except ValueError as error:
            raise WrongKindError(
                f"not a valid {kind.name}: truncated or damaged ({error.__cause__ or error})"
            ) from error
    try:
        parsed = kind.message()
        text_format.Parse(data.decode(), parsed, descriptor_pool=schema.POOL)
    except RecursionError as error:
        raise WrongKindError(_too_deep(kind)) from error
    except (UnicodeDecodeError, text_format.ParseError, ValueError) as error:
        raise WrongKindError(f"text, but not {_listed([kind.message])}: {brief(error)}") from error
    try:  # text may be nested more deeply than what a binary file can contain
        return kind.message.FromString(parsed.SerializeToString(deterministic=True))
    except (message.DecodeError, message.EncodeError, ValueError, RecursionError) as error:
        raise WrongKindError(_too_deep(kind)) from error


def parse_meta_graph(data: bytes) -> tuple[schema.MetaGraphDef, bool]:
    """Parse a MetaGraphDef, in binary or as text; no bytes are the empty message.

    Returns:
        The message, and whether the bytes are text.

    Raises:
        ValueError: if the bytes are another message, or are damaged or too large.
    """
    parsed: tuple[schema.MetaGraphDef, bool] = _parse_bytes(data, (schema.MetaGraphDef,))
    return parsed


def parse_graph(data: bytes) -> schema.MetaGraphDef | schema.GraphDef:
    """Parse a MetaGraphDef or GraphDef, in binary or as text; no bytes are the empty MetaGraphDef.

    Raises:
        ValueError: if the bytes are another message, or are damaged or too large.
    """
    parsed: schema.MetaGraphDef | schema.GraphDef
    parsed, _ = _parse_bytes(data, (schema.MetaGraphDef, schema.GraphDef))
    return parsed


def _parse_bytes(data: bytes, wanted: Sequence[type[message.Message]]) -> tuple[Any, bool]:
    if not data:
        return wanted[0](), False
    try:
        kind = recognise(data, wanted)
        return parse(data, kind), kind.as_text
    except WrongKindError as error:
        raise ValueError(f"these {len(data)} bytes are {error.problem}") from error


def _too_deep(kind: Kind) -> str:
    return f"nested too deeply for a {kind.name}; no program could read it from a binary file"


def _listed(kinds: Sequence[type[message.Message]]) -> str:
    if len(kinds) == 1:
        return _MESSAGES.get(kinds[0].DESCRIPTOR.name, f"a {kinds[0].DESCRIPTOR.name}")
    *names, last = [kind.DESCRIPTOR.name for kind in kinds]
    return f"a {', '.join(names)} or {last}"


def _candidates(wanted: Sequence[type[message.Message]]) -> Iterable[type[message.Message]]:
    return dict.fromkeys((*wanted, *(getattr(schema, name) for name in _MESSAGES)))


def _text_kind(data: bytes, wanted: Sequence[type[message.Message]]) -> Kind | None:
    """Return the message whose text begins with the first word; no two have a field of the same name."""
    word = _FIRST_WORD.match(data[:_BYTES_OF_A_START])
    if word is None or not _looks_like_text(data):
        return None
    for kind in _candidates(wanted):
        if word[1].decode() in kind.DESCRIPTOR.fields_by_name:
            return Kind(kind, as_text=True)
    return None


def _looks_like_text(data: bytes) -> bool:
    """Return whether the only control characters are white space, which is rare in a binary message."""
    start = data[:_BYTES_OF_A_START]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # the start may end inside a character
    except UnicodeDecodeError:
        return False
    return start.translate(None, delete=_CONTROL_CHARACTERS) == start


def _binary_kind(data: bytes, wanted: Sequence[type[message.Message]]) -> Kind | None:
    """Return the message that fits best; a wanted one unless another fits clearly better."""
    best, least = None, 0
    for kind in _candidates(wanted):
        try:
            fit = fit_of(data, kind.DESCRIPTOR)
        except NotWireFormatError:
            continue
        margin = DOUBTFUL if best in wanted and kind not in wanted else 0
        if fit.known and (best is None or fit.against + margin < least):
            best, least = kind, fit.against
        if best is not None and least == 0:
            break
    return Kind(best) if best is not None else None
