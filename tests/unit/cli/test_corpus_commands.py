"""`metagraph cases --list`, `show --expected` and `request`: the corpus without a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance_cases import ExpectedMessage, load_corpus
from pytest_metagraph.cli import main
from pytest_metagraph.exporters import protocol
from pytest_metagraph.exporters.answers import Exported
from pytest_metagraph.exporters.protocol import LENGTH_BYTES, Control, announced_length, decode_request
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.loadability.op_registries import registry
from reference_impl.contracts import Contract
from reference_impl.schema import OpList

PROJECT = Path(__file__).resolve().parents[3]
CASE = "matrix/towers/export_scope=tower_1"
REFUSED = "SCOPE-11/graph-def-and-scope"


def requests_in(data: bytes) -> list[ExportRequest | Control]:
    """Return the requests in a sequence of frames."""
    found = []
    while data:
        end = LENGTH_BYTES + announced_length(data)
        found.append(decode_request(data[LENGTH_BYTES:end]))
        data = data[end:]
    return found


def test_the_ids_that_match_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One id stands on each line, and nothing else."""
    assert main(["cases", "--list", "SCOPE-05/*"]) == 0
    assert capsys.readouterr().out == "SCOPE-05/nested-scope\n"


def test_the_tier_limits_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a glob every case of the tier is listed, in the order of the corpus."""
    assert main(["cases", "--list", "--tier", "smoke"]) == 0
    ids = capsys.readouterr().out.splitlines()
    assert len(ids) == 178
    assert ids == sorted(ids)


def test_a_glob_that_matches_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The refusal names the tier that has such a case, in the words of this command."""
    assert main(["cases", "--list", "matrix/towers/clear_devices"]) == 2
    assert capsys.readouterr().err == (
        "metagraph cases: 'matrix/towers/clear_devices' matches no case of the tier default, but some of the "
        "tier full; add --tier full\n"
    )
    assert main(["cases", "--list", "no-such-case*"]) == 2
    assert "matches no case of the corpus" in capsys.readouterr().err


def test_the_expected_message_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the 32 nodes of the input, the export of one tower has 8."""
    assert main(["show", CASE]) == 0
    assert "nodes        32: " in capsys.readouterr().out
    assert main(["show", CASE, "--expected"]) == 0
    assert "nodes        8: " in capsys.readouterr().out


def test_an_expected_error_is_no_message(capsys: pytest.CaptureFixture[str]) -> None:
    """A case that expects an error is refused with the error's name; under the other contract it is shown."""
    assert main(["show", REFUSED, "--expected"]) == 2
    assert capsys.readouterr().err == (
        f"metagraph show: '{REFUSED}' expects ValueError to be raised, and no message; "
        f"`metagraph explain {REFUSED}` shows the case\n"
    )
    assert main(["show", REFUSED, "--expected", "--contract", "tensorflow"]) == 0


def test_a_request_is_what_a_worker_receives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has hello and the request of the case, whose files are in the current folder."""
    monkeypatch.chdir(tmp_path)
    assert main(["request", CASE, "--variant", "file,as_text", "-o", "r.bin"]) == 0
    hello, request = requests_in(Path("r.bin").read_bytes())
    assert hello is Control.HELLO
    assert isinstance(request, ExportRequest)
    assert request.case_id == CASE
    assert request.contract is Contract.DOCUMENTED
    assert request.graph == load_corpus().case(CASE).graph.message()
    assert request.arguments == {
        "export_scope": "tower_1",
        "filename": str(tmp_path / "model.meta"),
        "as_text": True,
        "save_debug_info": False,
    }


def test_hello_can_be_left_out(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Redirected stdout gets the bytes; with --no-hello the one request only."""
    assert main(["request", CASE, "--no-hello", "--contract", "tensorflow"]) == 0
    (request,) = requests_in(capsysbinary.readouterr().out)
    assert isinstance(request, ExportRequest)
    assert request.contract is Contract.TENSORFLOW
    assert request.arguments["filename"] is None


def test_a_worker_answers_the_bytes(tmp_path: Path) -> None:
    """A worker whose stdin is the file introduces itself and answers the case rightly."""
    assert main(["request", CASE, "-o", str(tmp_path / "r.bin")]) == 0
    code = "import pytest_metagraph as mg, pytest_metagraph.exporters.reference as me; mg.serve(me.export)"
    with (tmp_path / "r.bin").open("rb") as stream:
        ended = subprocess.run(
            [sys.executable, "-c", code], stdin=stream, capture_output=True, check=True, cwd=PROJECT
        )
    first = announced_length(ended.stdout)
    introduction = protocol.decode_introduction(ended.stdout[LENGTH_BYTES : LENGTH_BYTES + first])
    assert introduction.name == "reference"
    answer = protocol.decode_answer(ended.stdout[2 * LENGTH_BYTES + first :])
    expected = load_corpus().case(CASE).expectation(Contract.DOCUMENTED)
    assert isinstance(answer, Exported)
    assert isinstance(expected, ExpectedMessage)
    assert {node.name for node in answer.message.graph_def.node} == {
        node.name for node in expected.message().graph_def.node
    }


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["no/such/case"], "the corpus has no case 'no/such/case'"),
        (["SCOPE-05/nested-scope", "--variant", "file"], "no variant 'file'; its variants are returned"),
    ],
)
def test_what_does_not_exist_is_refused(
    words: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown case or variant is one line on stderr."""
    assert main(["request", *words]) == 2
    assert text in capsys.readouterr().err


def test_a_terminal_gets_no_bytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes that would disturb a terminal are refused."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["request", CASE]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "metagraph request: a terminal cannot show the bytes of a request; redirect stdout, or use -o FILE\n"
    )


def test_cases_are_written_for_given_ops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not an op list is refused before anything is written; the folder has a copy of it."""
    ops, folder = tmp_path / "ops.pb", tmp_path / "cases"
    words = ["cases", "--out", str(folder), "--tier", "smoke", "--ops", str(ops)]
    for content, problem in (
        (b"", "is empty"),
        (b"\xff", "are not a tensorflow.OpList"),
        (None, "No such file"),
    ):
        ops.unlink(missing_ok=True)
        if content is not None:
            ops.write_bytes(content)
        assert main(words) == 2
        assert problem in capsys.readouterr().err
        assert not folder.exists()
    ops.write_bytes(OpList(op=registry("1.15").ops.values()).SerializeToString())
    assert main(words) == 0
    assert (folder / "op_list.pb").read_bytes() == ops.read_bytes()
