"""Runs a command in a process that sends itself a signal in the middle of a write.

    python interrupted.py SIGNAL MOMENT TARGET metagraph|pytest WORD...

MOMENT is one of `MOMENTS`; TARGET is how the path of the file starts that is being written then.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Stop = Callable[[object], None]
"""Sends the signal where a path is that of the target."""


def _begun(stop: Stop) -> None:
    """A temporary file is there, and has a part of its content at most."""
    open_file, write_bytes = os.open, Path.write_bytes

    def opened(path: Any, *arguments: Any, **keywords: Any) -> int:
        descriptor = open_file(path, *arguments, **keywords)
        if arguments and arguments[0] & (os.O_WRONLY | os.O_RDWR):  # not where the old file is read
            stop(path)
        return descriptor

    def written(self: Path, data: bytes) -> int:
        count = write_bytes(self, data[: len(data) // 2])
        stop(self)
        return count

    os.open = opened
    Path.write_bytes = written  # type: ignore[method-assign,assignment] # takes bytes only


def _whole(stop: Stop) -> None:
    """The temporary files are whole, and none has its name."""
    replace = Path.replace

    def replaced(self: Path, target: Any) -> Path:
        stop(target)
        return replace(self, target)

    Path.replace = replaced  # type: ignore[method-assign]


def _named(stop: Stop) -> None:
    """The first file has its name."""
    replace = Path.replace

    def replaced(self: Path, target: Any) -> Path:
        new = replace(self, target)
        stop(target)
        return new

    Path.replace = replaced  # type: ignore[method-assign]


MOMENTS = {"begun": _begun, "whole": _whole, "named": _named}


def _main(name: str, moment: str, target: str, command: str, *words: str) -> int:
    def stop(path: object) -> None:
        if isinstance(path, str | Path) and str(Path(path).absolute()).startswith(
            str(Path(target).absolute())
        ):
            os.kill(os.getpid(), signal.Signals[name])
            time.sleep(20)

    if command == "pytest":
        import pytest  # noqa: PLC0415 - the other command needs no pytest

        MOMENTS[moment](stop)
        return pytest.main([*words])
    from pytest_metagraph.cli import main  # noqa: PLC0415 - as above

    MOMENTS[moment](stop)
    return main(words)


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
