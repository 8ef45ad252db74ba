"""The adapter check finds each way to connect an adapter wrongly, and gives advice."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance_cases import Capability, load_corpus
from pytest_metagraph import Unsupported
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.answers import Answer, TimedOut
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.request import Exporter, ExportRequest
from pytest_metagraph.judging.adapter_check import AdapterCheck, Observation
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef


def examine(exporter: Exporter) -> list[Observation]:
    """Return what the adapter check observes of a function."""
    return examine_client(InProcess(exporter, "adapter:export"))


def examine_client(client: ExporterClient) -> list[Observation]:
    """Return what the adapter check observes of a client."""
    contract = Contract.DOCUMENTED
    with contextlib.closing(ScratchFolder(contract)) as folder:
        return list(AdapterCheck(client, load_corpus(), contract, folder).run())


def returns_nothing(request: ExportRequest) -> MetaGraphDef:
    """Forget to return what was exported."""
    reference.export(request)
    return None  # type: ignore[return-value] # the mistake


def takes_fewer_arguments(request: ExportRequest) -> MetaGraphDef:
    """Call a function that knows two of the arguments."""

    def export_meta_graph(graph: MetaGraphDef, export_scope: str = "") -> MetaGraphDef:
        return MetaGraphDef() if export_scope else graph

    return export_meta_graph(request.graph, **request.arguments)


def cannot_load(_: ExportRequest) -> MetaGraphDef:
    """Fail on every graph."""
    raise RuntimeError("no such op: Relu6")


def gives_up(_: ExportRequest) -> MetaGraphDef:
    """Declare something unsupported that is not a capability."""
    raise Unsupported("graphs")


def exits(_: ExportRequest) -> MetaGraphDef:
    """End the process."""
    sys.exit("no licence")


def changes_its_input(request: ExportRequest) -> MetaGraphDef:
    """Change the message that was given."""
    message = reference.export(request)
    request.graph.graph_def.node[0].device = "/device:TPU:0"
    return message


def exports_another_graph(request: ExportRequest) -> MetaGraphDef:
    """Load the graph and export the empty default one."""
    empty = ExportRequest(MetaGraphDef(), request.arguments, case_id=request.case_id)
    return reference.export(empty)


class RemembersTheFirstGraph:
    """A cache without a key."""

    def __init__(self) -> None:
        self.graph: MetaGraphDef | None = None

    def __call__(self, request: ExportRequest) -> MetaGraphDef:
        """Export the graph of the first request."""
        self.graph = self.graph or request.graph
        return reference.export(ExportRequest(self.graph, request.arguments, case_id=request.case_id))


def ignores_arguments(request: ExportRequest) -> MetaGraphDef:
    """Pass on the arguments of the file, and no others."""
    passed_on = {name: request.arguments[name] for name in ("filename", "as_text", "save_debug_info")}
    return reference.export(ExportRequest(request.graph, passed_on, request.default_graph))


def names_errors_its_own_way(request: ExportRequest) -> MetaGraphDef:
    """Raise a class of its own that is not a ValueError."""

    class RejectedError(Exception):
        pass

    try:
        return reference.export(request)
    except ValueError as error:
        raise RejectedError(str(error)) from error


def exits_instead_of_raising(request: ExportRequest) -> MetaGraphDef:
    """Exit instead of raising."""
    try:
        return reference.export(request)
    except ValueError as error:
        sys.exit(str(error))


def crashes_on_a_scope(request: ExportRequest) -> MetaGraphDef:
    """End the process when a scope is given, in the same way for every graph."""
    if "export_scope" in request.arguments:
        sys.exit("segmentation fault")
    return reference.export(request)


def refuses_arguments(request: ExportRequest) -> MetaGraphDef:
    """Raise one and the same error for every argument that changes the message."""
    if set(request.arguments) - {"filename", "as_text", "save_debug_info"}:
        raise ValueError("no arguments, please")
    return reference.export(request)


def ignores_the_filename(request: ExportRequest) -> MetaGraphDef:
    """Write no file."""
    request.arguments["filename"] = None
    return reference.export(request)


def writes_beside_the_file(request: ExportRequest) -> MetaGraphDef:
    """Leave a log where it exports to."""
    if request.arguments["filename"]:
        Path(request.arguments["filename"] + ".log").touch()
    return reference.export(request)


def writes_another_message(request: ExportRequest) -> MetaGraphDef:
    """Change the message after it was written."""
    message = reference.export(request)
    message.meta_info_def.tags.append("late")
    return message


def writes_text(request: ExportRequest) -> MetaGraphDef:
    """Write text in every case."""
    request.arguments["as_text"] = True
    return reference.export(request)


def fails_to_write(request: ExportRequest) -> MetaGraphDef:
    """Fail instead of writing the file."""
    if request.arguments["filename"]:
        raise OSError("read-only file system")
    return reference.export(request)


def writes_no_files(request: ExportRequest) -> MetaGraphDef:
    """Declare only on request that files are unsupported."""
    if request.arguments["filename"]:
        raise Unsupported("filename")
    return reference.export(request)


MISTAKES: list[tuple[Callable[[], Exporter], str, str]] = [
    (lambda: returns_nothing, "NoneType", "Return the MetaGraphDef"),
    (lambda: takes_fewer_arguments, "unexpected keyword argument", "call a function that takes these names"),
    (lambda: cannot_load, "RuntimeError: no such op: Relu6", "A plain export raises nothing"),
    (lambda: gives_up, "does not support 'graphs'", "Declare it in `unsupported`"),
    (lambda: exits, "no licence", "Let it raise an exception"),
    (lambda: writes_no_files, "does not support 'filename'", "declare `files`"),
    (lambda: changes_its_input, "It changed request.graph", "Load a copy"),
    (lambda: exports_another_graph, "The answer has 0 nodes", "another default graph"),
    (RemembersTheFirstGraph, "are the same message", "Load request.graph again"),
    (
        lambda: ignores_arguments,
        "gave the same message as a call without any",
        "export_meta_graph(**request.arguments)",
    ),
    (lambda: names_errors_its_own_way, "it raised RejectedError", "here that is ValueError"),
    (lambda: exits_instead_of_raising, "has to raise ValueError. It crashed", "Let it raise an exception"),
    (lambda: crashes_on_a_scope, "export_scope=model,strip_default_attrs: It crashed", "Let it raise"),
    (lambda: refuses_arguments, "Every call with arguments raised an error", "Pass on the arguments"),
    (lambda: ignores_the_filename, "did not write the file model.meta", "is an absolute path"),
    (lambda: writes_beside_the_file, "model.meta.log", "nothing else beside it"),
    (
        lambda: writes_another_message,
        "differs from the returned message",
        "Write the message that is returned",
    ),
    (lambda: writes_text, "is not a MetaGraphDef in binary form", "write the serialised message"),
    (
        lambda: fails_to_write,
        "raised OSError: read-only file system",
        "Pass on request.arguments['filename']",
    ),
]


@pytest.mark.parametrize(("make", "problem", "advice"), MISTAKES)
def test_a_mistake_is_seen_and_comes_with_advice(
    make: Callable[[], Exporter], problem: str, advice: str
) -> None:
    """An adapter with one mistake gets the advice that belongs to it."""
    wrong = [finding for finding in examine(make()) if finding.problem]
    assert any(problem in finding.problem and advice in finding.advice for finding in wrong), wrong


def test_an_adapter_without_a_mistake_has_no_problem() -> None:
    """Every question is asked of the reference, and none shows anything."""
    findings = examine(reference.export)
    assert len(findings) == 7
    assert [finding for finding in findings if finding.problem or finding.skipped] == []


def test_an_adapter_that_hangs_is_asked_once() -> None:
    """The check ends with the first request that is not answered in time, whichever graph that has."""
    requests = []

    class Hangs(InProcess):
        def export(self, request: ExportRequest) -> Answer:
            """Answer two requests."""
            requests.append(request)
            return super().export(request) if len(requests) < 3 else TimedOut(30.0)

    (found,) = examine_client(Hangs(reference.export, "hangs"))
    assert len(requests) == 3
    assert found.problem == "No answer came within 30 seconds."
    assert requests[-1].case_id in found.question


class RefusesEveryGraphButOne:
    """Loads the first graph only; an error is not a message, so two errors are not the same answer."""

    def __init__(self) -> None:
        self.case_id = ""

    def __call__(self, request: ExportRequest) -> MetaGraphDef:
        """Answer the requests of the first case."""
        self.case_id = self.case_id or request.case_id
        if request.case_id != self.case_id:
            raise RuntimeError("no such op: Relu6")
        return reference.export(request)


def test_errors_are_not_compared_as_messages() -> None:
    """Where a second graph is refused, the question whether two graphs have two answers is skipped."""
    findings = {finding.question: finding for finding in examine(RefusesEveryGraphButOne())}
    found = findings["Do two different graphs give different answers?"]
    assert found.problem == ""
    assert found.skipped.endswith("/plain raised RuntimeError")


def test_questions_about_what_is_not_supported_are_not_asked() -> None:
    """A declared gap is not a mistake; the questions that were skipped are named."""

    def export(request: ExportRequest) -> MetaGraphDef:
        return reference.export(request)

    arguments = set(Capability) - {Capability.FUNCTION_LIBRARY, Capability.ANY_COLLECTIONS}
    export.unsupported = arguments  # type: ignore[attr-defined] # functions may have attributes
    findings = examine(export)
    assert [finding for finding in findings if finding.problem] == []
    assert [finding.skipped for finding in findings if finding.skipped] == [
        "it declares every argument of the smoke tier as unsupported",
        "it supports no case that expects an error",
        "it declares that it writes no files",
    ]
