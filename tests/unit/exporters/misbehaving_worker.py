"""A worker that misbehaves if the case id says so, and otherwise returns the graph.

Run as a program: `misbehaving_worker.py [MARKER]`. With the path of a marker file, it introduces itself only
once: a later start finds the marker and ends at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pytest_metagraph.exporters import protocol
from pytest_metagraph.exporters.answers import Exported
from pytest_metagraph.exporters.protocol import MAX_ANSWER_BYTES, Control, Introduction, frame, read_frame

GIGABYTE = 2**30


def main(answers: BinaryIO) -> None:
    """Answer until stdin ends."""
    while (data := read_frame(sys.stdin.buffer)) is not None:
        request = protocol.decode_request(data)
        if request is Control.HELLO:
            if len(sys.argv) > 1:
                refuse_second_start(Path(sys.argv[1]))
            version = str(os.getpid()) if os.environ.get("MISBEHAVING_VERSION") else ""
            answers.write(frame(protocol.encode_introduction(Introduction("misbehaving", version))))
        elif not isinstance(request, Control):
            if request.case_id in MISBEHAVIOURS:
                MISBEHAVIOURS[request.case_id](answers)
            if request.case_id not in {"no answer", "garbage"}:
                answers.write(frame(protocol.encode_answer(Exported(request.graph))))
            if request.case_id == "close stdin":
                answers.flush()
                time.sleep(3600)
            if request.case_id == "more later":
                answers.flush()
                time.sleep(0.2)
                answers.write(b"late")
        answers.flush()


def leave(_: BinaryIO) -> None:
    """End in the middle of a request."""
    sys.stderr.write("last words\n")
    sys.exit(3)


def hang(_: BinaryIO) -> None:
    """Never answer."""
    time.sleep(3600)


def close_stdout(answers: BinaryIO) -> None:
    """Keep running without a way to answer."""
    os.close(answers.fileno())
    os.close(1)
    time.sleep(3600)


def write_gigabyte(answers: BinaryIO) -> None:
    """Write 1 GB of zeros."""
    answers.writelines(bytes(2**20) for _ in range(GIGABYTE // 2**20))


def announce_gigabyte(answers: BinaryIO) -> None:
    """Announce a longer answer than is allowed, and write it."""
    answers.write((MAX_ANSWER_BYTES + 1).to_bytes(4, "little"))
    write_gigabyte(answers)


def kill_watchdog(_: BinaryIO) -> None:
    """Start a child with a session of its own, name it on stderr, and kill the parent of this process."""
    child = subprocess.Popen(["sleep", "3600"], start_new_session=True)  # noqa: S607 - of the system
    sys.stderr.write(f"child {child.pid}\n")
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(3600)


def spawn_sleeper(_: BinaryIO) -> None:
    """Start a child that would outlive this process by far."""
    if os.fork() == 0:
        time.sleep(3600)


MISBEHAVIOURS: dict[str, Callable[[BinaryIO], object]] = {
    "exit": leave,
    "abort": lambda _: os.abort(),
    "hang": hang,
    "close stdin": lambda _: os.close(0),
    "close stdout": close_stdout,
    "text": lambda answers: answers.write(b"Exporting the graph ...\n"),
    "zeros": write_gigabyte,
    "announce": announce_gigabyte,
    "garbage": lambda answers: answers.write(frame(b"\xff" * 100)),
    "no answer": lambda answers: answers.write(frame(b"")),
    "twice": lambda answers: answers.write(frame(protocol.encode_answer(Exported(protocol.MetaGraphDef())))),
    "talk": lambda _: sys.stderr.write("a" * 10_000_000 + "the end\n"),
    "child": spawn_sleeper,
    "kill watchdog": kill_watchdog,
}
"""What the worker does before it answers, by case id."""


def refuse_second_start(marker: Path) -> None:
    """End if the marker exists already."""
    if marker.exists():
        sys.exit("it was started before")
    marker.touch()


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "wb") as buffered:  # sys.stdout.buffer has no buffer under PYTHONUNBUFFERED
        main(buffered)
