"""Calling an exporter in the same process: whatever it does becomes an answer."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import struct_pb2

from conformance_cases import Capability
from pytest_metagraph import ExportRequest, Unsupported
from pytest_metagraph.exporters.answers import Crashed, Exported, Malformed, NotSupported, Raised
from pytest_metagraph.exporters.in_process import InProcess
from reference_impl.schema import GraphDef, MetaGraphDef

REQUEST = ExportRequest(MetaGraphDef(), {})
MESSAGE = MetaGraphDef(graph_def=GraphDef(version=7))


class RejectedError(ValueError):
    """An exporter's own kind of ValueError."""


def ask(behaviour: Any) -> Any:
    """The answer of an exporter that returns, or raises, `behaviour`."""

    def exporter(_request: ExportRequest) -> Any:
        if isinstance(behaviour, BaseException):
            raise behaviour
        return behaviour

    return InProcess(exporter, "name").export(REQUEST)


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_bytes_are_parsed(form: type) -> None:
    """An answer may be serialised, in any bytes-like form."""
    assert ask(form(MESSAGE.SerializeToString())) == Exported(MESSAGE)


def test_a_message_is_taken_as_it_is() -> None:
    """A message of the kit's own pool is the answer itself."""
    answer = ask(MESSAGE)
    assert answer.message is MESSAGE
    assert answer.serialised == MESSAGE.SerializeToString(deterministic=True)


@pytest.mark.parametrize("value", [None, "text", 3, b"\xff\xff", GraphDef(), struct_pb2.Struct()])
def test_anything_else_is_malformed(value: Any) -> None:
    """What is no MetaGraphDef, or does not parse as one, is a malformed answer."""
    assert isinstance(ask(value), Malformed)


def test_unsupported_names_the_capability() -> None:
    """An exporter that says what it lacks is not an exporter that fails."""
    assert ask(Unsupported("eager")) == NotSupported("eager")


@pytest.mark.parametrize(
    ("error", "classes"),
    [
        (ValueError("no"), ("ValueError",)),
        (RejectedError("no"), ("RejectedError", "ValueError")),
        (NotImplementedError("no"), ("NotImplementedError",)),
        (RecursionError("no"), ("RecursionError",)),
    ],
)
def test_an_error_counts_as_its_nearest_builtin_class(error: Exception, classes: tuple[str, ...]) -> None:
    """An own subclass counts as what it derives from; a builtin subclass counts as itself alone."""
    answer = ask(error)
    assert isinstance(answer, Raised)
    assert answer.classes == classes
    assert answer.text == "no"


def test_a_traceback_ends_in_the_exporter() -> None:
    """The kept end of a traceback names the exporter's own line, and how much is left out above it."""

    def fall(depth: int) -> Any:
        if depth == 0:
            raise KeyError("deep")
        return fall(depth - 1)

    answer = InProcess(lambda _request: fall(10), "name").export(REQUEST)
    assert isinstance(answer, Raised)
    lines = answer.traceback.splitlines()
    assert lines[0] == "  ... 6 frames above"
    assert lines[-1] == "KeyError: 'deep'"
    assert "in ask" not in answer.traceback


def test_each_traceback_shows_its_own_lines() -> None:
    """Two errors of one function are told apart by their lines, also when they come again."""

    def fail(request: ExportRequest) -> MetaGraphDef:
        if request.eager:
            raise ValueError("in eager mode")
        raise ValueError("in a graph")

    client = InProcess(fail, "name")
    for _ in range(2):
        for eager, line in (
            (True, 'raise ValueError("in eager mode")'),
            (False, 'raise ValueError("in a graph")'),
        ):
            answer = client.export(replace(REQUEST, eager=eager))
            assert isinstance(answer, Raised)
            assert answer.traceback.splitlines()[1].strip() == line


def test_equal_functions_of_two_files_are_told_apart() -> None:
    """Functions whose code is the same word for word are each shown with the file that they are in."""
    for file in ("first.py", "second.py", "first.py"):
        scope: dict[str, Any] = {}
        exec(compile("def fail(request): raise ValueError", file, "exec"), scope)  # noqa: S102 - a constant
        answer = InProcess(scope["fail"], "name").export(REQUEST)
        assert isinstance(answer, Raised)
        assert f'File "{file}", line 1, in fail' in answer.traceback


def test_an_exit_is_a_crash() -> None:
    """An exporter that ends the process is no rejection, and the run goes on."""
    answer = ask(SystemExit(3))
    assert isinstance(answer, Crashed)
    assert answer.detail.endswith("SystemExit: 3")


def test_ctrl_c_is_not_swallowed() -> None:
    """Ctrl-C while an exporter runs ends the run."""
    with pytest.raises(KeyboardInterrupt):
        ask(KeyboardInterrupt())


def test_declarations_are_read_from_the_exporter() -> None:
    """The attributes `unsupported` and `version` are an exporter's declaration; it may have neither."""

    def exporter(_request: ExportRequest) -> MetaGraphDef:
        return MESSAGE

    silent = InProcess(exporter, "name")
    assert (silent.unsupported, silent.version) == (frozenset(), "")
    exporter.unsupported = ["eager", "files"]  # type: ignore[attr-defined] # how a user declares it
    exporter.version = "1.2"  # type: ignore[attr-defined] # how a user declares it
    speaking = InProcess(exporter, "name")
    assert (speaking.unsupported, speaking.version) == ({Capability.EAGER, Capability.FILES}, "1.2")


@pytest.mark.oracle
def test_tensorflow_messages_are_adopted() -> None:
    """A message of TensorFlow's pool is brought into the kit's own pool."""
    oracle = importlib.import_module("conformance_cases.recorder.oracle")
    foreign = oracle.tf.compat.v1.MetaGraphDef.FromString(MESSAGE.SerializeToString())
    assert not isinstance(foreign, MetaGraphDef)
    assert ask(foreign) == Exported(MESSAGE)
