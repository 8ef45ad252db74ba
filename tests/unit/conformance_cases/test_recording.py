"""The recorder against the stored corpus: what was recorded is what TensorFlow gives today."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from conformance_cases.corpus import GRAPH_FOLDERS, REQUIREMENT_CASES_FOLDER

MATRIX_FOLDER = GRAPH_FOLDERS["matrix"]
pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def recording() -> Any:
    """A new recording of a matrix graph."""
    pytest.importorskip("tensorflow")
    from conformance_cases.recorder.blueprint import blueprints  # noqa: PLC0415 - needs TensorFlow
    from conformance_cases.recorder.recording import record  # noqa: PLC0415 - needs TensorFlow

    return record(blueprints()["towers"], lambda _done, _total: None)


def test_a_graph_is_recorded_as_it_is_stored(recording: Any) -> None:
    """Recording again gives the same files."""
    assert recording.differences(MATRIX_FOLDER / "towers") == []


def test_a_check_names_what_differs(recording: Any, tmp_path: Path) -> None:
    """A changed file and a changed expectation are found."""
    stored = tmp_path / "towers"
    recording.write(stored)
    assert recording.differences(stored) == []
    (stored / "graph.pbtxt").write_text("", encoding="utf-8")
    shutil.copy(MATRIX_FOLDER / "control_edges" / "expected.tar.xz", stored)
    found = recording.differences(stored)
    assert "towers/graph.pbtxt differs" in found
    assert "matrix/towers/plain: the expectation of the contract documented differs" in found


def test_an_interrupted_recording_changes_nothing(
    recording: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C before all files are on the disk leaves those of a graph and of a case as they were."""
    for name in ("towers", CASES[0]):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "expected.pbtxt").write_text("old", encoding="utf-8")
    shutil.copy(REQUIREMENT_CASES_FOLDER / CASES[0] / "case.toml", tmp_path / CASES[0])
    case = _record_case()(REQUIREMENT_CASES_FOLDER / CASES[0])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    for what, name in ((recording, "towers"), (case, CASES[0])):
        with pytest.raises(KeyboardInterrupt):
            what.write(tmp_path / name)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_check_says_that_a_graph_is_not_recorded(recording: Any, tmp_path: Path) -> None:
    """A new blueprint is a difference too."""
    assert recording.differences(tmp_path / "towers") == ["towers: not recorded yet"]


CASES = ("SCOPE-05/nested-scope", "SCOPE-01/siblings-by-prefix", "UNB-07/scoped-then-plain", "EAG-01/nothing")


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_recorded_as_it_is_stored(name: str, tmp_path: Path) -> None:
    """Recording again changes nothing, and puts back what is missing or was changed."""
    record_case = _record_case()
    folder = tmp_path / name
    shutil.copytree(REQUIREMENT_CASES_FOLDER / name, folder)
    assert record_case(folder).differences(folder) == []
    for path in folder.glob("expected*.pbtxt"):
        path.write_text("graph_def { }\n", encoding="utf-8")
    (folder / "expected.other.pbtxt").touch()
    recording = record_case(folder)
    assert f"{name}/expected.other.pbtxt differs" in recording.differences(folder)
    recording.write(folder)
    (folder / "expected.other.pbtxt").unlink()
    for path in (REQUIREMENT_CASES_FOLDER / name).glob("*.pbtxt"):
        assert (folder / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        ('error = "ValueError"', "returns a message and does not raise ValueError"),
        ("[arguments]\nexport_scope = 5", "not ValueError"),
    ],
)
def test_a_case_that_promises_the_wrong_thing_is_refused(tmp_path: Path, stated: str, text: str) -> None:
    """An error that TensorFlow does not raise is not recorded."""
    folder = tmp_path / "SCOPE-05" / "wrong"
    folder.mkdir(parents=True)
    shutil.copy(REQUIREMENT_CASES_FOLDER / "SCOPE-05" / "nested-scope" / "graph.pbtxt", folder)
    error = "" if stated.startswith("error") else 'error = "ValueError"\n'
    (folder / "case.toml").write_text(f'sentence = "Wrong."\n{error}{stated}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=text):
        _record_case()(folder)


def _record_case() -> Any:
    pytest.importorskip("tensorflow")
    from conformance_cases.recorder.requirement_recording import record_case  # noqa: PLC0415 - needs TensorFlow

    return record_case
