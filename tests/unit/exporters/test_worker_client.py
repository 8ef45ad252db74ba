"""Whatever a worker process does is the answer to one request, and no process is left running."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import is_alive, wait_until

from pytest_metagraph.exporters import watchdog
from pytest_metagraph.exporters.answers import Answer, Crashed, Exported, Malformed, TimedOut
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.exporters.worker_client import MAX_FAILED_STARTS, Worker, WorkerStartError
from reference_impl.schema import MetaGraphDef

SCRIPT = Path(__file__).with_name("misbehaving_worker.py")
SECONDS = 20.0
"""Long enough for a busy machine; only tests of a worker that hangs wait for it."""


def command(*words: object) -> str:
    """Return the command of a Python program."""
    return shlex.join([sys.executable, *map(str, words)])


def request(case_id: str, nodes: int = 1) -> ExportRequest:
    """Return a request whose case id tells the worker what to do."""
    graph = MetaGraphDef()
    for number in range(nodes):
        graph.graph_def.node.add(name=f"node_{number}", op="NoOp")
    return ExportRequest(graph, {"filename": None}, case_id=case_id)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """Start a worker that answers unless it is told to misbehave."""
    started = Worker(command(SCRIPT), SECONDS)
    yield started
    started.close()


def pid_of(worker: Worker) -> int:
    """Return the id of the running process."""
    assert worker._process is not None
    return worker._process.pid


def test_the_message_that_the_worker_sends_is_the_answer(worker: Worker) -> None:
    """A graph that the worker returns unchanged comes back unchanged."""
    asked = request("fine")
    answer = worker.export(asked)
    assert isinstance(answer, Exported)
    assert answer.message == asked.graph
    assert worker.name == "misbehaving"


def test_one_process_answers_all_requests(worker: Worker) -> None:
    """The worker is not restarted between successful requests."""
    first = pid_of(worker)
    for _ in range(3):
        worker.export(request("fine"))
    assert pid_of(worker) == first


def test_messages_larger_than_a_pipe_do_not_block(worker: Worker) -> None:
    """Megabytes are sent in both directions, although a pipe holds 64 kB."""
    asked = request("fine", nodes=200_000)
    assert asked.graph.ByteSize() > 3_000_000
    answer = worker.export(asked)
    assert isinstance(answer, Exported)
    assert len(answer.message.graph_def.node) == 200_000


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ("exit", Crashed("It ended with exit status 3. Its stderr ends with:\nlast words")),
        ("abort", Crashed("It was killed by SIGABRT. It wrote nothing to stderr.")),
        ("close stdout", Crashed("It closed its stdout and kept running. It wrote nothing to stderr.")),
        ("no answer", Malformed("The worker answered an export with an Answer of no known kind.")),
    ],
)
def test_a_failure_is_the_answer_to_one_request(worker: Worker, how: str, answer: Answer) -> None:
    """The failure is the answer to the request, and the next request is answered as usual."""
    assert worker.export(request(how)) == answer
    assert isinstance(worker.export(request("fine")), Exported)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("text", "print to stderr instead of stdout"),
        ("announce", "It announced an answer of 268,435,457 bytes; the limit is 268,435,456"),
        ("zeros", "after its answer of 0 bytes"),
        ("garbage", "do not parse as an Answer"),
        ("twice", "after its answer of"),
    ],
)
def test_output_that_is_not_an_answer_is_malformed(worker: Worker, how: str, reason: str) -> None:
    """Text, an endless stream, garbage and a second answer are malformed; the next request is answered."""
    answer = worker.export(request(how))
    assert isinstance(answer, Malformed)
    assert reason in answer.reason
    assert isinstance(worker.export(request("fine")), Exported)


def test_a_worker_that_does_not_answer_in_time_is_ended() -> None:
    """The request has timed out, the process is gone, and the next request is answered."""
    worker = Worker(command(SCRIPT), 2.0)
    hanging = pid_of(worker)
    assert worker.export(request("hang")) == TimedOut(2.0)
    assert not is_alive(hanging)
    assert isinstance(worker.export(request("fine")), Exported)
    worker.close()


def test_a_worker_that_closes_stdin_is_ended(worker: Worker) -> None:
    """A worker that stops reading after an answer fails the next request, and no other."""
    assert isinstance(worker.export(request("close stdin")), Exported)
    unread = worker.export(request("fine"))
    assert unread == Crashed("It closed its stdin and kept running. It wrote nothing to stderr.")
    assert isinstance(worker.export(request("fine")), Exported)


def test_stderr_is_passed_on_and_bounded(worker: Worker, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 10 MB on stderr the end is shown after a line about the rest, and the worker is not blocked."""
    assert isinstance(worker.export(request("talk")), Exported)
    worker.close()
    shown = capsys.readouterr().err
    assert shown.endswith("the end\n")
    assert "bytes before this are omitted" in shown
    assert len(shown) < 200_000


