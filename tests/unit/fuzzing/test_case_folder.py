"""The folder of a case that a user has written or changed is read as a whole, or refused with the place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance_cases.corpus import REQUIREMENT_CASES_FOLDER
from conformance_cases.requirement_case import INDEX
from pytest_metagraph.fuzzing.case_folder import CaseFolderError, read_case

STORED = REQUIREMENT_CASES_FOLDER / "SCOPE-05" / "nested-scope"


def changed(folder: Path, before: str, after: str) -> Path:
    """Return a copy of a stored case with another text in its `case.toml`."""
    copy = folder / "SCOPE-05" / "nested-scope"
    shutil.copytree(STORED, copy)
    index = copy / INDEX
    text = index.read_text(encoding="utf-8")
    assert before in text
    index.write_text(text.replace(before, after, 1), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("sentence =", "sentense =", "unknown field `sentense`"),
        ("sentence =", "x = 1\n#", "unknown field `x`"),
        ("sentence =", "#", "missing required field `sentence`"),
        ("sentence =", "sentence = 1\n#", "Expected `str`, got `int` - at `$.sentence`"),
        ("sentence =", "preceding = [1]\nsentence =", "Expected `object`, got `int` - at `$.preceding[0]`"),
        ("sentence =", "variants = 'some'\nsentence =", "$.variants"),
        ("sentence =", "variants = ['nowhere']\nsentence =", "KeyError: 'nowhere'"),
        ("sentence =", "details = ['odd']\nsentence =", "'odd' is not a valid Detail"),
        ("sentence =", "filename = ['a']\nsentence =", "at `$.filename`"),
        ("sentence =", "eager = 'no'\nsentence =", "at `$.eager`"),
        ("sentence =", "messages = 1\nsentence =", "messages"),
        (
            "[provenance]",
            "[documented]\nerror = 'ValueError'\n[provenance]\ncontract = 'x'",
            "'x' is not a valid",
        ),
        ("[provenance]", "[provenance]\ncontract = 1", "at `$.provenance[...]`"),
    ],
)
def test_an_index_that_cannot_be_used_is_refused(
    tmp_path: Path, before: str, after: str, reason: str
) -> None:
    """A key that is missing, unknown or of another type is named."""
    with pytest.raises(CaseFolderError) as refused:
        read_case(changed(tmp_path, before, after))
    assert reason in str(refused.value)


@pytest.mark.parametrize("name", ["graph.pbtxt", "expected.pbtxt"])
def test_a_missing_message_is_refused(tmp_path: Path, name: str) -> None:
    """The file is named, whichever contract the case is read for."""
    copy = changed(tmp_path, "sentence", "sentence")
    (copy / name).unlink()
    with pytest.raises(CaseFolderError, match=f"No such file or directory: .*{name}"):
        read_case(copy)


def test_every_case_of_the_corpus_can_be_replayed() -> None:
    """The form of `case.toml` is that of the requirement cases."""
    folders = [index.parent for index in REQUIREMENT_CASES_FOLDER.rglob(INDEX)]
    assert folders
    for folder in folders:
        case, _ = read_case(folder)
        assert case.graph.description
