"""Every command that prints results prints them as JSON, with the same exit status."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from few_cases import few_cases
from google.protobuf import text_format

from conformance_cases import load_corpus
from pytest_metagraph.cli import COMMANDS, main, record
from reference_impl.contracts import TENSORFLOW_VERSION
from reference_impl.schema import MetaGraphDef

CASE = "matrix/towers/export_scope=tower_1"
WRONG, EMPTY = "miniatures_of_json:wrong", "miniatures_of_json:empty"
EXPORTER = '''
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef

def empty(request):
    """Exports nothing."""
    return MetaGraphDef()

def wrong(request):
    """Exports without clearing devices."""
    arguments = {**request.arguments, "clear_devices": False}
    return export_meta_graph(graph=Graph.from_meta_graph_def(request.graph), **arguments)
'''

WITHOUT_RESULTS = {"request", "run"}
"""The commands whose output is a message, or that of pytest."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a file and a wrong exporter."""
    monkeypatch.chdir(tmp_path)
    Path("model.meta").write_bytes(load_corpus().graphs["towers"].data)
    Path("miniatures_of_json.py").write_text(EXPORTER, encoding="utf-8")
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    """Run a command with --json, and return what it prints."""
    capsys.readouterr()
    assert main([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - WITHOUT_RESULTS - {"report"}))
def test_every_command_has_the_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The help of each command that prints results explains --json."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize("action", ["validate", "merge", "diff"])
def test_the_actions_on_reports_have_the_option(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    """So does that of each action on reports; `render` has formats in its place."""
    with pytest.raises(SystemExit):
        main(["report", action, "--help"])
    assert "--json" in capsys.readouterr().out


def test_cases_are_listed_and_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The ids are a list; a written folder is an object."""
    assert printed(capsys, "cases", "--list", "SCOPE-05/*") == ["SCOPE-05/nested-scope"]
    written = printed(capsys, "cases", "--out", str(folder / "cases"), "--tier", "smoke")
    assert written["cases"] > 100
    assert written["tier"] == "smoke"


def test_a_rule_and_a_case_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """A rule has its cases, a case its rules, its call and what is expected."""
    rule = printed(capsys, "explain", "scope-11")
    assert rule["rule"] == "SCOPE-11"
    assert rule["cases"] == ["SCOPE-11/graph-def-and-scope", "SCOPE-11/versions-and-library"]
    case = printed(capsys, "explain", CASE)
    assert "SCOPE-03" in case["rules"]
    assert case["input"]["nodes"] == 32
    assert case["expected"]["message"]["nodes"] == 8
    assert case["call"]
    raising = printed(capsys, "explain", "SCOPE-11/graph-def-and-scope")
    assert raising["expected"] == {"raises": "ValueError"}


@pytest.mark.usefixtures("folder")
def test_a_first_adapter_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """`new-adapter` prints the folder, its files and the commands to run next."""
    written = printed(capsys, "new-adapter", "worker", "mine")
    assert written["folder"] == "mine"
    assert {str(path) for path in Path("mine").rglob("*") if path.is_file()} == set(written["files"])
    assert written["next"] == ['metagraph smoke --command="python my_worker.py"']


class _Recording:
    """A recording that differs from the stored one in some lines."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self.name = name
        self.written: list[Path] = []
        self._lines = lines

    def write(self, folder: Path) -> None:
        """Remember the folder."""
        self.written.append(folder)

    def differences(self, folder: Path) -> list[str]:
        """Return the lines."""
        return [f"{folder}: {line}" for line in self._lines]


@pytest.mark.parametrize("check", [True, False])
def test_recordings_are_listed_with_their_differences(
    check: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`record` prints the outcome and the differences of each recording; a check writes nothing."""
    same, other = _Recording("towers", []), _Recording("SCOPE-05/nested", ["a changed", "b changed"])
    recorded = [(same, Path("s")), (other, Path("o"))]
    oracle = ModuleType("oracle")
    oracle.versions = lambda: {"tensorflow": TENSORFLOW_VERSION}  # type: ignore[attr-defined] # a stand-in
    monkeypatch.setitem(sys.modules, "conformance_cases.recorder.tensorflow_calls", oracle)
    monkeypatch.setattr("conformance_cases.recorder.tensorflow_calls", oracle, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: True)
    monkeypatch.setattr(record, "_graphs", lambda _: iter(recorded[:1]))
    monkeypatch.setattr(record, "_cases", lambda _: iter(recorded[1:]))
    words = ["record", *["--check"] * check]
    assert printed(capsys, *words, status=int(check)) == {
        "recordings": [
            {"name": "towers", "outcome": "as recorded", "differences": []},
            {
                "name": "SCOPE-05/nested",
                "outcome": "differs" if check else "recorded",
                "differences": ["o: a changed", "o: b changed"],
            },
        ]
    }
    assert [one.written for one in (same, other)] == ([[], []] if check else [[Path("s")], [Path("o")]])


def test_an_export_prints_what_it_wrote(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, size and notes go to stdout, and nothing to stderr."""
    words = ["model.meta", "out.meta", "--export-scope", "tower1"]
    written = printed(capsys, "export", *words)
    assert written == {
        "file": "out.meta",
        "nodes": 0,
        "bytes": (folder / "out.meta").stat().st_size,
        "notes": ["no node is inside the scope 'tower1'; did you mean 'tower_1'?"],
    }


@pytest.mark.usefixtures("folder")
def test_an_adapter_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """`smoke` has the questions, the results and the causes."""
    with few_cases():
        data = printed(capsys, "smoke", "--exporter", WRONG)
    assert data["connected"] is True
    assert {"question", "problem"} <= data["questions"][0].keys()
    failed = {result["case"] for result in data["results"] if result["verdict"] == "fail"}
    assert failed == {case for cause in data["causes"] for case in cause["cases"]} != set()
    assert data["next"] == f"metagraph run --exporter {WRONG}"


@pytest.mark.usefixtures("folder")
def test_a_case_is_shrunk_and_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    """`shrink` names the folder that `replay` takes; both have the exit status of a difference."""
    words = ["--exporter", WRONG, "--seconds", "1", "--out", "small"]
    small = printed(capsys, "shrink", "matrix/towers/clear_devices", *words, status=1)
    assert small["differs"] is True
    assert small["folder"] == "small"
    result = printed(capsys, "replay", "small", "--exporter", WRONG, status=1)
    assert result["verdict"] == "fail"
    assert result["findings"][0]["code"]
    right = printed(capsys, "replay", "small", "--exporter", "reference")
    assert right["verdict"] == "pass"
    same = printed(capsys, "shrink", CASE, "--exporter", "reference", "--out", "none")
    assert same == {"case": CASE, "differs": False}


@pytest.mark.usefixtures("folder")
def test_findings_of_a_campaign_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """`fuzz` prints one object at its end, with the folder of each finding."""
    data = printed(capsys, "fuzz", "--exporter", EMPTY, "--seconds", "1", "--out", "found", status=1)
    assert data["seed"] == 0
    assert all(Path(finding["folder"]).is_dir() for finding in data["findings"])
    assert data["findings"]


def test_names_cannot_act_on_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A control character in a name is escaped, and the output is valid JSON."""
    message = text_format.Parse('graph_def { node { name: "a\\033[31m" op: "B\\007" } }', MetaGraphDef())
    (folder / "acting.meta").write_bytes(message.SerializeToString())
    capsys.readouterr()
    assert main(["show", "acting.meta", "--json", "--sizes"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert json.loads(out)["ops"] == {"B\x07": 1}
