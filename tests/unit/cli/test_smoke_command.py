"""`metagraph smoke` reports how an adapter is connected wrongly, and otherwise why cases fail."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from few_cases import few_cases

from pytest_metagraph.cli import main

ADAPTER = '''
import sys
import time
from pytest_metagraph import NotLoadable
from pytest_metagraph.exporters import reference


def right(request):
    return reference.export(request)


def forgets_devices(request):
    """Leave the devices although they have to be cleared, as if the argument were false."""
    request.arguments.pop("clear_devices", None)
    return reference.export(request)


def loads_for_some_calls(request):
    """Decline the plain call of a graph, and one that it would get wrong."""
    if request.case_id.startswith("matrix/towers/") and "export_scope" not in request.arguments:
        return NotLoadable("no")
    return reference.export(request)


def crashes(request):
    """End under a scope."""
    if "export_scope" in request.arguments:
        sys.exit("segmentation fault")
    return reference.export(request)


def slow(request):
    """Take more than a second for the first answer; none of them is right, so that the check ends."""
    if not hasattr(slow, "asked"):
        slow.asked = True
        time.sleep(1.5)
    raise NotImplementedError
'''


@pytest.fixture(autouse=True)
def _adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "smoke_adapter.py").write_text(ADAPTER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "smoke_adapter", raising=False)


def test_an_adapter_that_passes_is_sent_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing but the next command follows, without options that have their default."""
    assert main(["smoke", "--exporter", "smoke_adapter:right"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-2:] == [
        "connected correctly; the 178 cases of the smoke tier: 178 pass",
        "next: metagraph run --exporter smoke_adapter:right",
    ]


def test_failed_cases_are_listed_with_their_cause(capsys: pytest.CaptureFixture[str]) -> None:
    """One forgotten argument is one cause, with its rule, some of its cases, and the run that shows them."""
    words = ["--exporter", "smoke_adapter:forgets_devices", "--contract", "tensorflow", "--timeout", "7"]
    with few_cases("DEV-01/devices") as number:
        assert main(["smoke", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("why cases fail, the most frequent cause first:")
    assert lines[start - 1].startswith(f"connected correctly; the {number} cases of the smoke tier: ")
    assert " fail" in lines[start - 1]
    assert lines[start + 1].startswith("  1. ")
    assert "clear_devices" in lines[start + 1]
    assert "(DEV-01" in lines[start + 1]
    assert lines[start + 2] == "       DEV-01/devices"
    assert not any(line.startswith("  2. ") for line in lines)
    assert lines[-1] == (
        "next: metagraph run --exporter smoke_adapter:forgets_devices --contract tensorflow --timeout 7 "
        "--tier smoke"
    )


def test_a_crash_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    """An adapter that ends is not connected correctly; no message is compared and no case judged."""
    assert main(["smoke", "--exporter", "smoke_adapter:crashes"]) == 1
    output = capsys.readouterr().out
    assert "[wrong] Do the arguments make a difference?" in output
    assert "It crashed instead of answering:" in output
    assert "segmentation fault" in output
    assert "the same message" not in output
    assert "connected correctly;" not in output
    assert output.endswith("not connected correctly yet: 2 problems\n")


def test_a_graph_that_loads_for_some_calls_only_is_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    """Every question is answered and no case fails, but the answers contradict each other."""
    with few_cases("matrix/towers/plain", "matrix/towers/export_scope=tower_1,strip_default_attrs"):
        assert main(["smoke", "--exporter", "smoke_adapter:loads_for_some_calls"]) == 1
        output = capsys.readouterr().out
        assert main(["smoke", "--exporter", "smoke_adapter:loads_for_some_calls", "--json"]) == 1
        problem = json.loads(capsys.readouterr().out)["problem"]
    assert "why cases fail" not in output
    assert "answers in other cases that it cannot load the same graph: towers." in problem
    assert problem in output


def test_progress_is_shown_if_it_takes_long(capsys: pytest.CaptureFixture[str]) -> None:
    """After a second a line on stderr says what is being done."""
    assert main(["smoke", "--exporter", "smoke_adapter:slow"]) == 1
    assert capsys.readouterr().err.startswith("metagraph: checking the adapter ... 1 s\n")
