"""The worker's end of the protocol: turn an exporter that is written in Python into a worker."""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

from pytest_metagraph.exporters import protocol, resolve
from pytest_metagraph.exporters.answers import (
    Crashed,
    Exported,
    Malformed,
    NotLoaded,
    NotSupported,
    Raised,
    TimedOut,
)
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.protocol import Control, Introduction, KeptGraph, frame, read_frame
from pytest_metagraph.exporters.request import Exporter, ExportRequest


def serve(exporter: Exporter, *, name: str = "", version: str = "") -> None:
    """Answer the requests on stdin until stdin ends.

    Call it from a script, and give the command that runs the script to `--metagraph-command`. What the
    exporter prints to stdout goes to stderr, so that it does not disturb the protocol.

    Args:
        exporter: the function that answers; its attributes `unsupported`, `op_list` and
            `descriptor_set` are declared to the kit.
        name: its name in reports; by default the name that `--metagraph-exporter` would show.
        version: its version; by default its attribute `version`.

    Raises:
        ExporterNotFoundError: if the exporter is not callable, or declares a capability that does not exist.
        ProtocolError: if stdin contains something that is not a request.
    """
    client = resolve.client_of(exporter)
    introduction = Introduction(
        name or client.name,
        version or client.version,
        client.unsupported,
        client.registry,
        client.environment,
        keeps_graph=True,
    )
    kept = KeptGraph()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        while (data := read_frame(sys.stdin.buffer)) is not None:
            try:
                request = protocol.decode_request(data, kept)
            except protocol.UnknownGraphError:
                _send(answers, protocol.encode_unknown_graph())
                continue
            if request is Control.STOP:
                return
            if isinstance(request, ExportRequest):
                _send(answers, _answer(client, request))
            else:
                _send(answers, protocol.encode_introduction(introduction))


def _answer(client: InProcess, request: ExportRequest) -> bytes:
    match client.export(request):
        case Exported() | Raised() | NotSupported() | NotLoaded() as answer:
            return protocol.encode_answer(answer)
        case Malformed(reason=reason):
            sys.stderr.write(f"{reason}\n")
            return b""  # an Answer without a kind, which the kit reports as malformed
        case Crashed(detail=detail):
            raise SystemExit(detail)
        case TimedOut():
            raise AssertionError("a function of this process has no time limit")


def _send(stream: BinaryIO, data: bytes) -> None:
    stream.write(frame(data))
    stream.flush()
