"""Read either side of a comparison: a message of any descriptor pool, bytes, or a file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from google.protobuf.message import DecodeError, EncodeError, Message

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.shallow import VIEWS
from reference_impl import schema
from reference_impl.file_kinds import Kind, WrongKindError, parse, recognise
from reference_impl.files import read_regular_file
from reference_impl.saved_models import (
    each_meta_graph,
    message_file,
    meta_graph_bytes,
    meta_graph_with,
    names_by_tags,
)

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
        message_type: the short name of the message type: `MetaGraphDef`, `GraphDef`, `NodeDef`,
            `FunctionDef`, or `FunctionDefLibrary`, which becomes a GraphDef with these functions.
        name: the side, for errors.
        label: the name of the side in reports, instead of the path or the type of the object.
        tags: the tags of the meta graph if the value is a SavedModel with several.

    Raises:
        UnusableInputError: if the value has another type, cannot be read, or is another message.
    """
    with _refusing(value, name):
        content, kind = _load(value, message_type)
        return _side(value, _chosen(content, kind, tags), label, was_text=kind.as_text)


def read_meta_graphs(value: object, name: SideName, label: str | None = None) -> dict[str | None, Side]:
    """Read every meta graph of one side.

    Args:
        value: a MetaGraphDef or SavedModel, in any of the forms that `read_side` accepts.
        name: the side, for errors.
        label: the name of the side in reports.

    Returns:
        The meta graphs of a SavedModel by their tags; a MetaGraphDef under None.

    Raises:
        UnusableInputError: as `read_side` does.
    """
    with _refusing(value, name):
        content, kind = _load(value, "MetaGraphDef")
        if kind.name != "SavedModel":
            return {None: _side(value, _chosen(content, kind, None), label, was_text=kind.as_text)}
        if isinstance(content, bytes):
            found = {
                tags: parse(one, Kind(schema.MetaGraphDef))
                for tags, one in each_meta_graph(content, kind).items()
            }
        else:
            meta_graphs = schema.adopt(content, schema.SavedModel).meta_graphs
            found = dict(
                zip(names_by_tags([one.meta_info_def.tags for one in meta_graphs]), meta_graphs, strict=True)
            )
        return {tags: _side(value, one, label, was_text=kind.as_text) for tags, one in found.items()}


def read_message(
    value: object, message_types: Sequence[str], name: SideName, tags: Collection[str] | None = None
) -> Message:
    """Read a message from any of the forms that `read_side` accepts.

    Args:
        value: as for `read_side`.
        message_types: the short names of the message types that are accepted; no bytes are the first.
        name: the side, for errors.
        tags: as for `read_side`.

    Returns:
        The message, of this schema or of its own descriptor pool.

    Raises:
        UnusableInputError: as `read_side` does.
    """
    with _refusing(value, name):
        return _chosen(*_load(value, *message_types), tags)


@contextlib.contextmanager
def _refusing(value: object, name: SideName) -> Iterator[None]:
    """Turn each error about the value of a side into one that names the side."""
    try:
        yield
    except UnusableInputError:
        raise
    except WrongKindError as error:
        raise UnusableInputError(name, f"{_subject(value)} {error.problem}") from error
    except OSError as error:
        raise UnusableInputError(name, f"cannot read {_default_label(value)}: {error.strerror}") from error
    except (TypeError, ValueError) as error:
        raise UnusableInputError(name, str(error)) from error


def _load(value: object, *message_types: str) -> tuple[Message | bytes, Kind]:
    """Return a message, or the content of a file or bytes, and what it is.

    Raises:
        TypeError: if the value has another type.
        OSError: if a file cannot be read.
        ValueError: if it is not a wanted message.
    """
    wanted = [getattr(schema, name) for name in message_types]
    if "MetaGraphDef" in message_types:
        wanted.append(schema.SavedModel)
    names = [kind.DESCRIPTOR.full_name for kind in wanted]
    if isinstance(value, Message):
        if value.DESCRIPTOR.full_name not in names:
            raise TypeError(f"it is a {value.DESCRIPTOR.full_name} message, not a {' or '.join(names)}")
        return value, Kind(type(value))
    if isinstance(value, bytes | bytearray | memoryview):
        if not value:  # an empty message has no bytes; an empty file is damaged
            return wanted[0](), Kind(wanted[0])
        data, path = bytes(value), ""
    elif isinstance(value, str | os.PathLike):
        path = _default_label(value)
        try:
            data = read_regular_file(message_file(path))
        except ValueError as error:  # a NUL in the name
            raise ValueError(f"{path!r} is not a valid path: {error}") from error
    else:
        advice = f"pass a {wanted[0].DESCRIPTOR.name} message, its bytes, or the path of a file"
        raise TypeError(f"its type is {type(value).__name__}; {advice}")
    return data, recognise(data, wanted, path)


def _chosen(content: Message | bytes, kind: Kind, tags: Collection[str] | None) -> Message:
    """Return the message, or the meta graph of a SavedModel.

    Raises:
        WrongKindError: if it is damaged, or no meta graph can be chosen.
    """
    message: Message
    if kind.name == "SavedModel":
        if isinstance(content, Message):
            return meta_graph_with(schema.adopt(content, schema.SavedModel), tags)
        message = schema.parse_message(meta_graph_bytes(content, kind, tags), schema.MetaGraphDef)
    else:
        message = content if isinstance(content, Message) else parse(content, kind)
    return message


def _side(value: object, message: Message, label: str | None, *, was_text: bool) -> Side:
    """Return a side.

    Raises:
        ValueError: if the message cannot be serialised.
    """
    data, message_type = _serialised(message), message.DESCRIPTOR.name
    if message_type == "FunctionDefLibrary":
        view = VIEWS["GraphDef"]()
        view.library.MergeFromString(data)
    else:
        view = VIEWS[message_type].FromString(data)
    folder = Path(value) if isinstance(value, str | os.PathLike) and Path(value).is_dir() else None
    return Side(label or _default_label(value), view, was_text, folder)


def _serialised(message: Message) -> bytes:
    try:
        return message.SerializeToString(deterministic=True)
    except SERIALIZE_ERRORS as error:
        raise ValueError(f"this {message.DESCRIPTOR.name} cannot be serialised: {error}") from error


def _subject(value: object) -> str:
    if isinstance(value, Message):
        return "it is"
    return f"{_default_label(value)} is" if isinstance(value, str | os.PathLike) else "these bytes are"


def _default_label(value: object) -> str:
    if isinstance(value, Message):
        return "<message>"
    return str(Path(value)) if isinstance(value, str | os.PathLike) else "<bytes>"
