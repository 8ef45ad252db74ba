"""What is made loadable of the corpus's graphs is imported by the real TensorFlows."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tensorflows import interpreter_of

from conformance_cases import load_corpus
from pytest_metagraph.loadability.make_loadable import NotConvertibleError, make_loadable

PROGRAM = Path(__file__).parent / "loadability" / "load_import_program.py"

REFUSED = {
    "1.13": 21,
    "1.14": 13,
    "1.15": 12,
    "2.0": 12,
    "2.1": 12,
    "2.3": 11,
    "2.4": 11,
    "2.6": 5,
    "2.11": 5,
}
"""How many of the 291 graphs need an op or a type that a version does not have."""

UNBOUND = {"UNB-06/collection-of-the-user", "UNB-08/clear-devices", "UNB-08/filtered-then-plain"} | {
    "UNB-08/scoped-then-plain"
}
"""The graphs with unbound inputs, which no version imports without an input_map."""


@pytest.mark.parametrize("version", REFUSED)
def test_every_result_is_imported(version: str, tmp_path: Path) -> None:
    """The graphs that are not refused are imported, apart from those that 2.21 does not import either."""
    python = interpreter_of(version)
    requests, refused = {}, []
    for number, (name, graph) in enumerate(sorted(load_corpus().graphs.items())):
        try:
            made, _ = make_loadable(graph.message(), tensorflow=version)
        except NotConvertibleError:
            refused.append(name)
            continue
        path = tmp_path / f"{number}.meta"
        path.write_bytes(made.SerializeToString())
        requests[str(path)] = name
    lines = (json.dumps({"path": path, "kind": "MetaGraphDef"}) for path in requests)
    (tmp_path / "requests").write_text("\n".join(lines), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, PROGRAM, tmp_path / "requests", tmp_path / "results"]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    results = [json.loads(line) for line in (tmp_path / "results").read_text(encoding="utf-8").splitlines()]
    failed = {requests[result["path"]]: result["text"] for result in results if not result["loads"]}
    assert len(results) == len(requests)
    assert failed.keys() == UNBOUND, failed
    assert all("Graph contains unbound inputs" in text for text in failed.values())
    assert len(refused) == REFUSED[version]
