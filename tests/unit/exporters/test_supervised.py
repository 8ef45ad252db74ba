"""Whatever a function does to its process is the answer to one request, and the kit goes on."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters.answers import Answer, Crashed, Exported, Malformed, Raised, TimedOut
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.connect import FunctionClients, check_client
from pytest_metagraph.exporters.resolve import ExporterNotFoundError
from reference_impl.schema import GraphDef, MetaGraphDef

REQUEST = ExportRequest(MetaGraphDef(graph_def=GraphDef(version=7)), {"filename": None})
SECONDS = 30.0
"""Long enough for a busy machine; only tests of a function that hangs wait for less."""


def daemonise() -> None:
    """Leave as a daemon does: the process ends with status 0, and a copy of it goes on."""
    if os.fork():
        os._exit(0)
    os.setsid()


def kill_parents(times: int) -> None:
    """Kill the parent of this process, and perhaps the one that it has then."""
    for _ in range(times):
        os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def end_soon() -> None:
    """Let a thread end the process after the answer."""
    threading.Timer(0.1, os._exit, [0]).start()


WATCHED = "The process that watches it was killed, so it was ended." if sys.platform == "linux" else ""

ENDS: dict[str, tuple[Callable[[], object], str]] = {
    "os._exit": (lambda: os._exit(0), "It ended with exit status 0."),
    "exit of C": (lambda: ctypes.CDLL(None).exit(0), "It ended with exit status 0."),
    "daemon": (daemonise, "It ended with exit status 0."),
    "another program": (
        lambda: os.execv(sys.executable, ["python", "-c", ""]),  # noqa: S606 - the point of the test
        "It ended with exit status 0.",
    ),
    "SIGKILL": (lambda: os.kill(os.getpid(), signal.SIGKILL), "It was killed by SIGKILL."),
    "signal without a name": (lambda: os.kill(os.getpid(), 40), "It was killed by signal 40."),
    "traced by its parent": (
        lambda: (
            ctypes.CDLL(None).ptrace(0, 0, 0, 0) or os.kill(os.getpid(), signal.SIGUSR1) or time.sleep(60)
        ),
        "It was killed by SIG",
    ),
    "null pointer": (lambda: ctypes.string_at(0), "It was killed by SIGSEGV."),
    "sys.exit": (lambda: sys.exit(0), "SystemExit: 0"),
    "GeneratorExit": (lambda: _raise(GeneratorExit()), "GeneratorExit"),
    "KeyboardInterrupt": (lambda: _raise(KeyboardInterrupt()), "The exporter raised KeyboardInterrupt."),
    "no watchdog": (lambda: kill_parents(1), WATCHED),
    "no guard of the watchdog": (lambda: kill_parents(3), WATCHED),
    "stopped watchdog": (lambda: os.kill(os.getppid(), signal.SIGSTOP) or time.sleep(60), ""),
    "no descriptors": (lambda: os.closerange(0, 100), ""),
    "no builtins": (__builtins__.clear, ""),  # type: ignore[attr-defined] # a dict in a module
}
"""What an exporter does to its process, and how the answer says so."""


def _raise(error: BaseException) -> None:
    raise error


@pytest.fixture
def client_of() -> Iterator[Callable[..., ExporterClient]]:
    """Return the client of a function that first does what `arguments["do"]` of a request names."""
    opened: list[FunctionClients] = []

    def open_client(exporter: Any, seconds: float = SECONDS) -> ExporterClient:
        opened.append(FunctionClients(seconds, in_process=False))
        return opened[-1].of(exporter)

    yield open_client
    for clients in opened:
        clients.close()


def act(request: ExportRequest) -> MetaGraphDef:
    """Do what the case id names, and return the graph."""
    if request.case_id in ENDS:
        ENDS[request.case_id][0]()
    return request.graph


@pytest.mark.parametrize("how", ENDS)
def test_an_end_is_the_answer_to_one_request(client_of: Callable[..., ExporterClient], how: str) -> None:
    """An exporter that ends its process has crashed, also with status 0; the next request is answered."""
    client = client_of(act, 3.0 if how == "stopped watchdog" else SECONDS)
    assert isinstance(client.export(REQUEST), Exported)
    answer = client.export(replace(REQUEST, case_id=how))
    assert isinstance(answer, Crashed | TimedOut)
    assert ENDS[how][1] in (answer.detail if isinstance(answer, Crashed) else "")
    assert isinstance(client.export(REQUEST), Exported)


def test_an_end_between_requests_is_the_answer_to_the_next(client_of: Callable[..., ExporterClient]) -> None:
    """A thread that ends the process after an answer does not go unnoticed."""

    def export(request: ExportRequest) -> MetaGraphDef:
        end_soon()
        return request.graph

    client = client_of(export)
    assert isinstance(client.export(REQUEST), Exported)
    time.sleep(1)
    answer = client.export(REQUEST)
    assert isinstance(answer, Crashed)
    assert answer.detail.startswith("It ended with exit status 0.")


@pytest.mark.parametrize("sleep", [time.sleep, ctypes.PyDLL(None).sleep], ids=["Python", "C"])
def test_a_loop_times_out(client_of: Callable[..., ExporterClient], sleep: Callable[[int], object]) -> None:
    """An exporter that hangs is ended, also in C code that holds the lock of the interpreter."""
    client = client_of(lambda request: sleep(3600) if request.eager else request.graph, 2.0)
    assert client.export(replace(REQUEST, eager=True)) == TimedOut(2.0)
    assert isinstance(client.export(REQUEST), Exported)


def test_a_copy_of_the_process_does_not_answer(client_of: Callable[..., ExporterClient]) -> None:
    """After a fork in the exporter only the process itself answers, once."""

    def export(request: ExportRequest) -> MetaGraphDef:
        os.fork()
        return request.graph

    client = client_of(export)
    for _ in range(3):
        assert isinstance(client.export(REQUEST), Exported)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands over orphans")
@pytest.mark.parametrize("how", ["os._exit", "no watchdog", "no guard of the watchdog", "stopped watchdog"])
def test_a_child_with_a_session_of_its_own_ends(
    client_of: Callable[..., ExporterClient], tmp_path: Path, how: str
) -> None:
    """A daemon of an exporter ends with the exporter's process, even if that kills its watchdog."""
    started = tmp_path / "pid"

    def export(request: ExportRequest) -> MetaGraphDef:
        shell = f"setsid sleep 3600 & echo $! > {started}"
        subprocess.run(["setsid", "sh", "-c", shell], check=True)  # noqa: S607 - of the system
        ENDS[how][0]()
        return request.graph

    seconds = 3.0 if how == "stopped watchdog" else SECONDS
    assert isinstance(client_of(export, seconds).export(REQUEST), Crashed | TimedOut)
    assert not Path(f"/proc/{started.read_text().strip()}").exists()


