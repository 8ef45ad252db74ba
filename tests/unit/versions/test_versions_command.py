"""`metagraph versions`, with exporters that stand for TensorFlow."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from few_cases import few_cases
from reference_worker import CALLS_THE_REFERENCE
from test_environments import mark_as_complete, program

from conformance_cases import Tier
from pytest_metagraph.cli import main
from pytest_metagraph.exporters.connect import open_client
from pytest_metagraph.exporters.starters import PLAIN_WORKER, AdapterKind, starter_files
from pytest_metagraph.reports.jsonl import read_report
from pytest_metagraph.settings import Settings
from pytest_metagraph.versions.judging import judge, report_of

PROJECT = Path(__file__).resolve().parents[3]

ENDING_CASE = "CALL-02/returned-and-written"
"""The case that ends the process of the exporter which stands for TensorFlow 1.15."""

WORKER = (
    CALLS_THE_REFERENCE
    + """
import os
from reference_impl.schema import OpList, registered_ops

if VERSION == "2.0.4":
    registered_ops()["NoOp"].is_stateful = True
OPS = OpList(op=registered_ops().values())


class Old(Exporter):
    name, version, environment = "tensorflow", VERSION, {"python": "3.7.0", "numpy": "1.18.5"}
    op_list = OPS.SerializeToString()

    def load(self, graph):
        loaded = Graph.from_meta_graph_def(graph)
        if "while" in str(loaded.get_all_collection_keys()):
            raise NotLoadable("no loops")
        return loaded

    def export(self, loaded, call):
        if call.case_id == ENDING_CASE and VERSION == "1.15.5":
            os._exit(3)
        if call.default_graph:
            with loaded.as_default():
                for arguments in call.preceding:
                    exported(arguments)
                return exported(call.arguments)
        for arguments in call.preceding:
            exported(arguments, graph=loaded)
        return exported(call.arguments, graph=loaded)


