"""A worker that declares that it keeps the last graph: `keeping_worker.py HOW LOG`.

It returns the graph of a request, and notes in the log whether the request contained a `graph` or a `name`.
HOW is one of these:

* `keeps`: it has the last graph;
* `forgets`: it has no graph any more after an answer;
* `refuses`: it answers every request that it has no graph;
* `changes`: it exports another graph if it is sent a name.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_metagraph.exporters import protocol
from pytest_metagraph.exporters.answers import Exported
from pytest_metagraph.exporters.protocol import Control, Introduction, KeptGraph, frame, read_frame


def main() -> None:
    """Answer until stdin ends."""
    how, log = sys.argv[1], Path(sys.argv[2])
    kept = KeptGraph()
    while (data := read_frame(sys.stdin.buffer)) is not None:
        answer = answer_to(data, how, log, kept)
        sys.stdout.buffer.write(frame(answer))
        sys.stdout.buffer.flush()


def answer_to(data: bytes, how: str, log: Path, kept: KeptGraph) -> bytes:
    """Return the answer to a request."""
    before = kept.data
    try:
        request = protocol.decode_request(data, kept)
    except protocol.UnknownGraphError:
        note(log, "name")
        return protocol.encode_unknown_graph()
    if isinstance(request, Control):
        if request is Control.STOP:
            sys.exit(0)
        return protocol.encode_introduction(Introduction(how, keeps_graph=True))
    is_named = request.serialised_graph is before
    note(log, "name" if is_named else "graph")
    if how == "forgets":
        kept.digest = b""
    if how == "refuses":
        return protocol.encode_unknown_graph()
    if how == "changes" and is_named:
        request.graph.graph_def.node.add(name="changed")
    return protocol.encode_answer(Exported(request.graph))


def note(log: Path, what: str) -> None:
    """Append a word to the log."""
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{what}\n")


if __name__ == "__main__":
    main()
