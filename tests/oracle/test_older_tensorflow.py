"""The scripts that compare an older TensorFlow with the corpus, run with the installed one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from conformance_cases import Tier, load_corpus
from pytest_metagraph.exporters.case_files import write_cases
from pytest_metagraph.exporters.exports_folder import ExportsFolder
from pytest_metagraph.judging.files import ScratchFolder
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Verdict
from reference_impl import Contract

pytestmark = pytest.mark.oracle

SCRIPTS = Path(__file__).parents[2] / "docs" / "how-to" / "older-tensorflow"
CASES = (
    "CALL-01/all-arguments-by-name",
    "DBG-01/two-extensions",
    "EAG-01/graph-only",
    "EAG-02/reference-variables",
    "UNB-08/filtered-then-plain",
    "matrix/towers/export_scope=tower_1,strip_default_attrs",
)
"""Cases with messages for arguments, files, an error, eager execution and an earlier call."""


def test_its_answers_are_those_of_the_installed_tensorflow(tmp_path: Path) -> None:
    """TensorFlow passes the cases by way of the script, in every variant of the call."""
    pytest.importorskip("tensorflow")
    corpus = load_corpus()
    write_cases(corpus, tmp_path / "cases", Tier.DEFAULT, Contract.TENSORFLOW)
    _run("export_cases.py", str(tmp_path / "cases"), str(tmp_path / "answers"), *CASES)
    answers = ExportsFolder.open(tmp_path / "answers")
    with contextlib.closing(ScratchFolder(Contract.TENSORFLOW)) as folder:
        judge = Judge(answers, Contract.TENSORFLOW, folder)
        verdicts = {case_id: judge.judge(corpus.case(case_id)).verdict for case_id in CASES}
    assert verdicts == dict.fromkeys(CASES, Verdict.PASS)


def test_the_table_counts_what_differs(tmp_path: Path) -> None:
    """Failed cases are counted by requirement and by what differs; others only as run."""
    group = {"section": "graph_def.node", "kind": "device", "count": 3}
    findings = [{"summary": "It differs", "groups": [group]}]
    lines = [
        {"type": "header"},
        {"type": "case", "case": "DEV-01/devices", "verdict": "fail", "findings": findings},
        {"type": "case", "case": "DEV-01/given-graph-def", "verdict": "pass", "findings": []},
        {"type": "case", "case": "SAV-06/under-a-scope", "verdict": "untestable", "findings": []},
        {"type": "footer"},
    ]
    report = tmp_path / "report.jsonl"
    report.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert _run("drift_table.py", str(report)) == (
        "| cases | differ | in |\n| --- | --- | --- |\n| DEV-01 | 1 of 2 | `graph_def.node: device` |\n\n"
        "| what differs | cases | such as |\n| --- | --- | --- |\n"
        "| `graph_def.node: device` | 1 | `DEV-01/devices` |\n\n"
    )


def _run(script: str, *arguments: str) -> str:
    command = [sys.executable, str(SCRIPTS / script), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
