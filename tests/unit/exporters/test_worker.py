"""A worker process: whatever it does is the answer to one request, and nothing of it stays."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_metagraph.exporters.answers import Answer, Crashed, Exported, Malformed, TimedOut
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.exporters.worker import MAX_FAILED_STARTS, Worker, WorkerStartError
from reference_impl.schema import MetaGraphDef

SCRIPT = Path(__file__).with_name("misbehaving_worker.py")
SECONDS = 20.0
"""Long enough for a busy machine; no test waits for it but those of a worker that hangs."""


def command(*words: object) -> str:
    """The command of a Python program."""
    return shlex.join([sys.executable, *map(str, words)])


def request(case_id: str, nodes: int = 1) -> ExportRequest:
    """A request that names what the worker is to do."""
    graph = MetaGraphDef()
    for number in range(nodes):
        graph.graph_def.node.add(name=f"node_{number}", op="NoOp")
    return ExportRequest(graph, {"filename": None}, case_id=case_id)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker that answers where it is not told to misbehave."""
    started = Worker(command(SCRIPT), SECONDS)
    yield started
    started.close()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return False
    return stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does; fails when it does not."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen")


def pid_of(worker: Worker) -> int:
    """The id of the process that runs now."""
    assert worker._process is not None
    return worker._process.pid


def test_a_request_is_answered_with_the_message_that_the_worker_sends(worker: Worker) -> None:
    """A message goes out and comes back as it was."""
    asked = request("fine")
    answer = worker.export(asked)
    assert isinstance(answer, Exported)
    assert answer.message == asked.graph
    assert worker.name == "misbehaving"


def test_one_process_answers_all_requests(worker: Worker) -> None:
    """The worker lives as long as it behaves."""
    first = pid_of(worker)
    for _ in range(3):
        worker.export(request("fine"))
    assert pid_of(worker) == first


def test_messages_larger_than_a_pipe_do_not_block(worker: Worker) -> None:
    """Many megabytes go both ways, though a pipe holds 64 kB."""
    asked = request("fine", nodes=1_000_000)
    assert asked.graph.ByteSize() > 16_000_000
    answer = worker.export(asked)
    assert isinstance(answer, Exported)
    assert len(answer.message.graph_def.node) == 1_000_000


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ("exit", Crashed("It ended with exit status 3. Its stderr ends with:\nlast words")),
        ("abort", Crashed("It was ended by SIGABRT. It wrote nothing to stderr.")),
        ("close stdout", Crashed("It closed its stdout and ran on. It wrote nothing to stderr.")),
        ("no answer", Malformed("The worker answered an export with an Answer of no known kind.")),
    ],
)
def test_what_goes_wrong_is_the_answer_to_one_request(worker: Worker, how: str, answer: Answer) -> None:
    """The failed request has the failure as its answer, and the next one is answered as ever."""
    assert worker.export(request(how)) == answer
    assert isinstance(worker.export(request("fine")), Exported)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("text", "print to stderr instead of stdout"),
        ("announce", "It announced an answer of 268,435,457 bytes; the limit is 268,435,456"),
        ("zeros", "behind its answer of 0 bytes"),
        ("garbage", "100 bytes that are no Answer"),
        ("twice", "behind its answer of"),
    ],
)
def test_what_is_no_answer_is_malformed(worker: Worker, how: str, reason: str) -> None:
    """Text, an endless stream, garbage and a second answer are told apart; the next request is answered."""
    answer = worker.export(request(how))
    assert isinstance(answer, Malformed)
    assert reason in answer.reason
    assert isinstance(worker.export(request("fine")), Exported)


def test_a_worker_that_does_not_answer_in_time_is_ended() -> None:
    """The time limit is the verdict, the process is gone, and the next request is answered."""
    worker = Worker(command(SCRIPT), 2.0)
    hanging = pid_of(worker)
    assert worker.export(request("hang")) == TimedOut(2.0)
    assert not is_alive(hanging)
    assert isinstance(worker.export(request("fine")), Exported)
    worker.close()


def test_a_worker_that_closes_stdin_is_ended(worker: Worker) -> None:
    """A worker that answers and then reads no more fails the next request, and no other."""
    assert isinstance(worker.export(request("close stdin")), Exported)
    unread = worker.export(request("fine"))
    assert unread == Crashed("It closed its stdin and ran on. It wrote nothing to stderr.")
    assert isinstance(worker.export(request("fine")), Exported)


def test_stderr_is_passed_on_and_bounded(worker: Worker, capsys: pytest.CaptureFixture[str]) -> None:
    """10 MB of chatter become its end and a line that says so, and do not block the worker."""
    assert isinstance(worker.export(request("talk")), Exported)
    worker.close()
    shown = capsys.readouterr().err
    assert shown.endswith("the end\n")
    assert "bytes before this are left out" in shown
    assert len(shown) < 200_000


def test_a_run_is_given_up_when_the_worker_can_not_be_started_again(tmp_path: Path) -> None:
    """The first failed starts are crashes of their requests; after some in a row the reason is raised."""
    worker = Worker(command(SCRIPT, tmp_path / "marker"), SECONDS)
    assert isinstance(worker.export(request("exit")), Crashed)
    for _ in range(MAX_FAILED_STARTS - 1):
        answer = worker.export(request("fine"))
        assert isinstance(answer, Crashed)
        assert "it has been started before" in answer.detail
    with pytest.raises(WorkerStartError, match="it has been started before"):
        worker.export(request("fine"))


def test_a_worker_that_was_killed_between_requests_is_started_again(worker: Worker) -> None:
    """A process that somebody has killed costs no case its answer."""
    killed = pid_of(worker)
    os.kill(killed, 9)
    wait_until(lambda: not is_alive(killed))
    assert isinstance(worker.export(request("fine")), Exported)
    assert pid_of(worker) != killed


def test_closing_ends_the_process_and_its_children(worker: Worker) -> None:
    """A child that the worker has left behind ends with it."""
    group = pid_of(worker)
    assert isinstance(worker.export(request("child")), Exported)
    assert len(group_members(group)) == 2
    worker.close()
    wait_until(lambda: group_members(group) == [])


def test_a_worker_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    """Also a SIGKILL of the parent leaves no process, though the worker is asleep and reads nothing."""
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import os, signal\n"
        "from pytest_metagraph.exporters.worker_process import WorkerProcess\n"
        "process = WorkerProcess(['sleep', '3600'])\n"
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
        ("'", "is not one of a shell"),
        (command("-c", "raise SystemExit('no licence')"), "ends with:\nno licence"),
        (command("-c", "print('Welcome to the exporter')"), "print to stderr instead of stdout"),
        (command("-c", "import time; time.sleep(60)"), "No answer came within 1 seconds"),
    ],
)
def test_a_worker_that_can_not_be_started_is_refused_with_the_reason(given: str, reason: str) -> None:
    """Each way in which a command is no worker has its own words."""
    with pytest.raises(WorkerStartError) as refused:
        Worker(given, 1.0)
    assert reason in str(refused.value)


def group_members(group: int) -> list[int]:
    """The ids of the processes that run in a process group."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            members.append(int(stat.parent.name))
    return members
