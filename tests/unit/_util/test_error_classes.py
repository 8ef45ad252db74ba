"""Every error with which the kit refuses something that a user gave has one base class."""

from __future__ import annotations

import errno
import importlib
import inspect
import pkgutil

import pytest

import pytest_metagraph
from pytest_metagraph._util.errors import MetagraphError, path_problem

OTHERS = {
    "CaseFailedError": "the outcome of a test, not a refusal",
    "MetaGraphMismatch": "a failed assertion of a user's test",
    "NotLoadable": "an answer of the exporter",
    "NotLoadableError": "a failed assertion of a user's test",
    "NotAsTextError": "the snapshot that raises it is refused with a SnapshotError",
    "ProtocolError": "an answer of the exporter, which is judged",
    "UnencodableValueError": "a TypeError of the protocol, before any user is involved",
    "UnknownGraphError": "an answer of the exporter, which is then sent the graph",
    "Unsupported": "an answer of the exporter",
    "WorkerEndedError": "an answer of the exporter",
    "WorkerError": "an answer of the exporter",
    "WorkerGarbageError": "an answer of the exporter",
    "WorkerTimedOutError": "an answer of the exporter",
    "_LostNameError": "a part of a file that cannot be kept is named, and the rest is written",
    "TerminatedError": "a signal",
}
"""The exceptions of the kit that are not refusals, and why."""


def _exceptions() -> dict[str, type[BaseException]]:
    """Return every exception class that a module of the kit defines."""
    found: dict[str, type[BaseException]] = {}
    for module in pkgutil.walk_packages(pytest_metagraph.__path__, "pytest_metagraph."):
        if module.name.endswith("__main__"):
            continue
        try:
            loaded = importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            if error.name != "tensorflow":
                raise
            continue  # the adapter of TensorFlow, which is optional
        found |= {
            name: value
            for name, value in inspect.getmembers(loaded, inspect.isclass)
            if issubclass(value, BaseException) and value.__module__ in {module.name, "pytest_metagraph"}
        }
    return found


def test_an_error_without_a_path_says_what_it_can_be_about() -> None:
    """Only a folder that is gone has no name; otherwise it is a file that is open."""
    gone = FileNotFoundError(errno.ENOENT, "No such file or directory")
    assert path_problem(gone) == "the current folder does not exist any more; change to another one"
    no_folder = FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")
    assert "No usable temporary directory found" in path_problem(no_folder)
    assert "Input/output error; free some space" in path_problem(OSError(errno.EIO, "Input/output error"))
    assert path_problem(OSError(errno.EACCES, "no", "a")) == "cannot read or write 'a': no; check the path"


def test_every_refusal_is_a_metagraph_error() -> None:
    """An exception class of the kit is a MetagraphError, or is listed with the reason why not."""
    exceptions = _exceptions()
    assert {"ExporterNotFoundError", "ReportError", "SnapshotError", "UnusableInputError"} <= set(exceptions)
    strangers = {name for name, kind in exceptions.items() if not issubclass(kind, MetagraphError)}
    assert strangers - set(OTHERS) == set()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("there is no x",), "there is no x"),
        (("there is no x", "use y"), "there is no x; use y"),
    ],
)
def test_a_message_is_followed_by_its_hint(arguments: tuple[str, ...], text: str) -> None:
    """The text of the error is its message, followed by its hint if it has one."""
    error = MetagraphError(*arguments)
    assert str(error) == text
    assert (error.message, error.hint) == (arguments[0], "".join(arguments[1:]))
