"""Runs of pytest on a folder of exports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from user_project import PLAIN, REFUSED, Project

from conformance_cases import ExpectedMessage, load_corpus
from reference_impl.contracts import Contract

GAPS = ["debug_info", "text_files"]


def exports_of(project: Project, files: dict[str, bytes]) -> Path:
    """Write a folder of exports, of an exporter that only writes binary files."""
    folder = project.pytester.path / "exports"
    stated = {"exporter.json": json.dumps({"name": "closed", "version": "2", "unsupported": GAPS}).encode()}
    for name, content in {**stated, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def expected(case_id: str) -> bytes:
    """Return the message that a case expects."""
    expectation = load_corpus().case(case_id).expectation(Contract.DOCUMENTED)
    assert isinstance(expectation, ExpectedMessage)
    return expectation.data


def complete() -> dict[str, bytes]:
    """Return the correct answers to two cases."""
    files = {
        f"{PLAIN}.pb": expected(PLAIN),
        f"{REFUSED}.error.json": b'{"classes": ["ValueError"], "text": "both were given"}',
    }
    for variant in ("file", "file,default_graph"):
        files[f"{PLAIN}.variants/{variant}/model.meta"] = expected(PLAIN)
    return files


def test_correct_answers_pass(project: Project) -> None:
    """A message with its files and an error in a folder of exports pass."""
    folder = exports_of(project, complete())
    result = project.given(f"--metagraph-exports={folder}").case(PLAIN, REFUSED).run()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["exporter closed*contract documented*"])


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        (f"{PLAIN}.pb", None, "There is no answer: *has neither matrix/towers/plain.pb nor its .error.json"),
        (f"{PLAIN}.pb", b"", "returned message differs"),
        (f"{PLAIN}.variants/file/model.meta", None, "did not write the file model.meta"),
        (f"{PLAIN}.variants/file/model.meta", b"", "model.meta*differs from the returned message"),
        (f"{PLAIN}.variants/file/model.meta.tmp", b"", "left a file that was not requested: model.meta.tmp"),
        (
            f"{REFUSED}.error.json",
            b'{"classes": ["KeyError"]}',
            "The exporter raised KeyError instead of ValueError",
        ),
    ],
)
def test_a_wrong_or_missing_answer_fails(
    project: Project, name: str, content: bytes | None, text: str
) -> None:
    """A case fails, with a text about the file, if one of its files is missing or different."""
    files = complete()
    if content is None:
        del files[name]
    else:
        files[name] = content
    folder = exports_of(project, files)
    strict = project.given(f"--metagraph-exports={folder}", "--metagraph-level=recommended")
    result = strict.case(PLAIN, REFUSED).run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([f"*{text}*"])


def test_a_folder_without_answers_stops_the_run(project: Project) -> None:
    """A mistyped folder is a usage error instead of one failure per case."""
    result = project.given("--metagraph-exports=no-such-folder").case(PLAIN).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'no-such-folder' has no answers*metagraph cases --out DIR*"])
