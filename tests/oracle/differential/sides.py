"""The two sides of the comparison: TensorFlow and the reference exporter, with one interface."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message

from differential.calls import Call, Mode
from reference_impl import Graph, eager_execution, export_meta_graph
from reference_impl.schema import GraphDebugInfo, MetaGraphDef

Exporter = Callable[..., Message]

tensorflow_contract: Exporter = functools.partial(export_meta_graph, contract="tensorflow")
"""The reference exporter as TensorFlow 2.21 does it."""

UNBOUND_COLLECTIONS = ("unbound_inputs", "my_unbound_inputs")
"""The collections in which calls store unbound inputs."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one call did.

    Attributes:
        message: the exported MetaGraphDef, serialised; None where the call raised.
        error: the class name of what was raised; empty if nothing was.
        error_text: its text, which is shown and never compared.
        unbound_inputs: the graph's unbound inputs after the call, by collection (UNB-02, UNB-08).
        meta_info_def: the caller's own message after the call, serialised (META-01); None without one.
        graph_def: the caller's own GraphDef after the call, serialised (CALL-11); None without one.
        files: the files written, by path relative to the call's folder: parsed in the requested form,
            or None if they cannot be.
    """

    message: bytes | None
    error: str
    error_text: str
    unbound_inputs: Mapping[str, tuple[Any, ...]]
    meta_info_def: bytes | None
    graph_def: bytes | None
    files: Mapping[str, Message | None]


class Side(Protocol):
    """One exporter with one loaded graph, whose collections change as TensorFlow's do."""

    def export(self, call: Call, folder: Path) -> Outcome:
        """Make the call; its files go into the (new, empty) folder."""

    def clear_unbound_inputs(self) -> None:
        """Empty the graph's collections of unbound inputs."""

    def reload(self) -> None:
        """Load the graph anew, and so forget what calls have changed."""


class TensorFlowSide:
    """The installed TensorFlow."""

    def __init__(self, oracle: Any, load: Callable[[], Any]) -> None:
        """Load a graph.

        Args:
            oracle: the module conformance_cases.recorder.tensorflow_calls.
            load: gives the same tf.Graph anew, each time it is called.
        """
        self._tf = oracle.tf
        self._load = load
        v1 = oracle.tf.compat.v1
        self._kinds = {
            "tensorflow.GraphDef": v1.GraphDef,
            "tensorflow.SaverDef": v1.train.SaverDef,
            "tensorflow.MetaGraphDef.MetaInfoDef": v1.MetaGraphDef.MetaInfoDef,
        }
        self.reload()

    def export(self, call: Call, folder: Path) -> Outcome:
        """See `Side`."""
        arguments = {
            name: self._foreign(value) if isinstance(value, Message) else value
            for name, value in call.fresh_arguments().items()
        }
        with self._mode(call.mode):
            return _outcome(self._tf.compat.v1.train.export_meta_graph, self.graph, arguments, call, folder)

    def clear_unbound_inputs(self) -> None:
        """See `Side`."""
        for key in UNBOUND_COLLECTIONS:
            self.graph.clear_collection(key)

    def reload(self) -> None:
        """See `Side`."""
        self.graph = self._load()

    def _foreign(self, value: Message) -> Message:
        """The same message in TensorFlow's own pool."""
        foreign: Message = self._kinds[value.DESCRIPTOR.full_name].FromString(value.SerializeToString())
        return foreign

    @contextlib.contextmanager
    def _mode(self, mode: Mode) -> Iterator[None]:
        if mode is Mode.DEFAULT:
            with self.graph.as_default():
                yield
        elif mode is Mode.EXPLICIT:
            with self._tf.Graph().as_default():
                yield
        else:
            yield  # outside any graph TensorFlow executes eagerly


