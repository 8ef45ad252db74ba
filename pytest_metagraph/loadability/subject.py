"""Read the parts of a MetaGraphDef or GraphDef that the rules judge, from a message, bytes or a file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import Message

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.sides import PARSE_ERRORS, SERIALIZE_ERRORS
from pytest_metagraph.loadability.attr_facts import AttrFacts
from pytest_metagraph.loadability.body_survey import BodySurvey
from pytest_metagraph.loadability.survey import Survey
from reference_impl.file_kinds import WrongKindError, parse, recognise
from reference_impl.files import read_regular_file
from reference_impl.saved_models import message_file
from reference_impl.schema import GraphDef, MetaGraphDef, SavedModel

_OWN_TYPE: Final = re.compile(r"pytest_metagraph\.[\w.]+")
"""The name of a message type in the text of an error; users know the type that it is a view of."""
_KINDS: Final = ("MetaGraphDef", "GraphDef")
_GIVE: Final = "give the path of a file, or of the folder of a SavedModel"
_AGAIN: Final = "save the model again"


class UncheckableInputError(MetagraphError, ValueError):
    """The input cannot be read as a graph; the message says why."""


class Subject:
    """One graph to check.

    Attributes:
        label: its name in reports.
        kind: `MetaGraphDef`, which import_meta_graph imports, or `GraphDef`, which import_graph_def imports.
        graph_bytes: the size of its GraphDef.
        meta_graph: everything except the nodes, if it is a MetaGraphDef.
        survey: the nodes.
        functions: the functions of the library, in order, with their nodes serialised.
        bodies: the nodes of the functions.
    """

    def __init__(self, data: bytes, kind: str, label: str) -> None:
        """Read a binary message.

        Raises:
            UncheckableInputError: if it is damaged or another message.
        """
        self.label = label
        self.kind = kind
        try:
            view = VIEWS[kind].FromString(data)
            self._graph = view.graph_def if kind == "MetaGraphDef" else view
            self.meta_graph: Any = view if kind == "MetaGraphDef" else VIEWS["MetaGraphDef"]()
            info = self.meta_graph.meta_info_def
            self.facts = AttrFacts(info.stripped_op_list if info.HasField("stripped_op_list") else None)
            self.survey = Survey(self._graph.node, self.facts)
            self.functions: Sequence[Any] = [
                VIEWS["FunctionDef"].FromString(function) for function in self._graph.library.function
            ]
            self.bodies = BodySurvey(self.functions, self.facts)
        except (*PARSE_ERRORS, OverflowError) as error:
            reason = _OWN_TYPE.sub(f"tensorflow.{kind}", str(error))
            raise UncheckableInputError(
                f"{label} is not a valid {kind}: truncated or damaged ({reason})"
            ) from error
        self.graph_bytes = len(data)

    @property
    def versions(self) -> Any:
        """The VersionDef of the graph."""
        return self._graph.versions

    @property
    def gradients(self) -> Sequence[Any]:
        """The GradientDefs of the library."""
        gradients: Sequence[Any] = self._graph.library.gradient
        return gradients

    @cached_property
    def has_generic_functions(self) -> bool:
        """Whether a function of the library has attributes."""
        return any(function.signature.attr for function in self.functions)

    @cached_property
    def function_named(self) -> Mapping[str, Any]:
        """The functions of the library by name; the first one if several have the same name."""
        named: dict[str, Any] = {}
        for function in self.functions:
            named.setdefault(function.signature.name, function)
        return named


def subjects_of(value: object) -> list[Subject]:
    """Read the graphs to check.

    Args:
        value: a MetaGraphDef, GraphDef or SavedModel of any descriptor pool, the bytes of one, or the path of
            a file or of a SavedModel's folder. It is not changed.

    Returns:
        The graphs: one, or each of the meta graphs of a SavedModel.

    Raises:
        UncheckableInputError: if it is none of these, or cannot be read.
    """
    if isinstance(value, Message):
        return _from_message(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _from_bytes(bytes(value), "<bytes>")
    if isinstance(value, str | os.PathLike):
        path = Path(value)
        return _from_bytes(_content(path), str(path), str(path))
    raise UncheckableInputError(
        f"a {type(value).__name__} cannot be checked; give a MetaGraphDef, GraphDef or SavedModel "
        "message, its bytes, or the path of a file"
    )


def _from_message(value: Message) -> list[Subject]:
    name = value.DESCRIPTOR.full_name.removeprefix("tensorflow.")
    if name not in {*_KINDS, "SavedModel"}:
        raise UncheckableInputError(
            f"a {value.DESCRIPTOR.full_name} message cannot be checked; give a MetaGraphDef, GraphDef or "
            "SavedModel"
        )
    try:
        data = value.SerializeToString()
    except SERIALIZE_ERRORS as error:
        raise UncheckableInputError(f"this {name} cannot be serialised: {error}") from error
    if name == "SavedModel":
        return _from_saved_model(data, "<message>")
    return [Subject(data, name, "<message>")]


def _content(path: Path) -> bytes:
    """Return the bytes of a file, or of the SavedModel in a folder."""
    try:
        return read_regular_file(message_file(path))
    except OSError as error:
        raise UncheckableInputError(f"cannot read {path}: {error.strerror}", _GIVE) from error
    except ValueError as error:  # a NUL character in the name
        raise UncheckableInputError(f"{str(path)!r} is not a path: {error}", _GIVE) from error


def _from_bytes(data: bytes, label: str, path: str = "") -> list[Subject]:
    """Read binary data or text, as the kind of message that it is recognised to be."""
    try:
        kind = recognise(data, (MetaGraphDef, GraphDef, SavedModel), path)
        if kind.as_text:
            data = parse(data, kind).SerializeToString()
    except WrongKindError as error:
        raise UncheckableInputError(f"{label} is {error.problem}") from error
    if kind.message is SavedModel:
        return _from_saved_model(data, label)
    return [Subject(data, kind.name, label)]


def _from_saved_model(data: bytes, label: str) -> list[Subject]:
    try:
        saved_model = SavedModel.FromString(data)
    except PARSE_ERRORS as error:
        raise UncheckableInputError(
            f"{label} is not a valid SavedModel: truncated or damaged ({error})", _AGAIN
        ) from error
    if not saved_model.meta_graphs:
        raise UncheckableInputError(f"{label} is a SavedModel without meta graphs", _AGAIN)
    named = (
        (meta_graph, ",".join(meta_graph.meta_info_def.tags) or str(number))
        for number, meta_graph in enumerate(saved_model.meta_graphs)
    )
    return [
        Subject(meta_graph.SerializeToString(), "MetaGraphDef", f"{label} [{tags}]")
        for meta_graph, tags in named
    ]
