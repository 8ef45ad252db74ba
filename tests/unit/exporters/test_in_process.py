"""The client of a function in this process: whatever the function does becomes an answer."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import struct_pb2

from conformance_cases import Capability
from pytest_metagraph import ExportRequest, NotLoadable, Unsupported
from pytest_metagraph._util.errors import TerminatedError
from pytest_metagraph.exporters.answers import Crashed, Exported, Malformed, NotLoaded, NotSupported, Raised
from pytest_metagraph.exporters.in_process import InProcess
from reference_impl.schema import GraphDef, MetaGraphDef

REQUEST = ExportRequest(MetaGraphDef(), {})
MESSAGE = MetaGraphDef(graph_def=GraphDef(version=7))


class RejectedError(ValueError):
    """A ValueError of an exporter's own."""


def answer_of(behaviour: Any) -> Any:
    """Return the answer of an exporter that returns or raises `behaviour`."""

    def exporter(_request: ExportRequest) -> Any:
        if isinstance(behaviour, BaseException):
            raise behaviour
        return behaviour

    return InProcess(exporter, "name").export(REQUEST)


def test_an_error_of_another_class_of_that_name_is_no_error_of_python() -> None:
    """A caller that catches ValueError does not catch it, unless it is derived from that of Python."""
    for bases, classes in (
        ((Exception,), ("ValueError (not that of Python)", "Exception")),
        ((ValueError,), ("ValueError (not that of Python)", "ValueError")),
    ):
        error = type("ValueError", bases, {})
        assert answer_of(error("no")).classes == classes
    assert answer_of(ValueError("no")).classes == ("ValueError",)


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_bytes_are_parsed(form: type) -> None:
    """A serialised message is an answer in any bytes-like form."""
    assert answer_of(form(MESSAGE.SerializeToString())) == Exported(MESSAGE)


def test_a_message_of_the_kits_pool_is_not_copied() -> None:
    """A message of the kit's own pool is the message of the answer itself."""
    answer = answer_of(MESSAGE)
    assert answer.message is MESSAGE
    assert answer.serialised == MESSAGE.SerializeToString(deterministic=True)


@pytest.mark.parametrize("value", [None, "text", 3, b"\xff\xff", GraphDef(), struct_pb2.Struct()])
def test_anything_else_is_malformed(value: Any) -> None:
    """A value that is not a MetaGraphDef, or does not parse as one, is a malformed answer."""
    assert isinstance(answer_of(value), Malformed)


def test_unsupported_names_the_capability() -> None:
    """An exporter that raises Unsupported does not fail, and the answer has the capability."""
    assert answer_of(Unsupported("eager")) == NotSupported("eager")


@pytest.mark.parametrize("reason", ["Op type not registered 'X'", ValueError("Op type not registered 'X'")])
def test_a_graph_that_cannot_be_loaded_is_no_error(reason: object) -> None:
    """NotLoadable is an answer, returned or raised, and its reason may be the importer's error."""

    def returns(_request: ExportRequest) -> Any:
        return NotLoadable(reason)

    for client in (InProcess(returns, "name").export(REQUEST), answer_of(NotLoadable(reason))):
        assert client == NotLoaded("Op type not registered 'X'")


@pytest.mark.parametrize("reason", [[1], None, b"no such op", 3, ValueError])
def test_a_reason_that_is_no_text_is_malformed(reason: object) -> None:
    """NotLoadable has a text or an error as its reason; a case must not be skipped for anything else."""

    def returns(_request: ExportRequest) -> Any:
        return NotLoadable(reason)

    for answer in (InProcess(returns, "name").export(REQUEST), answer_of(NotLoadable(reason))):
        assert isinstance(answer, Malformed)
        assert "use a text or the importer's error" in answer.reason


