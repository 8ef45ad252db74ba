"""Writing to stdout and stderr, even if one of them is closed, full or without a reader."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any

from pytest_metagraph._util.text import printable, printable_json


def say(text: str, *, keep_newlines: bool = False) -> None:
    """Write a line to stdout at once; characters that act on a terminal are shown by their numbers.

    Args:
        text: the line.
        keep_newlines: whether it is a text of several lines.
    """
    sys.stdout.write(f"{printable(text, keep_newlines=keep_newlines)}\n")
    sys.stdout.flush()


def say_json(data: Any) -> None:
    """Write plain data to stdout as JSON, indented; names keep their characters unless these act."""
    say_json_text(json.dumps(data, indent=2, ensure_ascii=False))


def say_json_text(text: str) -> None:
    """Write a JSON text, or JSON Lines, to stdout; what acts in a log is written as JSON escapes it."""
    say_escaped(printable_json(text))


def say_escaped(text: str) -> None:
    """Write a text to stdout in which its renderer has escaped what acts, and end its last line."""
    sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
    sys.stdout.flush()


def say_on_stderr(line: str) -> None:
    """Write one line to stderr, if anybody can read it; a line break in the text becomes a space."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{printable(' '.join(line.split()))}\n")
        sys.stderr.flush()


def open_standard_streams() -> None:
    """Replace standard streams that the caller has closed by devnull.

    Python represents them by None, so that writing would fail. A file that is opened later would also get
    their descriptor, and whatever a library writes to stderr would go into that file.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None or getattr(stream, "closed", False):
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - stays open
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names may be in any script, and paths contain any bytes; a terminal in ASCII shows their numbers.
        sys.stdout.reconfigure(errors="backslashreplace")


def abandon_failed_streams() -> None:
    """Redirect streams that cannot be flushed to devnull, so that interpreter shutdown does not fail."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
