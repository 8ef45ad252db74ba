"""`metagraph run` hands its words to pytest, and has the exit status of pytest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_metagraph.cli import main
from pytest_metagraph.settings import OPTIONS

EXPORTER = ["--exporter", "m:f"]


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that pytest gets; it ends with status 5."""
    handed_over: list[str] = []

    def run_corpus(words: Sequence[str]) -> tuple[int, int]:
        handed_over[:] = words
        return 5, 0

    monkeypatch.setattr("pytest_metagraph.plugin.run_corpus.run_corpus", run_corpus)
    return handed_over


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (EXPORTER, ["--metagraph-exporter=m:f"]),
        (["--command", "node worker.mjs"], ["--metagraph-command=node worker.mjs"]),
        (["--exports=answers"], ["--metagraph-exports=answers"]),
        (
            [*EXPORTER, "--case", "A-*", "--case=B-*", "--report", "r.html", "--tier=full", "--timeout", "9"],
            [
                "--metagraph-exporter=m:f",
                "--metagraph-timeout=9",
                "--metagraph-tier=full",
                "--metagraph-case=A-*",
                "--metagraph-case=B-*",
                "--metagraph-report=r.html",
            ],
        ),
        (
            [*EXPORTER, "--update-known-failures"],
            ["--metagraph-exporter=m:f", "--metagraph-update-known-failures"],
        ),
        ([*EXPORTER, "-x", "-n", "2", "--co"], ["--metagraph-exporter=m:f", "-x", "-n", "2", "--co"]),
        (["-n", "2", *EXPORTER, "-k", "towers"], ["--metagraph-exporter=m:f", "-n", "2", "-k", "towers"]),
        ([*EXPORTER, "--", "--tier", "-q"], ["--metagraph-exporter=m:f", "--tier", "-q"]),
    ],
)
def test_words_become_those_of_pytest(words: list[str], expected: list[str], handed_over: list[str]) -> None:
    """Options of a run get their prefix; what is unknown, and what follows --, stays as it is."""
    assert main(["run", *words]) == 5
    assert handed_over == expected


def test_every_option_of_a_run_is_there(handed_over: list[str]) -> None:
    """Each option of the plugin but the one about snapshots can be given without its prefix."""
    for option in OPTIONS:
        if option.name == "metagraph_snapshot_update":
            continue
        word = option.flag.replace("--metagraph-", "--")
        assert main(["run", word, *(["1"] if option.metavar else [])]) == 5
        assert handed_over == [f"{option.flag}=1" if option.metavar else option.flag]


def test_other_commands_refuse_unknown_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Only this command passes words on."""
    with pytest.raises(SystemExit) as stopped:
        main(["show", "x", "-n", "2"])
    assert stopped.value.code == 2
    assert "unrecognized arguments: -n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "judged", "status"),
    [([], 0, 5), (["-q"], 0, 5), ([], 1, 0), (["--co"], 0, 0), (["--", "--help"], 0, 0)],
)
def test_a_run_without_a_case_does_not_succeed(
    words: list[str],
    judged: int,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """If pytest succeeds and has run no case, the status is 5, unless the command line asks for that."""
    monkeypatch.setattr("pytest_metagraph.plugin.run_corpus.run_corpus", lambda _: (0, judged))
    assert main(["run", *EXPORTER, *words]) == status
    assert ("no case was run; look for an option" in capsys.readouterr().err) == (status == 5)


def test_options_that_cannot_be_read_are_refused(
    handed_over: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """PYTEST_ADDOPTS with an open quotation gives one line, before pytest starts."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "'-q")
    assert main(["run", *EXPORTER]) == 4
    assert capsys.readouterr().err == (
        "metagraph run: PYTEST_ADDOPTS cannot be read: No closing quotation; correct it\n"
    )
    assert handed_over == []