def test_a_returned_unsupported_is_what_a_raised_one_is() -> None:
    """Whether an adapter returns or raises the answer makes no difference."""

    def returns(_request: ExportRequest) -> Any:
        return Unsupported("eager")

    assert InProcess(returns, "name").export(REQUEST) == NotSupported("eager")


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
    """A subclass of the exporter's own also counts as its base; a builtin class only counts as itself."""
    answer = answer_of(error)
    assert isinstance(answer, Raised)
    assert answer.classes == classes
    assert answer.text == "no"


def test_a_traceback_ends_in_the_exporter() -> None:
    """The end of a traceback has the exporter's own lines, and the number of omitted frames above them."""

    def fall(depth: int) -> Any:
        if depth == 0:
            raise KeyError("deep")
        return fall(depth - 1)

    answer = InProcess(lambda _request: fall(10), "name").export(REQUEST)
    assert isinstance(answer, Raised)
    lines = answer.traceback.splitlines()
    assert lines[0] == "  ... 6 frames above"
    assert lines[-1] == "KeyError: 'deep'"


def test_each_traceback_shows_its_own_lines() -> None:
    """The tracebacks of two errors of one function show different lines, even when they are repeated."""

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


def test_equal_functions_of_two_files_have_different_tracebacks() -> None:
    """Functions with identical code are shown with the file that each is in."""
    for file in ("first.py", "second.py", "first.py"):
        scope: dict[str, Any] = {}
        exec(compile("def fail(request): raise ValueError", file, "exec"), scope)  # noqa: S102 - a constant
        answer = InProcess(scope["fail"], "name").export(REQUEST)
        assert isinstance(answer, Raised)
        assert f'File "{file}", line 1, in fail' in answer.traceback


def test_an_exit_is_a_crash() -> None:
    """An exporter that calls sys.exit has crashed, and the process continues."""
    answer = answer_of(SystemExit(3))
    assert isinstance(answer, Crashed)
    assert answer.detail.endswith("SystemExit: 3")


def test_ctrl_c_is_not_swallowed() -> None:
    """Ctrl-C while an exporter runs is raised again."""
    with pytest.raises(KeyboardInterrupt):
        answer_of(KeyboardInterrupt())


def test_a_signal_to_end_stays_what_it_is() -> None:
    """SIGTERM during an export ends a command with the status of SIGTERM."""
    with pytest.raises(TerminatedError):
        answer_of(TerminatedError())


def test_ctrl_c_brings_nothing_of_an_exporter_along() -> None:
    """Pytest shows the interrupt with what it was raised in, whose text might end the process."""

    class Ends(KeyboardInterrupt):
        def __str__(self) -> str:
            raise SystemExit(0)

    class InterruptsError(ValueError):
        @property
        def __notes__(self) -> list[str]:
            raise Ends

    for behaviour in (Ends("x"), InterruptsError("x")):
        with pytest.raises(KeyboardInterrupt) as raised:
            answer_of(behaviour)
        assert type(raised.value) is KeyboardInterrupt
        assert not raised.value.args
        assert raised.value.__suppress_context__


def test_declarations_are_read_from_the_exporter() -> None:
    """The attributes `unsupported` and `version` are read; an exporter may have neither."""

    def exporter(_request: ExportRequest) -> MetaGraphDef:
        return MESSAGE

    plain = InProcess(exporter, "name")
    assert (plain.unsupported, plain.version) == (frozenset(), "")
    exporter.unsupported = ["eager", "files"]  # type: ignore[attr-defined] # how a user declares it
    exporter.version = "1.2"  # type: ignore[attr-defined] # how a user declares it
    declaring = InProcess(exporter, "name")
    assert (declaring.unsupported, declaring.version) == ({Capability.EAGER, Capability.FILES}, "1.2")


@pytest.mark.oracle
def test_tensorflow_messages_are_adopted() -> None:
    """A message of TensorFlow's pool is converted to the kit's own pool."""
    oracle = importlib.import_module("conformance_cases.recorder.tensorflow_calls")
    foreign = oracle.tf.compat.v1.MetaGraphDef.FromString(MESSAGE.SerializeToString())
    assert not isinstance(foreign, MetaGraphDef)
    assert answer_of(foreign) == Exported(MESSAGE)
