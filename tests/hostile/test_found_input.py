"""Inputs that once crashed a parser."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest
from entrances import ENTRANCES, enter

from conformance_cases.archive import compress
from pytest_metagraph.cli import main
from pytest_metagraph.exporters import worker_messages

_MANY_DIGITS = b"9" * 5000
_MANY_BRACKETS = b"[" * 5000


def _request(**export: object) -> bytes:
    """Return a serialised request to a worker."""
    data: bytes = worker_messages.Request(export=export).SerializeToString()
    return data


def _argument(**value: object) -> bytes:
    return _request(contract="documented", arguments={"a": worker_messages.Value(**value)})


_LIST_AS_KEY = {"entries": [{"key": {"list": {}}, "value": {"text": "x"}}]}
_DAMAGED = {"type": "tensorflow.SaverDef", "data": b"\xff"}

CRASHED = {
    "many digits in toml": ("known failures", b"a = " + _MANY_DIGITS),
    "many brackets in toml": ("known failures", b"a = " + _MANY_BRACKETS),
    "many digits in a report": ("a report", b'{"type": ' + _MANY_DIGITS + b"}\n"),
    "many brackets in a report": ("a report", _MANY_BRACKETS + b"\n"),
    "half a character in a report": ("a report", b'{"type": "header", "contract": "\\ud800"}\n'),
    "many brackets in exporter.json": ("an exports folder's exporter.json", _MANY_BRACKETS),
    "a graph that is none in a request": ("a request to a worker", _request(graph=b"\xff")),
    "a list as the key of a dict": ("a request to a worker", _argument(dict=_LIST_AS_KEY)),
    "a damaged message among the arguments": ("a request to a worker", _argument(message=_DAMAGED)),
    "an archive that is cut off": ("an archive of expectations", compress(b"x" * 100)[:-20]),
    "an archive that unpacks to far too much": (
        "an archive of expectations",
        lzma.compress(bytes(65 * 2**20), preset=0),
    ),
    "an archive without an index": ("the tar in an archive", bytes(10240)),
    "a damaged context in a case": (
        "a case's graph",
        b'collection_def { key: "cond_context" value { bytes_list { value: "\\377" } } }',
    ),
    "a case whose file lies elsewhere": ("a case's toml", b'sentence = "s"\nfilename = "../outside"\n'),
    "a case whose file lies elsewhere, on windows": (
        "a case's toml",
        b"sentence = \"s\"\nfilename = 'C:\\outside'\n",
    ),
    "a case whose earlier file lies elsewhere": (
        "a case's toml",
        b'sentence = "s"\n[[preceding]]\nfilename = "/outside"\n',
    ),
}


@pytest.mark.parametrize("name", CRASHED)
def test_what_once_crashed_is_refused(name: str, tmp_path: Path) -> None:
    """Each of these inputs is refused with an error of the kit."""
    entrance, data = CRASHED[name]
    assert not enter(ENTRANCES[entrance], data, tmp_path)


def test_brackets_in_an_answer_are_no_answer(tmp_path: Path) -> None:
    """An error file that cannot be read is a wrong answer, not an error of the kit."""
    assert enter(ENTRANCES["an answer in an exports folder"], _MANY_BRACKETS, tmp_path)


def test_a_word_with_a_nul_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that no file can have is a usage error of `main`."""
    with pytest.raises(SystemExit) as ended:
        main(["report", "validate", "r.js\0onl"])
    assert ended.value.code == 2
    assert "an argument contains a NUL character" in capsys.readouterr().err