def test_the_exporter_sees_what_was_changed_before(
    client_of: Callable[..., ExporterClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closure and a module that was changed before the first request are those of this process."""
    monkeypatch.setattr(signal, "answer", 42, raising=False)
    closure = MetaGraphDef(graph_def=GraphDef(version=signal.answer))  # type: ignore[attr-defined] # see above

    def export(_request: ExportRequest) -> MetaGraphDef:
        assert signal.answer == 42  # type: ignore[attr-defined] # see above
        return closure

    assert client_of(export).export(REQUEST) == Exported(closure)


def test_a_changed_graph_is_reported(client_of: Callable[..., ExporterClient]) -> None:
    """What an exporter changes in the graph of a request, the kit sees."""
    request = replace(REQUEST, graph=MetaGraphDef())

    def export(request: ExportRequest) -> MetaGraphDef:
        request.graph.graph_def.node.add(name="new")
        return request.graph

    client = client_of(export)
    for number in (1, 2):
        answer = client.export(request)
        assert isinstance(answer, Exported)
        assert len(answer.message.graph_def.node) == number
    client.take_changes(request.shared_graph)
    assert [node.name for node in request.graph.graph_def.node] == ["new", "new"]


def test_arguments_keep_their_types(client_of: Callable[..., ExporterClient]) -> None:
    """A tuple, a set and a message of the schema arrive as such."""
    arguments = {"collection_list": ("a", "b"), "set": {1}, "graph_def": GraphDef(version=3)}

    def export(request: ExportRequest) -> MetaGraphDef:
        assert request.arguments == arguments
        return request.graph

    assert isinstance(client_of(export).export(replace(REQUEST, arguments=arguments)), Exported)


def test_what_an_exporter_prints_is_shown(
    client_of: Callable[..., ExporterClient], capsys: pytest.CaptureFixture[str]
) -> None:
    """Printed and logged text, and warnings, reach stderr of this process."""

    def export(request: ExportRequest) -> MetaGraphDef:
        print("printed")  # noqa: T201 - see above
        logging.getLogger("adapter").error("logged")
        warnings.simplefilter("always")
        warnings.warn("warned", stacklevel=1)
        return request.graph

    client_of(export).export(REQUEST)
    shown = capsys.readouterr().err
    assert all(word in shown for word in ("printed", "logged", "warned"))


@pytest.mark.parametrize("empty", [b"", MetaGraphDef()], ids=["bytes", "message"])
def test_an_empty_message_is_an_answer(
    client_of: Callable[..., ExporterClient], empty: bytes | MetaGraphDef
) -> None:
    """The first answer may be a message without content, which then differs from the right one."""
    client = client_of(lambda _request: empty)
    assert client.export(REQUEST) == client.export(REQUEST) == Exported(MetaGraphDef())


def test_a_breakpoint_names_the_way_out(client_of: Callable[..., ExporterClient]) -> None:
    """A debugger, which cannot read from the terminal there, is refused with the option that helps."""
    answer = client_of(lambda _request: breakpoint()).export(REQUEST)  # noqa: T100 - see above
    assert isinstance(answer, Raised)
    assert "--metagraph-in-process" in answer.text


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os._exit(0)", "It ended with exit status 0"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("import time; time.sleep(60)", "No answer came within 3 seconds"),
        ("def __getattr__(name): raise KeyError(name)", "'export'"),
        (
            "class Text(Exception):\n def __str__(self): raise ValueError\nraise Text",
            "its text cannot be read",
        ),
        ("def export(_): ...\nexport.unsupported = 3", "unsupported = 3 is not a collection"),
        (
            "class Odd:\n def __str__(self): raise SystemExit\nOdd.version = Odd()\nexport = Odd",
            "`version`",
        ),
    ],
)
def test_a_module_that_cannot_be_used_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, reason: str
) -> None:
    """A module that ends, hangs or raises when it is imported is refused with the reason."""
    tmp_path.joinpath("odd_adapter.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ExporterNotFoundError) as refused:
        check_client(exporter="odd_adapter:export", seconds=3.0)
    assert reason in str(refused.value)
    assert "odd_adapter" not in sys.modules


def test_answers_do_not_mix(client_of: Callable[..., ExporterClient]) -> None:
    """A message, an error and the same message again are each the answer to their own request."""

    def export(request: ExportRequest) -> Any:
        if request.eager:
            raise ValueError("eager")
        return b"\xff" if request.default_graph else request.graph

    client = client_of(export)
    requests = [REQUEST, replace(REQUEST, eager=True), REQUEST, replace(REQUEST, default_graph=True), REQUEST]
    kinds: list[type[Answer]] = [type(client.export(request)) for request in requests]
    assert kinds == [Exported, Raised, Exported, Malformed, Exported]
