"""No text of a file, an exporter or a command line acts on a terminal or a CI system."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import msgspec
import pytest
from hostile_messages import HOSTILE, acting_parts, hostile_meta_graph, texts_of
from hypothesis import given, strategies
from report_samples import report

from pytest_metagraph import cli
from pytest_metagraph._util.text import printable_json
from pytest_metagraph.cli import main
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import (
    CaseResult,
    DifferenceGroup,
    ReportedExporter,
    ReportedFinding,
    ReportedHint,
)
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports import renderers
from pytest_metagraph.reports.jsonl import parse_report, read_report, write_report
from pytest_metagraph.reports.model import Report, ReportedRequirement
from reference_impl.schema import SavedModel

PIECES = ("::error::x", " ::warning::", "##[command]", "##vso[task]x", "section_start:1:x", "\\", HOSTILE)

NAME = HOSTILE.replace("/", "").replace("\r", "")

COMMANDS = {
    "show": ("show", "A"),
    "show --text": ("show", "A", "--text"),
    "show --json": ("show", "A", "--json"),
    "show --sizes": ("show", "A", "--sizes"),
    "show a SavedModel": ("show", "SAVED_A"),
    "diff": ("diff", "A", "B"),
    "diff --json": ("diff", "A", "B", "--json"),
    "diff --ignore-names": ("diff", "A", "B", "--ignore-names"),
    "diff of SavedModels": ("diff", "SAVED_A", "SAVED_B", "--preset", "saved-model"),
    "check": ("check", "A"),
    "check --for all": ("check", "A", "--for", "all"),
    "check --json": ("check", "A", "--json"),
    "check a SavedModel": ("check", "SAVED_A"),
    "export": ("export", "A", "OUT"),
    "export --for": ("export", "A", "OUT", "--for", "1.15"),
    "export of a scope": ("export", "A", "OUT", "--export-scope", HOSTILE),
    "export of a collection": ("export", "A", "OUT", "--collection", HOSTILE),
    "a file that is not there": ("show", NAME),
    "a rule that does not exist": ("explain", HOSTILE),
    "a command that does not exist": (HOSTILE,),
    "an option that does not exist": ("show", "A", f"--{HOSTILE}"),
    "an exporter that does not exist": ("smoke", "--exporter", f"{HOSTILE}:export"),
    "a file that is not a report": ("report", "validate", "A"),
    "cases that do not exist": ("cases", "--list", HOSTILE),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two hostile MetaGraphDefs, and the SavedModels with them, in files with hostile names."""
    folder = tmp_path_factory.mktemp("hostile")
    made = {"OUT": folder / "out.meta"}
    for number, letter in enumerate("AB"):
        message = hostile_meta_graph(number)
        made[letter] = folder / f"{letter}{NAME}.meta"
        made[letter].write_bytes(message.SerializeToString())
        made[f"SAVED_{letter}"] = folder / f"saved_{letter}"
        made[f"SAVED_{letter}"].mkdir()
        saved = SavedModel(saved_model_schema_version=1, meta_graphs=[message])
        (made[f"SAVED_{letter}"] / "saved_model.pb").write_bytes(saved.SerializeToString())
    return made


