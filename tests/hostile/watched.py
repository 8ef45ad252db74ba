"""Watch a parser for side effects: the programs that it starts and the files that it writes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS_FOR_ONE_INPUT = 30
"""The time after which a parser hangs; an input of a few kilobytes takes less than a thousandth of it."""

_PROGRAMS = frozenset({"os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pty.spawn"})
"""The events that start a program."""

_PATHS = {"os.remove": 0, "os.rename": 1, "os.mkdir": 0, "os.rmdir": 0, "os.symlink": 1, "os.link": 1}
"""The events that change a folder, with the position of the argument that is the changed path."""


class Watch:
    """The events that the audit hook has seen; one hook serves all tests, because it cannot be removed."""

    def __init__(self) -> None:
        self.folders: tuple[str, ...] = ()
        self.seen: list[str] = []
        self.is_on = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event in _PROGRAMS or (event in {"exec", "compile"} and _is_from_data(event, arguments)):
            self.seen.append(f"{event} {arguments!r}"[:200])
        elif event == "open" and _writes(arguments):
            self._check_path(event, arguments[0])
        elif event in _PATHS:
            self._check_path(event, arguments[_PATHS[event]])

    def _check_path(self, event: str, path: object) -> None:
        if isinstance(path, int):
            return  # a descriptor that is open already
        whole = os.path.abspath(os.fsdecode(path))  # type: ignore[arg-type] # noqa: PTH100 - a hook makes no Path
        if not whole.startswith(self.folders) and whole != os.devnull:
            self.seen.append(f"{event} {whole}")


def _is_from_data(event: str, arguments: tuple[Any, ...]) -> bool:
    """Return whether code is compiled or run that does not come from a file, as code in an input would.

    The kit's own templates are compiled each time they are rendered; a test of its own shows that a report is
    no template. What `ast.literal_eval` reads has no name of a file either, and is not run.
    """
    if event == "exec":
        name = arguments[0].co_filename if isinstance(arguments[0], types.CodeType) else ""
    else:
        name = "<none>" if arguments[1] is None else os.fsdecode(arguments[1])
    return name.startswith("<") and name not in {"<template>", "<unknown>"}


def _writes(arguments: tuple[Any, ...]) -> bool:
    """Return whether a file is opened to write; `os.open` has flags instead of a mode."""
    _, mode, flags = arguments
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


WATCH = Watch()


class HangError(BaseException):
    """A parser did not return; a BaseException, so that no `except Exception` catches it."""


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[None]:
    """Fail if the code inside runs anything, or writes outside a folder and the temporary folder.

    Raises:
        AssertionError: if it did.
        HangError: if it did not end.
    """

    def hang(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(SECONDS_FOR_ONE_INPUT)
    WATCH.folders = (str(folder), str(Path(tempfile.gettempdir()) / "metagraph-"))
    WATCH.seen.clear()
    WATCH.is_on = True
    try:
        # protobuf's text parser warns about escapes that Python does not know.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            yield
    finally:
        WATCH.is_on = False
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if WATCH.seen:
        raise AssertionError("; ".join(WATCH.seen))
