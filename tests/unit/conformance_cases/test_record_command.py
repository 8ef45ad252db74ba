"""`metagraph record`: what it chooses, what it says, and when it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from conformance_cases import load_corpus
from pytest_metagraph.cli import main

oracle = pytest.mark.oracle


def test_a_sample_takes_no_other_choice(capsys: pytest.CaptureFixture[str]) -> None:
    """`--sample` with a graph or a case would leave out one of the two in silence."""
    for choice in (["--graph", "towers"], ["--case", "SCOPE-05/nested-scope"]):
        assert main(["record", "--sample", *choice]) == 2
        assert "leave out --graph and --case" in capsys.readouterr().err


@oracle
@pytest.mark.parametrize(("kind", "nearest"), [("--graph", "towers"), ("--case", "SCOPE-05/nested-scope")])
def test_an_unknown_name_is_refused(kind: str, nearest: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt name is answered with the nearest ones."""
    pytest.importorskip("tensorflow")
    assert main(["record", "--check", kind, nearest[:-1]]) == 2
    assert nearest in capsys.readouterr().err


@oracle
def test_a_check_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    """A requested case is recorded again, and nothing else is."""
    pytest.importorskip("tensorflow")
    assert main(["record", "--check", "--case", "SCOPE-05/nested-scope"]) == 0
    assert capsys.readouterr().out == "SCOPE-05/nested-scope: as recorded\n"


@oracle
def test_a_sample_has_every_case_and_one_graph_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """All requirement cases are recorded again, and graphs from all over the corpus."""
    pytest.importorskip("tensorflow")
    graphs: list[str] = []
    cases: list[str] = []

    def record_all(names: Iterable[str], _jobs: int) -> Iterable[Any]:
        graphs.extend(names)
        return ()

    def record_case(folder: Path) -> _AsRecorded:
        cases.append(f"{folder.parent.name}/{folder.name}")
        return _AsRecorded()

    monkeypatch.setattr("conformance_cases.recorder.recording.record_all", record_all)
    monkeypatch.setattr("conformance_cases.recorder.requirement_recording.record_case", record_case)
    assert main(["record", "--check", "--sample"]) == 0
    corpus = load_corpus()
    assert cases == sorted(corpus.requirement_cases)
    assert graphs == sorted({**corpus.matrix_graphs, **corpus.real_graphs})[::10]


class _AsRecorded:
    """Stands for a recording that is equal to what is stored."""

    name = "recorded"

    def differences(self, _folder: Path) -> list[str]:
        """None."""
        return []
