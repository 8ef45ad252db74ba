"""A worker that keeps the last graph is sent each graph once; whatever it does with it, the answer counts."""

from __future__ import annotations

import shlex
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pytest_metagraph.exporters import protocol
from pytest_metagraph.exporters.answers import Answer, Exported, Malformed
from pytest_metagraph.exporters.request import ExportRequest, RequestGraph
from pytest_metagraph.exporters.starters import AdapterKind, starter_files
from pytest_metagraph.exporters.worker_client import Worker
from reference_impl.schema import MetaGraphDef

SCRIPT = Path(__file__).with_name("keeping_worker.py")
SECONDS = 20.0


def graph_of(*names: str) -> RequestGraph:
    """Return a graph with these nodes."""
    message = MetaGraphDef()
    for name in names:
        message.graph_def.node.add(name=name)
    return RequestGraph(message.SerializeToString())


A, B, EMPTY = graph_of("a"), graph_of("b"), graph_of()


def names_in(answer: Answer) -> list[str]:
    """Return the names of the nodes of an answer, which must be a message."""
    assert isinstance(answer, Exported), answer
    return [node.name for node in answer.message.graph_def.node]


def request(graph: RequestGraph) -> ExportRequest:
    """Return a request for a graph."""
    return ExportRequest(graph, {"filename": None})


def ask(how: str, log: Path, *graphs: RequestGraph) -> list[Answer]:
    """Return the answers of a keeping worker to requests for these graphs."""
    with closing(Worker(shlex.join([sys.executable, str(SCRIPT), how, str(log)]), SECONDS)) as worker:
        return [worker.export(request(graph)) for graph in graphs]


@pytest.mark.parametrize(
    ("how", "received"),
    [
        ("keeps", ["graph", "name", "graph", "graph", "name"]),
        ("forgets", ["graph", "name", "graph", "graph", "graph", "name", "graph"]),
    ],
)
def test_a_graph_is_sent_again_if_another_came_or_the_worker_has_none(
    tmp_path: Path, how: str, received: list[str]
) -> None:
    """Only a request for the graph of the last request names it, and a worker without it is sent it again."""
    answers = ask(how, tmp_path / "log", A, A, B, A, A)
    assert [names_in(answer) for answer in answers] == [["a"], ["a"], ["b"], ["a"], ["a"]]
    assert (tmp_path / "log").read_text(encoding="utf-8").split() == received


def test_an_empty_graph_is_no_name(tmp_path: Path) -> None:
    """A graph without content is exported as such, and the graph before it is still kept."""
    answers = ask("keeps", tmp_path / "log", A, EMPTY, EMPTY, A)
    assert [names_in(answer) for answer in answers] == [["a"], [], [], ["a"]]
    assert (tmp_path / "log").read_text(encoding="utf-8").split()[-1] == "name"


def test_a_worker_that_refuses_the_graph_itself_is_malformed(tmp_path: Path) -> None:
    """A worker cannot decline a request by saying that it lacks the graph, and is not sent it for ever."""
    reason = "The worker answered that it does not have the graph that it was sent."
    for answer in ask("refuses", tmp_path / "log", A, A):
        assert isinstance(answer, Malformed)
        assert answer.reason == reason
    assert (tmp_path / "log").read_text(encoding="utf-8").split() == ["graph", "graph"]


def test_what_a_worker_makes_of_a_name_is_its_answer(tmp_path: Path) -> None:
    """A worker that exports another graph than the named one answers with that, which its cases fail."""
    assert [names_in(answer) for answer in ask("changes", tmp_path / "log", A, A)] == [
        ["a"],
        ["a", "changed"],
    ]


def test_a_worker_that_was_started_again_is_sent_the_graph(tmp_path: Path) -> None:
    """A new process has no graph, even if the one before it had it."""
    log = tmp_path / "log"
    with closing(Worker(shlex.join([sys.executable, str(SCRIPT), "keeps", str(log)]), SECONDS)) as worker:
        worker.export(request(A))
        worker._end()  # as after a timeout
        assert names_in(worker.export(request(A))) == ["a"]
    assert log.read_text(encoding="utf-8").split() == ["graph", "graph"]


@pytest.mark.parametrize("keeps", [False, True])
def test_the_kit_learns_whether_a_worker_keeps_graphs(keeps: bool) -> None:
    """The introduction declares it; a worker that was built for an older kit declares nothing."""
    introduction = protocol.Introduction("x", keeps_graph=keeps)
    assert protocol.decode_introduction(protocol.encode_introduction(introduction)).keeps_graph is keeps


def test_a_request_has_no_name_unless_one_is_given() -> None:
    """What a worker that keeps no graph is sent is the graph, and a name is refused by it."""
    without = protocol.worker_messages.Request.FromString(protocol.encode_export(request(A))).export
    assert (without.graph, without.graph_digest) == (A.serialised(), b"")
    with pytest.raises(protocol.UnknownGraphError):
        protocol.decode_request(protocol.encode_export(request(A), b"digest", has_graph=False))


SERVED = """
from pytest_metagraph import serve

def export(request):
    request.graph.graph_def.node.add(name="new")
    return request.graph

serve(export)
"""

PLAIN = """
from metagraph_worker import Exporter, main

class Returning(Exporter):
    def load(self, graph):
        return graph

    def export(self, loaded, call):
        return loaded

main(Returning())
"""


@pytest.mark.parametrize(("script", "added"), [(SERVED, ["new"]), (PLAIN, [])], ids=["serve", "plain"])
def test_the_workers_of_the_kit_keep_the_graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, added: list[str]
) -> None:
    """They export the named graph, each time as it was sent, and the kit sends it once."""
    for name, data in starter_files(AdapterKind.WORKER).items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "served.py").write_text(script, encoding="utf-8")
    encode, sent = protocol.encode_export, []

    def encode_and_note(*arguments: object, **options: object) -> bytes:
        sent.append(options.get("has_graph", True))
        return encode(*arguments, **options)  # type: ignore[arg-type] # as they were given

    monkeypatch.setattr(protocol, "encode_export", encode_and_note)
    with closing(Worker(shlex.join([sys.executable, str(tmp_path / "served.py")]), SECONDS)) as worker:
        answers = [worker.export(request(graph)) for graph in (A, A, B, A, A)]
    expected = [["a"], ["a"], ["b"], ["a"], ["a"]]
    assert [names_in(answer) for answer in answers] == [names + added for names in expected]
    assert sent == [True, False, True, True, False]
