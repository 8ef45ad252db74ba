"""Two saves of one model by a real TensorFlow are equal, and a change of the model is found."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tensorflows import interpreter_of

from pytest_metagraph import CompareOptions, diff_meta_graphs

PROGRAM = Path(__file__).parent / "saved_models" / "save_models.py"
SAME = [
    "dense", "convolution", "recurrent", "two_inputs", "trained", "module", "nested", "loop", "signatures",
    "polymorphic", "vocabulary",
]  # fmt: skip
CHANGED = {
    "dense_wider": "dense",
    "dense_other_activation": "dense",
    "module_other_shape": "module",
    "signatures_other_name": "signatures",
    "vocabulary_other_words": "vocabulary",
}
"""The models with one change, and what they are like without it."""

OPTIONS = CompareOptions.saved_model()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["2.6", "2.15", "2.21"])
def saves(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders of two processes, which save the same models in opposite orders."""
    python = interpreter_of(request.param)
    names = [*SAME, *CHANGED]
    folders = [tmp_path_factory.mktemp(f"saves-{request.param}") for _ in range(2)]
    for folder, order in zip(folders, (names, names[::-1]), strict=True):
        subprocess.run([python, PROGRAM, folder, *order], check=True, capture_output=True)
    return folders


@pytest.mark.parametrize("name", SAME)
def test_two_saves_are_equal(saves: list[Path], name: str) -> None:
    """The saves of one model are equal, made in one process or in two."""
    first, *others = [folder / name / number for folder in saves for number in "12"]
    for other in others:
        diff = diff_meta_graphs(expected=first, actual=other, options=OPTIONS)
        assert diff.equal, diff.render()


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_is_found(saves: list[Path], name: str) -> None:
    """A changed layer, variable shape, signature or asset is found, in one process and in two."""
    first = saves[0] / CHANGED[name] / "1"
    for folder in saves:
        assert not diff_meta_graphs(expected=first, actual=folder / name / "2", options=OPTIONS).equal
