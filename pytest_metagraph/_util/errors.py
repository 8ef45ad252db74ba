"""The base class of the errors with which the kit refuses something that a user gave."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The errors of a disk or a quota that is full. They say nothing about an exporter."""


class MetagraphError(Exception):
    """Something that the user gave cannot be used.

    Each entrance catches it once: the command line prints one line and exits with 2, pytest reports a usage
    error. The text is never empty and can be understood without a traceback.

    Args:
        message: what is wrong, including the value that is wrong.
        hint: what to do about it; empty if the message already says so.
    """

    __module__ = "pytest_metagraph"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.hint = hint


def path_problem(error: OSError) -> str:
    """Return what is wrong with the path, or the open file, of an error, and what to do about it."""
    reason = error.strerror or error
    if error.filename is None and reason == os.strerror(errno.ENOENT):
        return "the current folder does not exist any more; change to another one"
    if error.filename is None:
        return f"cannot write the output or a temporary file: {reason}; free some space, or write elsewhere"
    return f"cannot read or write {str(error.filename)!r}: {reason}; check the path"


def refuse_to_replace(output: Path, inputs: Iterable[Path | None]) -> None:
    """Refuse an output that would take the place of a file that is read.

    Args:
        output: the path to write, which need not exist.
        inputs: the files that are read; None for an option that was not given.

    Raises:
        MetagraphError: if the output is one of the inputs, or a link to it.
    """
    for path in inputs:
        if path is not None and _is_same_file(path, output):
            raise MetagraphError(
                f"{str(output)!r} would replace {str(path)!r}, which is read", "name another file"
            )


def _is_same_file(path: Path, other: Path) -> bool:
    if os.path.realpath(path) == os.path.realpath(other):  # also of a file that is still to be written
        return True
    try:
        return path.samefile(other)
    except OSError:
        return False


class TerminatedError(KeyboardInterrupt):
    """SIGTERM has arrived. Whatever cleans up after Ctrl-C, and lets it through, does the same here."""


class NoSpaceError(MetagraphError):
    """A folder of the kit takes no more, or no file of some size, so nothing can be said about the exporter.

    Args:
        folder: the folder, or empty if it is not known.
        is_limit: whether the limit of file sizes is the reason, and not a full disk or quota.
    """

    def __init__(self, folder: str = "", *, is_limit: bool = False) -> None:
        place = f" in {folder!r}" if folder else ""
        what, way_out = (
            ("the limit of file sizes is too low", "raise it with `ulimit -f`")
            if is_limit
            else ("there is no space left", "free some space, or set TMPDIR to a folder that has some")
        )
        super().__init__(
            f"{what}{place}, where the kit lets exporters write, so no case can be judged", way_out
        )


_IMPLEMENTATION = "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"


def require_upb() -> None:
    """Refuse to start if the environment asks for another implementation of protobuf than upb, its default.

    The one in pure Python lacks nested classes of messages in a private descriptor pool. It is often set for
    an old TensorFlow.

    Raises:
        MetagraphError: if it does.
    """
    chosen = os.environ.get(_IMPLEMENTATION, "")
    if chosen not in {"", "upb"}:
        raise MetagraphError(
            f"{_IMPLEMENTATION} = {chosen!r} is not supported, because the kit needs upb",
            "unset it; if the exporter needs it, use a worker: "
            f"--command 'env {_IMPLEMENTATION}={chosen} python worker.py'",
        )