main(Old())
"""
)


@pytest.fixture(scope="module", autouse=True)
def cases() -> Iterator[int]:
    """Let the smoke tier have few cases, and return their number.

    Three are needed here: one is judged differently by the contracts, one has a loop.
    """
    with few_cases(ENDING_CASE, "SCOPE-01/siblings-by-prefix", "matrix/while_gradients/plain") as number:
        yield number


def release(folder: Path, version: str) -> None:
    """Put an environment into a folder whose Python answers as a TensorFlow would, with the reference."""
    environment = folder / version
    worker = environment / "worker.py"
    interpreter = f"PYTHONPATH={PROJECT} exec {shlex.quote(sys.executable)} {worker}"
    program(environment / "bin" / "python", f'shift 3; {interpreter} "$@"')  # without -W ignore PROGRAM
    worker.write_text(f"VERSION, ENDING_CASE = {version!r}, {ENDING_CASE!r}\n{WORKER}")
    (environment / PLAIN_WORKER).write_bytes(starter_files(AdapterKind.WORKER)[PLAIN_WORKER])
    mark_as_complete(environment, version)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a release was judged that ends in one case, and another whose Python is missing."""
    folder = tmp_path_factory.mktemp("versions")
    release(folder / "environments", "1.15.5")
    words = ("versions", "2.0.4", "1.15.5", "--tier", "smoke")
    options = ("--environments", folder / "environments", "--reports", folder / "reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder))
        patch.setenv("PYENV_ROOT", str(folder))
        status = main([*words, *map(str, options), "-o", str(folder / "page.json")])
    assert status == 1
    return folder


def test_the_page_has_every_version_in_order(measured: Path) -> None:
    """Releases are sorted by version; one that cannot be judged says why, and the other is whole."""
    judged, missing = json.loads((measured / "page.json").read_text())["columns"]
    assert (judged["label"], missing["label"]) == ("1.15.5", "2.0.4")
    assert "there is no Python 3.7" in missing["problem"]
    assert (missing["contracts"], judged["problem"]) == ({}, "")
    assert judged["environment"] == {"python": "3.7.0", "numpy": "1.18.5"}
    assert set(judged["contracts"]) == {"documented", "tensorflow"}


def test_a_call_that_ends_the_process_fails_its_case_alone(measured: Path) -> None:
    """The export goes on after a call that ended TensorFlow, and the case is a failure."""
    report = read_report(measured / "reports" / "1.15.5.tensorflow.jsonl")
    failed = [result.case for result in report.results if result.failed]
    assert report.is_valid
    assert failed == [ENDING_CASE]


def test_graphs_that_do_not_load_are_counted_apart(measured: Path) -> None:
    """A graph that the importer refuses is neither passed nor failed."""
    columns = json.loads((measured / "page.json").read_text())["columns"]
    found = columns[0]["contracts"]["tensorflow"]
    assert found["not_loadable"] > 0
    assert found["tested"] - found["passed"] == 1


def test_a_run_goes_on_where_another_one_stopped(measured: Path) -> None:
    """With --table, a version that was judged is not judged again, and one that failed is."""
    page = measured / "page.json"
    before = json.loads(page.read_text())
    environments = measured / "environments"
    (environments / "1.15.5" / "worker.py").rename(environments / "worker.py")  # it could not be judged
    release(environments, "2.0.4")
    try:
        words = ("versions", "2.0.4", "1.15.5", "--tier", "smoke", "--environments", str(environments))
        continued = measured / "continued.json"
        assert main([*words, "--table", str(page), "-o", str(continued)]) == 0
    finally:
        (environments / "worker.py").rename(environments / "1.15.5" / "worker.py")
    judged, added = json.loads(continued.read_text())["columns"]
    assert judged == before["columns"][0]
    assert (added["label"], added["problem"]) == ("2.0.4", "")
    found = added["contracts"]["tensorflow"]  # its NoOp is not that of TensorFlow 2.21
    assert found["passed"] == found["tested"]
    assert 0 < found["registry"] < found["passed"]
    assert judged["contracts"]["tensorflow"]["registry"] == 0


def test_a_table_of_other_cases_is_not_continued(measured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The columns of a page are comparable: another tier is refused before anything runs."""
    words = ("versions", "2.0.4", "--tier", "core", "--table", str(measured / "page.json"), "--json")
    assert main(list(words)) == 2
    assert "cannot be continued: it is of pytest-metagraph" in capsys.readouterr().err


DIFFERING = """
from pytest_metagraph.exporters import reference


def export(request):
    request.arguments.pop("clear_devices", None)
    return reference.export(request)
"""


def test_a_case_that_both_contracts_judge_alike_is_judged_once(
    cases: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reports are those of two whole runs, and few cases are exported for the second one."""
    (tmp_path / "differing.py").write_text(DIFFERING)
    monkeypatch.syspath_prepend(tmp_path)
    how = {"exporter": "differing:export"}
    steps: list[str] = []
    measured = judge("differing", how, Tier.SMOKE, steps.append)
    assert sum(", documented: judging" in step for step in steps) == cases
    assert 0 < sum(", tensorflow: judging" in step for step in steps) < cases / 2
    settings = Settings(exporter=how["exporter"], tier="smoke", contract="tensorflow")
    with open_client(**how, seconds=settings.timeout, in_process=False) as client:
        whole = report_of(client, settings, lambda _: None)
    found = measured.reports["tensorflow"]
    assert found.is_valid
    assert any(result.failed for result in found.results)
    assert [msgspec.structs.replace(one, duration=0.0) for one in found.results] == [
        msgspec.structs.replace(one, duration=0.0) for one in whole.results
    ]


def test_exporters_that_are_no_releases_are_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function is judged under both contracts, and the table is printed as JSON."""
    monkeypatch.chdir(tmp_path)
    assert main(["versions", "--exporter", "reference", "--tier", "smoke", "--json"]) == 0
    (column,) = json.loads(capsys.readouterr().out)["columns"]
    assert (column["label"], column["is_release"], column["problem"]) == ("reference", False, "")
    assert {name: found["blamed"] for name, found in column["contracts"].items()} == {
        "documented": {},
        "tensorflow": {},
    }


def test_an_exporter_is_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of an earlier table is taken over for a release, and not for an exporter, which may change."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    adapter, page = tmp_path / "changing.py", str(tmp_path / "page.json")
    adapter.write_text("from pytest_metagraph.exporters.reference import export\n")
    words = ["versions", "--exporter", "changing:export", "--tier", "smoke", "-o", page]
    assert main(words) == 0
    before = json.loads(Path(page).read_text())
    adapter.write_text("def export(request):\n    raise RuntimeError\n")
    assert main([*words, "--table", page]) == 0
    (column,) = json.loads(Path(page).read_text())["columns"]
    passed = [one["contracts"]["documented"]["passed"] for one in (before["columns"][0], column)]
    assert passed[1] < passed[0]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "no exporter was given"),
        (("2.21.0",), "give -o PAGE, --json, or both"),
        (("2.21.0", "-o", "page.pdf"), "is not the format of a page; use .html, .md, .json"),
        (("2.x", "--json"), "is not a release"),
    ],
)
def test_unusable_words_are_refused_before_anything_runs(
    words: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake is one line and status 2."""
    assert main(["versions", *words]) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("name", ["exporter.json", "new.json", "DEV-01/new.md", "../answers/new.html"])
def test_a_page_among_answers_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A page does not replace an answer, or the description of the exporter, that the command reads."""
    answers = tmp_path / "answers"
    answers.mkdir()
    (answers / "exporter.json").write_text('{"name": "x"}')
    assert main(["versions", "--exports", str(answers), "-o", str(answers / name), "--tier", "smoke"]) == 2
    assert f"is in {str(answers)!r}, which is read; give another -o PAGE" in capsys.readouterr().err
    assert (answers / "exporter.json").read_text() == '{"name": "x"}'


@pytest.mark.parametrize("suffix", [".md", ".html", ".json"])
def test_an_exporter_that_loads_nothing_has_no_score(
    tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone it is refused with the reason; beside another one its column has the reason."""
    source = "import pytest_metagraph as mg\ndef export(_): return mg.NotLoadable('no such op')\n"
    (tmp_path / "loads_nothing.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    page = tmp_path / f"page{suffix}"
    words = ["versions", "--exporter", "loads_nothing:export", "--tier", "smoke", "-o", str(page)]
    assert main(words) == 2
    assert "No exporter has a score. loads_nothing:export: No case was tested.\n" in capsys.readouterr().err
    assert main([*words, "--exporter", "reference"]) == 1
    assert "No case was tested." in page.read_text(encoding="utf-8")
