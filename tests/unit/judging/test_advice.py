"""Advice speaks of what the author of an exporter has: a request, a message of the protocol, or files."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.exports_folder import ExportsFolder
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.worker_client import Worker
from pytest_metagraph.judging.advice import fitted

WORKER = """
from pytest_metagraph import serve
from pytest_metagraph.exporters import reference
serve(reference.export)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[ExporterClient]:
    """A worker that runs."""
    (tmp_path / "worker.py").write_text(WORKER)
    command = shlex.join([sys.executable, str(tmp_path / "worker.py")])
    with contextlib.closing(Worker(command)) as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> ExporterClient:
    """A folder of answers without an answer."""
    (tmp_path / "exporter.json").write_text(json.dumps({"name": "x"}))
    return ExportsFolder.open(tmp_path)


ADVICE = (
    ("Declare it in `unsupported`.", "Introduction.unsupported", "`unsupported` in exporter.json"),
    ("Load request.graph.", "Load Export.graph.", "Load the file `graph` of the case."),
    ("Pass on request.arguments['filename'], an absolute path.", "Export.arguments", "folder of the variant"),
    ("as in export_meta_graph(**request.arguments)", "Export.arguments", "`arguments` of the case"),
    (
        "Declare it: set the exporter's attribute `unsupported = {'eager'}`.",
        "Declare it: add 'eager' to Introduction.unsupported.",
        "Declare it: add 'eager' to `unsupported` in exporter.json.",
    ),
)


def test_a_function_is_spoken_to_as_it_is_written() -> None:
    """The author of a Python adapter has a request with attributes."""
    client = InProcess(reference.export, "x")
    assert [fitted(text, client) for text, _, _ in ADVICE] == [text for text, _, _ in ADVICE]


def test_a_worker_is_spoken_to_in_words_of_the_protocol(worker: ExporterClient) -> None:
    """The author of a worker has messages, and no attributes of a Python function."""
    for text, words, _ in ADVICE:
        assert words in fitted(text, worker)
        assert "request." not in fitted(text, worker)


def test_a_folder_is_spoken_to_in_words_of_its_files(folder: ExporterClient) -> None:
    """The author of a folder of answers has files."""
    for text, _, words in ADVICE:
        assert words in fitted(text, folder)
        assert "request." not in fitted(text, folder)