class ReferenceSide:
    """The reference exporter."""

    def __init__(self, load: Callable[[], Graph], exporter: Exporter = tensorflow_contract) -> None:
        """Load a graph.

        Args:
            load: gives the same Graph anew, each time it is called.
            exporter: the reference under one of its contracts, or made worse to prove the harness.
        """
        self._load = load
        self._exporter = exporter
        self.reload()

    def export(self, call: Call, folder: Path) -> Outcome:
        """See `Side`."""
        with self._mode(call.mode):
            return _outcome(self._exporter, self.graph, call.fresh_arguments(), call, folder)

    def clear_unbound_inputs(self) -> None:
        """See `Side`."""
        for key in UNBOUND_COLLECTIONS:
            self.graph.clear_collection(key)

    def reload(self) -> None:
        """See `Side`."""
        self.graph = self._load()

    @contextlib.contextmanager
    def _mode(self, mode: Mode) -> Iterator[None]:
        if mode is Mode.DEFAULT:
            with self.graph.as_default():
                yield
        elif mode is Mode.EXPLICIT:
            yield
        else:
            with eager_execution():
                yield


def loaded_sides(
    oracle: Any, data: bytes, exporter: Exporter = tensorflow_contract
) -> tuple[TensorFlowSide, ReferenceSide]:
    """TensorFlow and the reference with the same file loaded.

    Args:
        oracle: the module conformance_cases.recorder.tensorflow_calls.
        data: a serialised MetaGraphDef, a load/export fixpoint.
        exporter: see `ReferenceSide`.
    """
    kind = oracle.tf.compat.v1.MetaGraphDef
    return (
        TensorFlowSide(oracle, lambda: oracle.load_without_saver(kind.FromString(data))),
        ReferenceSide(lambda: Graph.from_meta_graph_def(data), exporter),
    )


def _outcome(exporter: Exporter, graph: Any, arguments: dict[str, Any], call: Call, folder: Path) -> Outcome:
    """Call the exporter and gather all that can be seen of it afterwards."""
    if call.mode is not Mode.DEFAULT:
        arguments = {**arguments, "graph": graph}
    if call.filename:
        arguments = {**arguments, "filename": str(folder / call.filename)}
    returned, message, error, error_text = None, None, "", ""
    try:
        returned = exporter(**arguments)
        message = returned.SerializeToString()
    except Exception as problem:  # noqa: BLE001 - whatever is raised is the outcome
        error, error_text = type(problem).__name__, str(problem)
    return Outcome(
        message=message,
        error=error,
        error_text=error_text,
        unbound_inputs={key: tuple(graph.get_collection(key)) for key in UNBOUND_COLLECTIONS},
        meta_info_def=_serialised(arguments.get("meta_info_def")),
        graph_def=_serialised(arguments.get("graph_def")),
        files=_files(folder, returned, as_text=bool(call.arguments.get("as_text"))) if call.filename else {},
    )


def _serialised(value: Any) -> bytes | None:
    return value.SerializeToString(deterministic=True) if isinstance(value, Message) else None


def _files(folder: Path, returned: Message | None, *, as_text: bool) -> dict[str, Message | None]:
    """Every file below a folder, where an export returned a message."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _parsed(path, returned, as_text=as_text) for path in paths}


def _parsed(path: Path, returned: Message | None, *, as_text: bool) -> Message | None:
    """The message in a file; None if there is none."""
    message = GraphDebugInfo() if path.name.endswith(".debug") else MetaGraphDef()
    try:
        if not as_text:
            message.ParseFromString(path.read_bytes())
            return message
        text = path.read_text(encoding="utf-8")
        if returned is not None and text in _texts_of(returned):
            # What protobuf prints for a message is that message; to parse it takes several times as long.
            message.ParseFromString(returned.SerializeToString())
        else:
            text_format.Parse(text, message)
    except (UnicodeDecodeError, text_format.ParseError, DecodeError):
        return None
    return message


def _texts_of(message: Message) -> Iterator[str]:
    """What protobuf prints for a message: in C, as the reference writes it, and in Python, as TensorFlow."""
    yield str(message)
    yield text_format.MessageToString(message)
