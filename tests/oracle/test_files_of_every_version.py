"""Files that TensorFlow 1.4 to 2.21 wrote are shown, compared, checked and exported, and lose nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tensorflows import interpreter_of

from pytest_metagraph import diff_meta_graphs
from pytest_metagraph.cli import main

PROGRAM = Path(__file__).parent / "saved_models" / "write_files.py"
FILES = (
    "model.meta", "model_text.meta", "no_saver.meta", "graph.pb", "graph.pbtxt", "saved", "saved_text",
)  # fmt: skip
# The protobuf that TensorFlow 2.18 is installed with writes text that neither it nor any other one reads.
VERSIONS = ("1.4", "1.8", "1.12", "1.13", "1.15", "2.0", "2.3", "2.6", "2.11", "2.15", "2.20", "2.21")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=VERSIONS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the files that a version wrote."""
    python = interpreter_of(request.param)
    folder = tmp_path_factory.mktemp(f"files-{request.param}")
    subprocess.run([python, PROGRAM, folder], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_every_command_reads_the_file(
    written: Path, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is equal to itself, loads in TensorFlow 2.21, and its export differs in nothing."""
    path = str(written / name)
    tags = ["--tags", "serve"] if "saved" in name else []
    assert main(["show", path, "--sizes"]) == 0
    assert main(["diff", path, path]) == 0
    assert main(["check", path, "--for", "2.21"]) == 0
    assert main(["export", path, str(tmp_path / "out.meta"), *tags]) == 0
    assert "not kept" not in capsys.readouterr().err
    assert main(["diff", str(tmp_path / "out.meta"), str(tmp_path / "out.meta")]) == 0
    if not name.startswith("graph"):
        diff = diff_meta_graphs(expected=path, actual=tmp_path / "out.meta", tags=["serve"] if tags else None)
        assert diff.equal, diff.render()
