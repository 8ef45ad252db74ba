"""The commands fuzz, shrink and replay: their files, their output and their exit status."""

from __future__ import annotations

import itertools
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_metagraph._util import progress
from pytest_metagraph._version import __version__
from pytest_metagraph.cli import main
from pytest_metagraph.fuzzing import generate
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.generate import random_examples
from reference_impl import Contract

ADAPTER = """
from pytest_metagraph.exporters import reference

def wrong(request):
    request.arguments.pop("clear_devices", None)
    return reference.export(request)

def remembers(request):
    message = reference.export(request)
    if any(call.get("clear_devices") for call in request.preceding):
        for node in message.graph_def.node:
            node.device = ""
    return message
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_an_adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the module `wrong_adapter` into the working directory, and show no progress on a slow machine."""
    (tmp_path / "wrong_adapter.py").write_text(ADAPTER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "wrong_adapter", raising=False)
    monkeypatch.setattr(generate, "random_examples", _few_examples)
    monkeypatch.setattr(progress, "_FIRST_AFTER_SECONDS", threading.TIMEOUT_MAX)


def _few_examples(contract: Contract, seed: int) -> Iterator[Example]:
    """Yield the first examples of a seed only, so that no test depends on the speed of the machine."""
    yield from itertools.islice(random_examples(contract, seed), 60)


def _fuzz(*options: str) -> int:
    return main(["fuzz", "--seconds", "1e6", *options])


def test_a_finding_can_be_made_again(capsys: pytest.CaptureFixture[str]) -> None:
    """A finding is written with the command that repeats it; the reference passes the same case."""
    assert _fuzz("--exporter", "wrong_adapter:wrong", "--out", "found") == 1
    said = capsys.readouterr().out
    assert "[1] device-changed in graph_def.node device\n1 node, export_meta_graph(clear_devices=True" in said
    (line,) = [line for line in said.splitlines() if line.startswith("again: ")]
    words = shlex.split(line.removeprefix("again: metagraph "))
    assert {path.name for path in Path(words[1]).iterdir()} == {"case.toml", "graph.pbtxt", "expected.pbtxt"}
    assert main(words) == 1
    assert "clear_devices looks unapplied" in capsys.readouterr().out
    assert main([*words[:2], "--exporter", "reference"]) == 0
    assert capsys.readouterr().out.endswith(f"reference {__version__}, contract documented: pass\n")


def test_nothing_found_is_nothing_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A right exporter ends with 0, a count, and no file anywhere in the working directory."""
    before = sorted(path.name for path in tmp_path.iterdir())
    assert _fuzz("--exporter", "reference", "--contract", "tensorflow", "--seed", "9") == 0
    said = capsys.readouterr().out
    assert f"reference {__version__}, oracle reference, contract tensorflow, seed 9\n" in said
    assert "0 kinds of difference seen; nothing to report\n" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_case_of_the_corpus_is_made_small(capsys: pytest.CaptureFixture[str]) -> None:
    """Shrink reduces a failing matrix case to the one node and the one flag that matter."""
    case = "matrix/towers/collection_list=some,clear_devices,strip_default_attrs"
    assert main(["shrink", case, "--exporter", "wrong_adapter:wrong", "--out", "small"]) == 1
    said = capsys.readouterr().out
    assert "from 32 nodes to 1 node, export_meta_graph(clear_devices=True, graph=graph)\n" in said
    assert main(["replay", "small", "--exporter", "wrong_adapter:wrong"]) == 1


def test_a_found_case_can_be_shrunk_again() -> None:
    """Shrink also takes the folder of a case; the smallest case stays as it is."""
    assert main(["shrink", "matrix/towers/clear_devices", "--exporter", "wrong_adapter:wrong"]) == 1
    again = ["shrink", "metagraph-shrunk", "--exporter", "wrong_adapter:wrong", "--out", "smaller"]
    assert main(again) == 1
    files = [(Path(name) / "graph.pbtxt").read_bytes() for name in ("metagraph-shrunk", "smaller")]
    assert files[0] == files[1]


@pytest.mark.parametrize("name", ["nodes-are-left-as-they-were", "given-graph-def-is-left-as-it-was"])
def test_a_case_of_several_calls_is_made_small(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Shrink keeps and writes the earlier call that matters, and replay repeats it."""
    asked = ["--exporter", "wrong_adapter:remembers"]
    assert main(["shrink", f"CALL-11/{name}", *asked, "--out", "small"]) == 1
    said = capsys.readouterr().out
    earlier = "export_meta_graph(clear_devices=True, filename='call_1.meta', graph=graph)"
    assert f" to 1 node, {earlier}; export_meta_graph(graph=graph)\n" in said
    assert main(["replay", "small", *asked]) == 1
    assert main(["replay", "small", "--exporter", "reference"]) == 0
    assert main(["shrink", "small", *asked, "--out", "smaller"]) == 1
    assert Path("small", "graph.pbtxt").read_bytes() == Path("smaller", "graph.pbtxt").read_bytes()