@pytest.mark.filterwarnings(
    "ignore:.*multi-threaded:DeprecationWarning"
)  # of pytest-xdist, not of a watchdog
def test_the_status_of_a_worker_that_ends_at_once_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has ended before the watchdog waits for it still has its status."""

    class Ended(subprocess.Popen[bytes]):
        def __init__(self, *words: Any, **options: Any) -> None:
            super().__init__(*words, **options)
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    monkeypatch.setattr(subprocess, "Popen", Ended)
    monkeypatch.setattr(watchdog, "_STARTED", started := [])
    worker = watchdog._start_command(["sh", "-c", "exit 3"])
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == 3
    started[0].returncode = 3  # so that its object does not ask as well


def test_a_time_limit_without_end_is_accepted() -> None:
    """The longest time limit that is a number is one."""
    worker = Worker(command(SCRIPT), 1e308)
    assert isinstance(worker.export(request("fine")), Exported)
    worker.close()


def test_several_failed_starts_in_a_row_raise(tmp_path: Path) -> None:
    """The first failed starts are crashes of their requests; the last one in a row raises the reason."""
    worker = Worker(command(SCRIPT, tmp_path / "marker"), SECONDS)
    assert isinstance(worker.export(request("exit")), Crashed)
    for _ in range(MAX_FAILED_STARTS - 1):
        answer = worker.export(request("fine"))
        assert isinstance(answer, Crashed)
        assert "it was started before" in answer.detail
    with pytest.raises(WorkerStartError, match="it was started before"):
        worker.export(request("fine"))


def test_a_worker_that_is_another_one_after_a_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report describes one exporter, so a new process must introduce itself as the first one did."""
    monkeypatch.setenv("MISBEHAVING_VERSION", "1")
    worker = Worker(command(SCRIPT), SECONDS)
    assert isinstance(worker.export(request("fine")), Exported)
    assert isinstance(worker.export(request("exit")), Crashed)
    answer = worker.export(request("fine"))
    assert isinstance(answer, Crashed)
    assert "introduced itself differently when it was started again" in answer.detail
    worker.close()


def test_a_worker_that_ends_between_two_requests_fails_the_next_one(worker: Worker) -> None:
    """It has crashed as if it had ended after the request was sent; a new process answers the next one."""
    killed = pid_of(worker)
    os.kill(killed, 9)
    wait_until(lambda: not is_alive(killed))
    assert worker.export(request("fine")) == Crashed("It was killed by SIGKILL. It wrote nothing to stderr.")
    assert isinstance(worker.export(request("fine")), Exported)
    assert pid_of(worker) != killed


def test_output_between_two_requests_is_malformed(worker: Worker) -> None:
    """What a worker writes after its answer is not read as the answer to the next request."""
    assert isinstance(worker.export(request("more later")), Exported)
    time.sleep(0.5)
    answer = worker.export(request("fine"))
    assert isinstance(answer, Malformed)
    assert answer.reason == "It wrote at least 4 bytes after its last answer."
    assert isinstance(worker.export(request("fine")), Exported)


def test_closing_ends_the_process_and_its_children(worker: Worker) -> None:
    """A child of the worker ends with it."""
    group = pid_of(worker)
    assert isinstance(worker.export(request("child")), Exported)
    assert len(group_members(group)) == 2
    worker.close()
    wait_until(lambda: group_members(group) == [])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands over orphans")
def test_a_worker_that_kills_its_watchdog_leaves_nothing(worker: Worker) -> None:
    """The worker is ended with a child that has a session of its own, and the next request is answered."""
    answer = worker.export(request("kill watchdog"))
    assert isinstance(answer, Crashed)
    reason, _, child = answer.detail.rpartition("child ")
    assert reason.startswith("The process that watches it was killed, so it was ended.")
    assert not is_alive(int(child))
    assert isinstance(worker.export(request("fine")), Exported)


def test_a_worker_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    """SIGKILL of the parent leaves no process, although the worker sleeps and reads nothing."""
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import os, signal\n"
        "from pytest_metagraph.exporters.worker_launch import command\n"
        "from pytest_metagraph.exporters.worker_process import WorkerProcess\n"
        "process = WorkerProcess(command(['sleep', '3600']))\n"
        "print(process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    finished = subprocess.run([sys.executable, parent], stdout=subprocess.PIPE, check=False, text=True)
    assert finished.returncode == -9
    wait_until(lambda: not is_alive(int(finished.stdout)))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("no-such-program", "'no-such-program' is not found"),
        ("", "command is empty"),
        ("'", "cannot be split into words"),
        (command("-c", "raise SystemExit('no licence')"), "ends with:\nno licence"),
        (command("-c", "print('Welcome to the exporter')"), "print to stderr instead of stdout"),
        (
            command("-c", "import time; time.sleep(60)"),
            "No answer came within 1 seconds. If it is slow to start, allow more with --metagraph-timeout",
        ),
    ],
)
def test_a_worker_that_cannot_be_started_is_refused_with_the_reason(given: str, reason: str) -> None:
    """Each way in which a command is not a worker has its own text."""
    with pytest.raises(WorkerStartError) as refused:
        Worker(given, 1.0)
    assert reason in str(refused.value)


def group_members(group: int) -> list[int]:
    """Return the ids of the running processes of a process group."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            members.append(int(stat.parent.name))
    return members
