"""Read either side of a comparison: a message of any pool, bytes, or a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from google.protobuf import text_format
from google.protobuf.message import DecodeError, EncodeError, Message

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.diff.shallow import VIEWS
from reference_impl import schema

PARSE_ERRORS = (DecodeError, ValueError, RecursionError)
"""What protobuf raises for damaged or hostile bytes and text, by its version and implementation."""

SERIALISE_ERRORS = (EncodeError, ValueError, RecursionError)
"""What protobuf raises for a message that can not be serialised: too large or too deep."""


class UnusableInputError(MetagraphError, ValueError):
    """One side of a comparison can not be read as the message it should be.

    Attributes:
        side: which side it is, `expected` or `actual`.
        problem: what is wrong with it and the way out.
    """

    def __init__(self, side: str, problem: str) -> None:
        super().__init__(f"the {side} side can not be used: {problem}")
        self.side = side
        self.problem = problem


SideName = Literal["expected", "actual"]

_CONTROL_CHARACTERS = bytes(set(range(32)) - set(b"\t\n\v\f\r"))


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, read.

    Attributes:
        label: how messages name it: the file's path, or what kind of object it was.
        view: what it says, as a shallow message of `pytest_metagraph.diff.shallow`.
        was_text: it came from a text file, which does not keep the payload of a NaN.
    """

    label: str
    view: Any = field(repr=False)
    was_text: bool = False

    @property
    def nodes(self) -> Sequence[bytes]:
        """Its nodes, serialised; none where the message is no graph."""
        graph = getattr(self.view, "graph_def", self.view)
        nodes: Sequence[bytes] = getattr(graph, "node", ())
        return nodes


def load(value: object, kind: str, name: SideName, label: str | None = None) -> Side:
    """Read one side.

    Args:
        value: a message of any pool, the bytes of one, or the path (str or PathLike) of a file, binary or
            text, which is told by its content.
        kind: the message's short name: `MetaGraphDef`, `GraphDef`, `NodeDef` or `FunctionDef`.
        name: which side it is, for errors.
        label: how reports name it, instead of the path or the kind of object.

    Returns:
        The side. `value` is not changed.

    Raises:
        UnusableInputError: when it is none of these, can not be read, or is another message.
    """
    message, was_text = read(value, kind, name)
    try:
        view = VIEWS[kind].FromString(message.SerializeToString(deterministic=True))
    except SERIALISE_ERRORS as error:
        raise UnusableInputError(name, f"this {kind} can not be serialised: {error}") from error
    return Side(label or _label(value), view, was_text)


def read(value: object, kind: str, name: SideName) -> tuple[Message, bool]:
    """Read a message of a kind from any of the forms that `load` takes.

    Returns:
        The message, of this schema or the pool it came from, and whether it came from a text file.

    Raises:
        UnusableInputError: as `load` does.
    """
    if isinstance(value, Message):
        return _of_kind(value, kind, name), False
    if isinstance(value, bytes | bytearray | memoryview):
        return _from_binary(bytes(value), kind, name, "these bytes are"), False
    if isinstance(value, str | os.PathLike):
        return _from_file(Path(value), kind, name)
    problem = f"it is a {type(value).__name__}; give a {kind} message, its bytes, or the path of a file"
    raise UnusableInputError(name, problem)


def _label(value: object) -> str:
    if isinstance(value, Message):
        return "<message>"
    return str(Path(value)) if isinstance(value, str | os.PathLike) else "<bytes>"


def _of_kind(value: Message, kind: str, name: SideName) -> Message:
    found = value.DESCRIPTOR.full_name
    if found != f"tensorflow.{kind}":
        raise UnusableInputError(name, f"it is a {found} message, not a tensorflow.{kind}")
    return value


def _from_binary(data: bytes, kind: str, name: SideName, subject: str) -> Message:
    try:
        message: Message = getattr(schema, kind).FromString(data)
    except PARSE_ERRORS as error:
        problem = f"{subject} no valid {kind}: truncated, damaged or another message ({error})"
        raise UnusableInputError(name, problem) from error
    return message


def _from_file(path: Path, kind: str, name: SideName) -> tuple[Message, bool]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnusableInputError(name, f"can not read {path}: {error.strerror}") from error
    except ValueError as error:  # a NUL in the name
        raise UnusableInputError(name, f"{str(path)!r} is no path: {error}") from error
    if not data:
        raise UnusableInputError(name, f"{path} is empty; was it written to the end?")
    if not _looks_like_text(data):
        return _from_binary(data, kind, name, f"{path} is"), False
    try:
        return _from_text(data, kind), True
    except (text_format.ParseError, *PARSE_ERRORS) as error:
        try:
            return _from_binary(data, kind, name, f"{path} is"), False
        except UnusableInputError:
            problem = f"{path} looks like text, but is no {kind} in protobuf's text format: {error}"
            raise UnusableInputError(name, problem) from error


def _looks_like_text(data: bytes) -> bool:
    """Whether there is no control character but white space; a binary message is rarely without one."""
    return len(data.translate(None, delete=_CONTROL_CHARACTERS)) == len(data)


def _from_text(data: bytes, kind: str) -> Message:
    message: Message = getattr(schema, kind)()
    text_format.Parse(data.decode("utf-8"), message, descriptor_pool=schema.POOL)
    return message