def test_the_message_is_hostile_in_every_part() -> None:
    """The input has what the tests look for: each kind of character, and lines that are commands."""
    acting = acting_parts(HOSTILE)
    assert {"\x1b", "\x9b", "\u202e", "\u2028"} <= set(acting)
    assert any(part.endswith("::e") for part in acting)
    assert {"##[", "##VSO[", "##TeamCity["} <= set(acting)
    assert hostile_meta_graph().SerializeToString().count(b"::error::") > 100


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_lets_a_text_act(
    name: str, files: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a file or the command line contains is shown escaped, on stdout and on stderr."""
    words = [str(files.get(word, word)) for word in COMMANDS[name]]
    try:
        status = main(words)
    except SystemExit as error:  # argparse
        status = int(error.code or 0)
    output = capsys.readouterr()
    assert status in {0, 1, 2}
    assert output.out or output.err or name == "export"
    assert acting_parts(output.out) == []
    assert acting_parts(output.err) == []


def test_json_keeps_the_texts_of_a_file(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """The escape of JSON gives the reader the very texts, although none of them acts in the output."""
    main(["diff", str(files["A"]), str(files["B"]), "--json"])
    assert any(HOSTILE in text for text in texts_of(json.loads(capsys.readouterr().out)))


def hostile_report() -> Report:
    """A report whose exporter, cases, findings and commands are hostile."""
    finding = ReportedFinding(
        code=FindingCode.MESSAGE_DIFFERS,
        summary=HOSTILE,
        detail=HOSTILE,
        hints=(ReportedHint(HOSTILE, HOSTILE),),
        groups=(DifferenceGroup(HOSTILE, HOSTILE, 1, HOSTILE, (HOSTILE,)),),
        variants=(HOSTILE,),
        blamed=(HOSTILE,),
    )
    passed = CaseResult(
        HOSTILE,
        HOSTILE,
        HOSTILE,
        {HOSTILE: HOSTILE},
        (HOSTILE,),
        (),
        Verdict.PASS,
        1,
        0,
        1,
        "",
        HOSTILE,
        (),
        0.1,
    )
    failed = msgspec.structs.replace(
        passed,
        case=f"failed {HOSTILE}",
        verdict=Verdict.FAIL,
        failed_checks=1,
        fingerprint=HOSTILE,
        findings=(finding,),
        blamed=(HOSTILE,),
    )
    unloaded = msgspec.structs.replace(
        passed, case=f"unloaded {HOSTILE}", verdict=Verdict.NOT_LOADABLE, messages=0
    )
    made = report(
        failed,
        passed,
        unloaded,
        list_problems=(HOSTILE,),
        kit_version=HOSTILE,
        corpus_digest=HOSTILE,
        requirements_revision=HOSTILE,
        requirements={HOSTILE: ReportedRequirement(HOSTILE, "observed", "required", HOSTILE)},
        exporter=ReportedExporter(HOSTILE, HOSTILE, (HOSTILE,)),
        environment={HOSTILE: HOSTILE},
        contract=HOSTILE,
        tier=HOSTILE,
        command=HOSTILE,
        started=HOSTILE,
    )
    assert made.footer is not None
    return dataclasses.replace(made, footer=msgspec.structs.replace(made.footer, finished=HOSTILE))


def _without_code(text: str) -> str:
    """Return Markdown without its code, in which markup means nothing."""
    return re.sub(r"(?s)(?<![\\`])(`+)(?!`).+?(?<!`)\1(?!`)", "", text)


SHOWN = sorted(renderers.FORMATS.keys() - {"jsonl"})
"""The formats for people; JSON Lines is data for programs."""


@pytest.mark.parametrize("output", SHOWN)
def test_no_report_lets_a_text_act(output: str) -> None:
    """Each format escapes what it shows; of annotations only their own commands begin a line."""
    text = renderers.render({"report": hostile_report()}, output)
    if output == "annotations":
        assert all(line.startswith(("::error title=", "::notice title=")) for line in text.splitlines())
    else:
        assert re.search(r"(?<!\\)<script>alert", _without_code(text)) is None
    meant = re.compile(r"^::(?:error|notice) title=", re.MULTILINE)  # of annotations
    assert acting_parts(meant.sub("", text)) == []


@pytest.mark.parametrize("output", sorted(renderers.FORMATS))
def test_no_report_on_stdout_lets_a_text_act(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report that `report render` prints acts in no format, and JSON Lines say the same as the file."""
    path = tmp_path / "report.jsonl"
    write_report(path, hostile_report())
    assert main(["report", "render", str(path), "--format", output]) == 0
    text = capsys.readouterr().out
    meant = re.compile(r"^::(?:error|notice) title=", re.MULTILINE)  # of annotations
    assert acting_parts(meant.sub("", text)) == []
    if output == "jsonl":
        assert parse_report(text, "stdout") == read_report(path)


@given(strategies.recursive(strategies.text() | strategies.sampled_from(PIECES), strategies.lists))
def test_no_json_lets_a_text_act(data: object) -> None:
    """Whatever a JSON text contains, its form for stdout has the same meaning and does not act."""
    for indent in (None, 2):
        shown = printable_json(json.dumps(data, indent=indent, ensure_ascii=False))
        assert acting_parts(shown) == []
        assert json.loads(shown) == data


def test_stdout_is_written_in_one_place() -> None:
    """No sub-command writes to stdout itself: the functions of `_output` are those that escape."""
    folder = Path(cli.__file__).parent
    writers = {
        path.name for path in folder.glob("*.py") if re.search(r"stdout\.write|\bprint\(", path.read_text())
    }
    assert writers == {"_output.py"}
