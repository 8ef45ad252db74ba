"""Read either side of a comparison: a message of any descriptor pool, bytes, or a file."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from google.protobuf.message import DecodeError, EncodeError, Message

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.shallow import VIEWS
from reference_impl import schema
from reference_impl.file_kinds import WrongKindError, parse, recognise
from reference_impl.files import read_regular_file
from reference_impl.saved_models import meta_graph_bytes, meta_graph_with, saved_model_file

PARSE_ERRORS = (DecodeError, ValueError, RecursionError)
"""The errors that protobuf raises for damaged bytes and text, which depend on its implementation."""

SERIALIZE_ERRORS = (EncodeError, ValueError, RecursionError)
"""The errors that protobuf raises for a message that is too large or nested too deeply to be serialised."""

SideName = Literal["expected", "actual"]


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
        folder: the folder of the SavedModel that it was read from; None if it was read from anything else.
    """

    label: str
    view: Any = field(repr=False)
    was_text: bool = False
    folder: Path | None = None

    @property
    def nodes(self) -> Sequence[bytes]:
        """The serialised nodes; none if the message is not a graph."""
        graph = getattr(self.view, "graph_def", self.view)
        nodes: Sequence[bytes] = getattr(graph, "node", ())
        return nodes


def read_side(
    value: object,
    message_type: str,
    name: SideName,
    label: str | None = None,
    tags: Collection[str] | None = None,
) -> Side:
    """Read one side of a comparison.

    Args:
        value: a message of any descriptor pool, its bytes, or the path (str or PathLike) of a binary or text
            file. Text is recognised by its content. A SavedModel, or its folder, stands for its meta graph.
            The value is not changed.
        message_type: the short name of the message type: `MetaGraphDef`, `GraphDef`, `NodeDef` or
            `FunctionDef`.
        name: the side, for errors.
        label: the name of the side in reports, instead of the path or the type of the object.
        tags: the tags of the meta graph if the value is a SavedModel with several.

    Raises:
        UnusableInputError: if the value has another type, cannot be read, or is another message.
    """
    message, was_text = read_message(value, message_type, name, tags)
    try:
        view = VIEWS[message_type].FromString(message.SerializeToString(deterministic=True))
    except SERIALIZE_ERRORS as error:
        raise UnusableInputError(name, f"this {message_type} cannot be serialised: {error}") from error
    folder = Path(value) if isinstance(value, str | os.PathLike) and Path(value).is_dir() else None
    return Side(label or _default_label(value), view, was_text, folder)


def read_message(
    value: object, message_type: str, name: SideName, tags: Collection[str] | None = None
) -> tuple[Message, bool]:
    """Read a message from any of the forms that `read_side` accepts.

    Returns:
        The message, of this schema or of its own descriptor pool, and whether it was read from a text file.

    Raises:
        UnusableInputError: as `read_side` does.
    """
    wanted: tuple[type[Message], ...] = (getattr(schema, message_type),)
    if message_type == "MetaGraphDef":
        wanted = (*wanted, schema.SavedModel)
    try:
        message, was_text = _any_form(value, wanted, tags)
    except WrongKindError as error:
        raise UnusableInputError(name, f"{_subject(value)} {error.problem}") from error
    except OSError as error:
        raise UnusableInputError(name, f"cannot read {_default_label(value)}: {error.strerror}") from error
    except (TypeError, ValueError) as error:
        raise UnusableInputError(name, str(error)) from error
    return message, was_text


def _any_form(
    value: object, wanted: Sequence[type[Message]], tags: Collection[str] | None
) -> tuple[Message, bool]:
    """Read a message, and return whether it was read from text.

    Raises:
        TypeError: if the value has another type.
        OSError: if a file cannot be read.
        ValueError: if it is not a wanted message.
    """
    names = [kind.DESCRIPTOR.full_name for kind in wanted]
    if isinstance(value, Message):
        if value.DESCRIPTOR.full_name not in names:
            raise TypeError(f"it is a {value.DESCRIPTOR.full_name} message, not a {' or '.join(names)}")
        if value.DESCRIPTOR.name == "SavedModel":
            return meta_graph_with(schema.adopt(value, schema.SavedModel), tags), False
        return value, False
    if isinstance(value, bytes | bytearray | memoryview):
        if not value:  # an empty message has no bytes; an empty file is damaged
            return wanted[0](), False
        data, path = bytes(value), ""
    elif isinstance(value, str | os.PathLike):
        path = _default_label(value)
        try:
            data = read_regular_file(saved_model_file(Path(path)) if Path(path).is_dir() else path)
        except ValueError as error:  # a NUL in the name
            raise ValueError(f"{path!r} is not a valid path: {error}") from error
    else:
        advice = f"pass a {wanted[0].DESCRIPTOR.name} message, its bytes, or the path of a file"
        raise TypeError(f"its type is {type(value).__name__}; {advice}")
    kind = recognise(data, wanted, path)
    if kind.message is schema.SavedModel:
        return schema.parse_message(meta_graph_bytes(data, kind, tags), schema.MetaGraphDef), kind.as_text
    return parse(data, kind), kind.as_text


def _subject(value: object) -> str:
    if isinstance(value, Message):
        return "it is"
    return f"{_default_label(value)} is" if isinstance(value, str | os.PathLike) else "these bytes are"


def _default_label(value: object) -> str:
    if isinstance(value, Message):
        return "<message>"
    return str(Path(value)) if isinstance(value, str | os.PathLike) else "<bytes>"
