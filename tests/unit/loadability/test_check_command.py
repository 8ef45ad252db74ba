"""`metagraph check` prints the versions of TensorFlow that load a file, and why others do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from load_samples import CASES, graph

from pytest_metagraph.cli import main

BROKEN = graph(CASES["LOAD-17"].broken)
SOUND = graph(CASES["LOAD-17"].sound)
LATER = graph(CASES["LOAD-42"].broken)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create a folder with graphs, and make it the current one."""
    monkeypatch.chdir(tmp_path)
    for name, message in (("broken", BROKEN), ("sound", SOUND), ("later", LATER)):
        (tmp_path / f"{name}.meta").write_bytes(message.SerializeToString())
    (tmp_path / "words.meta").write_bytes(b"not a graph\n")
    return tmp_path


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["sound.meta"], 0),
        (["broken.meta"], 0),
        (["broken.meta", "--for", "1.15"], 1),
        (["broken.meta", "--for", "all"], 1),
        (["later.meta", "--for", "1.15"], 0),
        (["sound.meta", "broken.meta", "--for", "1.15.5"], 1),
        (["sound.meta", "words.meta"], 2),
        (["broken.meta", "words.meta", "--for", "1.15"], 2),
        (["nowhere.meta"], 2),
        (["sound.meta", "--for", "3.0"], 2),
        (["sound.meta", "--for", "1.4"], 2),
        ([], 2),
        (["--explain-attr", "Equal.incompatible_shape_error"], 0),
        (["--explain-attr", "Equal.nothing"], 2),
    ],
)
def test_exit_status(words: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The status is 0 if every file loads, 1 if one does not, and 2 with a line on stderr otherwise."""
    assert main(["check", *words]) == status
    assert (capsys.readouterr().err != "") is (status == 2)


@pytest.mark.usefixtures("files")
def test_one_version(capsys: pytest.CaptureFixture[str]) -> None:
    """For one version the whole report is printed."""
    main(["check", "broken.meta", "--for", "1.15"])
    assert capsys.readouterr().out == (
        "broken.meta: does not load in TensorFlow 1.15; 1 problem: 1 refused\n"
        "  LOAD-17 refused: x (Square): Square has no attribute 'wrong'\n"
        "      fix: remove it, because no recorded version has it, or use a TensorFlow after 2.4\n"
        "  not examined: shapes that TensorFlow infers from node to node; only declared shapes are checked\n"
    )


@pytest.mark.usefixtures("files")
def test_several_versions(capsys: pytest.CaptureFixture[str]) -> None:
    """For several versions, the first line lists those that load the file; reasons for the others follow."""
    main(["check", "broken.meta", "sound.meta", "--for", "1.13-2.21"])
    assert capsys.readouterr().out == (
        "broken.meta: loads in 2.5 to 2.21; not in 1.13 to 2.4\n"
        "1.13 to 2.4, because\n"
        "  LOAD-17 refused: x (Square): Square has no attribute 'wrong'\n"
        "      fix: remove it, because no recorded version has it, or use a TensorFlow after 2.4\n"
        "sound.meta: loads in 1.13 to 2.21\n"
    )


@pytest.mark.usefixtures("files")
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json a list of reports is printed, one for each file and version."""
    main(["check", "broken.meta", "sound.meta", "--for", "1.15", "--for", "2.21", "--json"])
    reports = json.loads(capsys.readouterr().out)
    assert [(one["file"], one["tensorflow"], one["loads"]) for one in reports] == [
        ("broken.meta", "1.15", False),
        ("broken.meta", "2.21", True),
        ("sound.meta", "1.15", True),
        ("sound.meta", "2.21", True),
    ]
