"""The corpus passes exporters that answer right in another encoding or order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import message as protobuf
from miniature import Miniature
from miniature_judging import CONTRACT, MiniatureJudge, requirement_cases
from re_encodings import RE_ENCODINGS

from conformance_cases import Case, load_corpus
from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.request import Exporter

MATRIX_SAMPLE = (
    "matrix/collection_kinds/plain",
    "matrix/cond_gradients/plain",
    "matrix/constant_types/plain",
    "matrix/function_library/plain",
    "matrix/saver_formats/plain",
)
"""Small graphs with every kind of collection, tensor, function, context and random name."""

re_encoding = pytest.mark.parametrize("miniature", RE_ENCODINGS, ids=lambda miniature: miniature.name)


def _cases() -> list[Case]:
    return [*requirement_cases(), *(load_corpus().case(case_id) for case_id in MATRIX_SAMPLE)]


def test_there_are_enough_of_them() -> None:
    """At least twenty other encodings and orders, each with its own name and a sentence."""
    assert len(RE_ENCODINGS) >= 20
    assert len({miniature.name for miniature in RE_ENCODINGS}) == len(RE_ENCODINGS)
    assert all(miniature.sentence.endswith(".") for miniature in RE_ENCODINGS)


@re_encoding
def test_another_encoding_passes(miniature: Miniature, judge: MiniatureJudge) -> None:
    """Every case passes, but for those of the one requirement that asks for the detail itself."""
    failed = [
        case.id
        for case in _cases()
        if judge.judge(miniature, case).verdict.fails_run and case.requirements[0] != miniature.requirement
    ]
    assert failed == []


@re_encoding
def test_another_encoding_is_another_one(miniature: Miniature, tmp_path: Path) -> None:
    """What passes is not the reference's own answer: an answer or a file differs in bytes or in kind."""
    exporters = (miniature, reference.export)
    answers = ([_answer(exporter, case, tmp_path) for exporter in exporters] for case in _cases())
    assert any(other != plain for other, plain in answers)


def _answer(exporter: Exporter, case: Case, folder: Path) -> list[Any]:
    """What an exporter returns and writes, binary and as text; an exception by its class."""
    answer: list[Any] = []
    for as_text in (False, True):
        path = folder / "model.meta"
        arguments = {**case.keyword_arguments(), "filename": str(path)}
        arguments |= {"as_text": as_text, "save_debug_info": True}
        request = ExportRequest(case.graph.message(), arguments, eager=case.eager, contract=CONTRACT)
        try:
            returned = exporter(request)
        except (RuntimeError, TypeError, ValueError) as error:
            answer.append(type(error))
            continue
        data = bytes(returned) if isinstance(returned, bytes | memoryview) else _bytes_of(returned)
        answer += [type(returned), data, path.read_bytes(), (folder / "model_debug.meta").read_bytes()]
    return answer


def _bytes_of(message: protobuf.Message) -> bytes:
    return message.SerializeToString(deterministic=True)