def test_a_case_that_passes_is_not_shrunk(capsys: pytest.CaptureFixture[str]) -> None:
    """Shrink has nothing to do if the exporter is right."""
    assert main(["shrink", "matrix/towers/clear_devices", "--exporter", "reference"]) == 0
    assert capsys.readouterr().out == (
        "reference agrees with the oracle reference on matrix/towers/clear_devices; nothing to shrink\n"
    )
    assert not Path("metagraph-shrunk").exists()


def test_a_worker_can_be_fuzzed(capsys: pytest.CaptureFixture[str]) -> None:
    """A worker in a process of its own can be fuzzed, and the command that repeats the call names it."""
    source = "from pytest_metagraph import serve\nfrom wrong_adapter import wrong\nserve(wrong)\n"
    Path("worker.py").write_text(source, encoding="utf-8")
    command = shlex.join([sys.executable, "worker.py"])
    assert _fuzz("--command", command, "--out", "found") == 1
    said = capsys.readouterr().out
    assert "[1] device-changed in graph_def.node device\n" in said
    assert f"--command {shlex.quote(command)}\n" in said


def test_two_campaigns_share_no_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A campaign whose folder another one fills ends with one line, and changes nothing in it."""
    folder = Path("found", "1-device-changed-in-graph-def-node-device")

    def another_begins(contract: Contract, seed: int) -> Iterator[Example]:
        folder.mkdir(parents=True)
        yield from _few_examples(contract, seed)

    monkeypatch.setattr(generate, "random_examples", another_begins)
    assert _fuzz("--exporter", "wrong_adapter:wrong", "--out", "found") == 2
    assert f"cannot write '{folder}': File exists; name a new folder with --out\n" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


UNUSABLE = {
    "an unknown exporter": (["fuzz", "--exporter", "nonsense"], "'nonsense' is not the name of an exporter"),
    "an unknown case": (["shrink", "no/such/case", "--exporter", "reference"], "neither a folder nor a case"),
    "a folder without a case": (["replay", ".", "--exporter", "reference"], "is not a case: No such file"),
    "a missing folder": (["replay", "nowhere", "--exporter", "reference"], "is not a case"),
    "a folder that is in use": (
        ["fuzz", "--exporter", "reference", "--out", "."],
        "the folder '.' is not empty; name a new folder with --out",
    ),
    "a small case into a folder in use": (
        ["shrink", "matrix/towers/plain", "--exporter", "reference", "--out", "."],
        "the folder '.' is not empty; name a new folder with --out",
    ),
    "a missing worker": (["fuzz", "--command", "no-such-program"], "is not found"),
    "a folder below a file": (
        ["fuzz", "--exporter", "wrong_adapter:wrong", "--out", "wrong_adapter.py/x"],
        "cannot write 'wrong_adapter.py/x",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_input_is_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Unusable input ends with 2 and one line with the reason."""
    words, reason = UNUSABLE[name]
    assert main(words) == 2
    error = capsys.readouterr().err.removesuffix("\n")
    assert reason in error
    assert error.startswith(f"metagraph {words[0]}: ")
    assert "\n" not in error


def test_a_missing_hypothesis_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without hypothesis fuzz says how to install it, and shrink works."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert _fuzz("--exporter", "reference") == 2
    assert "pip install 'pytest-metagraph[fuzz]'" in capsys.readouterr().err
    assert main(["shrink", "matrix/towers/clear_devices", "--exporter", "wrong_adapter:wrong"]) == 1
