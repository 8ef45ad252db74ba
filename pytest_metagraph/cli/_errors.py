"""The one place that decides which errors are about unusable input, and what their one line says."""

from __future__ import annotations

import contextlib
import errno
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_metagraph._util.errors import MetagraphError, path_problem

if TYPE_CHECKING:
    from pathlib import Path

_UNUSABLE: dict[type[Exception], str] = {
    RecursionError: "the input is nested too deeply to be processed; flatten it",
    MemoryError: "there is not enough memory for this input; use a smaller one",
    re.error: "the input contains an invalid regular expression: {error}; correct it",
    UnicodeError: "the input contains text that is not valid UTF-8: {error}; correct it",
}


def refusal(error: Exception) -> str:
    """Return what is wrong with the input of a command, followed by what to do about it.

    Returns:
        The text for the user; empty if the error is a defect of the kit, which deserves its traceback.
    """
    if isinstance(error, MetagraphError):
        return str(error)
    if isinstance(error, OSError):
        return path_problem(error)
    if _is_of_protobuf(error):
        return f"the input is not a valid message: {error}; it may be truncated or damaged"
    return next((text.format(error=error) for kind, text in _UNUSABLE.items() if isinstance(error, kind)), "")


def _is_of_protobuf(error: Exception) -> bool:
    """Return whether protobuf raised an error, without importing protobuf."""
    modules = (sys.modules.get("google.protobuf.message"), sys.modules.get("google.protobuf.text_format"))
    return any(module is not None and isinstance(error, module.Error) for module in modules)


@contextlib.contextmanager
def writing(path: Path, hint: str = "name another file") -> Iterator[None]:
    """Refuse a path that cannot be written.

    Args:
        path: the file or folder that the block writes.
        hint: what to do if that fails.

    Raises:
        MetagraphError: if the block raises an OSError; it names the path and the reason.
    """
    try:
        yield
    except OSError as error:
        raise MetagraphError(f"cannot write {str(path)!r}: {error.strerror or error}", hint) from error


@contextlib.contextmanager
def refusing(*errors: type[Exception], hint: str = "") -> Iterator[None]:
    """Refuse values that a library function does not accept.

    Args:
        errors: what the library raises for such a value.
        hint: what to do about it.

    Raises:
        MetagraphError: if the block raises one of the errors; it has the text of that error.
    """
    try:
        yield
    except MetagraphError:
        raise
    except errors as error:
        raise MetagraphError(str(error.args[0] if isinstance(error, KeyError) else error), hint) from error


@contextlib.contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Refuse a file that cannot be read, or is not what is needed.

    Args:
        path: the file that the block reads.

    Raises:
        MetagraphError: if the block raises an OSError or a ValueError; it names the path and the reason.
    """
    with refusing(ValueError):
        try:
            yield
        except OSError as error:
            problem = f"cannot read {str(path)!r}: {error.strerror or error}"
            hint = "" if error.errno == errno.EFBIG else "give a readable file"
            raise MetagraphError(problem, hint) from error
