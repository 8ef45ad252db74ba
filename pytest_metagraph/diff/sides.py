"""Read either side of a comparison: a message of any descriptor pool, bytes, or a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from google.protobuf.message import DecodeError, EncodeError, Message

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.shallow import VIEWS
from reference_impl import schema
from reference_impl.file_kinds import WrongKindError, parse, recognise
from reference_impl.files import read_regular_file

PARSE_ERRORS = (DecodeError, ValueError, RecursionError)
"""The errors that protobuf raises for damaged bytes and text, which depend on its implementation."""

SERIALIZE_ERRORS = (EncodeError, ValueError, RecursionError)
"""The errors that protobuf raises for a message that is too large or nested too deeply to be serialised."""

SideName = Literal["expected", "actual"]
_Read = tuple[Message, bool]


class UnusableInputError(MetagraphError, ValueError):
    """One side of a comparison cannot be read as the requested message.

    Attributes:
        side: the side, `expected` or `actual`.
        problem: what is wrong with it, and what to do about it.
    """

    __module__ = "pytest_metagraph"

    def __init__(self, side: str, problem: str) -> None:
        super().__init__(f"the {side} side cannot be used: {problem}")
        self.side = side
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison.

    Attributes:
        label: the name of the side in reports: the path of the file, or the type of the object.
        view: its content, as a shallow message of `pytest_metagraph._util.shallow`.
        was_text: it was read from a text file, which does not keep the payload of a NaN.
    """

    label: str
    view: Any = field(repr=False)
    was_text: bool = False

    @property
    def nodes(self) -> Sequence[bytes]:
        """The serialised nodes; none if the message is not a graph."""
        graph = getattr(self.view, "graph_def", self.view)
        nodes: Sequence[bytes] = getattr(graph, "node", ())
        return nodes


def read_side(value: object, message_type: str, name: SideName, label: str | None = None) -> Side:
    """Read one side of a comparison.

    Args:
        value: a message of any descriptor pool, its bytes, or the path (str or PathLike) of a binary or text
            file. Text is recognised by its content. The value is not changed.
        message_type: the short name of the message type: `MetaGraphDef`, `GraphDef`, `NodeDef` or
            `FunctionDef`.
        name: the side, for errors.
        label: the name of the side in reports, instead of the path or the type of the object.

    Raises:
        UnusableInputError: if the value has another type, cannot be read, or is another message.
    """
    message, was_text = read_message(value, message_type, name)
    try:
        view = VIEWS[message_type].FromString(message.SerializeToString(deterministic=True))
    except SERIALIZE_ERRORS as error:
        raise UnusableInputError(name, f"this {message_type} cannot be serialised: {error}") from error
    return Side(label or _default_label(value), view, was_text)


def read_message(value: object, message_type: str, name: SideName) -> _Read:
    """Read a message from any of the forms that `read_side` accepts.

    Returns:
        The message, of this schema or of its own descriptor pool, and whether it was read from a text file.

    Raises:
        UnusableInputError: as `read_side` does.
    """
    if isinstance(value, Message):
        return _check_type(value, message_type, name), False
    if isinstance(value, bytes | bytearray | memoryview):
        if not value:  # an empty message has no bytes; an empty file is damaged
            return getattr(schema, message_type)(), False
        return _recognised(bytes(value), message_type, name, "these bytes are")
    if isinstance(value, str | os.PathLike):
        return _read_file(Path(value), message_type, name)
    advice = f"pass a {message_type} message, its bytes, or the path of a file"
    raise UnusableInputError(name, f"its type is {type(value).__name__}; {advice}")


def _default_label(value: object) -> str:
    if isinstance(value, Message):
        return "<message>"
    return str(Path(value)) if isinstance(value, str | os.PathLike) else "<bytes>"


def _check_type(value: Message, message_type: str, name: SideName) -> Message:
    found = value.DESCRIPTOR.full_name
    if found != f"tensorflow.{message_type}":
        raise UnusableInputError(name, f"it is a {found} message, not a tensorflow.{message_type}")
    return value


def _recognised(data: bytes, message_type: str, name: SideName, subject: str, path: str = "") -> _Read:
    """Parse the content of a file, or bytes, if they are what is wanted."""
    try:
        kind = recognise(data, (getattr(schema, message_type),), path)
        return parse(data, kind), kind.as_text
    except WrongKindError as error:
        raise UnusableInputError(name, f"{subject} {error.problem}") from error


def _read_file(path: Path, message_type: str, name: SideName) -> _Read:
    try:
        data = read_regular_file(path)
    except OSError as error:
        raise UnusableInputError(name, f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:  # a NUL in the name
        raise UnusableInputError(name, f"{str(path)!r} is not a valid path: {error}") from error
    return _recognised(data, message_type, name, f"{path} is", str(path))
