"""Whatever a command cannot use ends with one line on stderr and status 2."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest
from google.protobuf import text_format
from google.protobuf.message import DecodeError

from conformance_cases import load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.cli import main

ERRORS: dict[str, tuple[Exception, str]] = {
    "a refusal": (MetagraphError("there is no x", "use y"), "there is no x; use y"),
    "several lines": (MetagraphError("a\nb \x1b[0m"), r"a b \x1b[0m"),
    "recursion": (RecursionError("too deep"), "the input is nested too deeply to be processed; flatten it"),
    "memory": (MemoryError(), "there is not enough memory for this input; use a smaller one"),
    "a damaged message": (
        DecodeError("Error parsing message"),
        "the input is not a valid message: Error parsing message; it may be truncated or damaged",
    ),
    "a damaged text": (
        text_format.ParseError("1:2 : x"),
        "the input is not a valid message: 1:2 : x; it may be truncated or damaged",
    ),
    "a regular expression": (
        re.error("missing )", "(", 0),
        "the input contains an invalid regular expression: missing ) at position 0; correct it",
    ),
    "bytes that are not UTF-8": (
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        (
            "the input contains text that is not valid UTF-8: 'utf-8' codec can't decode byte 0xff in "
            "position 0: invalid start byte; correct it"
        ),
    ),
    "a file": (
        OSError(errno.EACCES, "Permission denied", "a\x1b.meta"),
        "cannot read or write 'a\\x1b.meta': Permission denied; check the path",
    ),
    "a full disk": (
        OSError(errno.ENOSPC, "No space left on device"),
        (
            "cannot write the output or a temporary file: No space left on device; free some space, or write "
            "elsewhere"
        ),
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_about_the_input_is_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each kind of error that an input can cause has a text, after the name of the command."""
    error, text = ERRORS[name]

    def fail(_arguments: object) -> int:
        raise error

    monkeypatch.setattr("pytest_metagraph.cli.show.run", fail)
    assert main(["show", "x"]) == 2
    assert capsys.readouterr() == ("", f"metagraph show: {text}\n")


def test_a_defect_of_the_kit_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that no input should cause is not disguised as a refusal."""

    def fail(_arguments: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("pytest_metagraph.cli.show.run", fail)
    with pytest.raises(ZeroDivisionError):
        main(["show", "x"])


def test_a_scope_that_is_no_regular_expression_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """TensorFlow takes a scope for a regular expression; one that is not is refused (SCOPE-08)."""
    monkeypatch.chdir(tmp_path)
    Path("in.meta").write_bytes(load_corpus().matrix_graphs["towers"].data)
    assert main(["export", "in.meta", "out.meta", "--contract", "tensorflow", "--export-scope", "("]) == 2
    line = capsys.readouterr().err
    assert line.startswith("metagraph export: the input contains an invalid regular expression: ")
    assert line.count("\n") == 1
    assert not Path("out.meta").exists()


def test_the_parser_shows_special_characters_by_number(capsys: pytest.CaptureFixture[str]) -> None:
    """A word that the parser quotes in its error cannot act on the terminal."""
    with pytest.raises(SystemExit) as stopped:
        main(["show", "x", "\x1b[31m"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.endswith("error: unrecognized arguments: \\x1b[31m\n")


@pytest.mark.parametrize(
    "words",
    [
        ["show", "a.meta", "--limit", ""],
        ["show", "a.meta", "--limit="],
        ["show", ""],
        ["request", "matrix/towers/plain", "--variant", ""],
        ["new-adapter", "python", ""],
        ["run", "--case", ""],
        ["diff", "a.meta", ""],
        ["export", "a.meta", "b.meta", "--saver-def", ""],
    ],
    ids=" ".join,
)
def test_an_empty_value_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """An unset variable of a shell does not lift a limit, run everything or write into the current folder."""
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 2
    assert "the value is empty; give one, or leave it out" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["export", "missing.meta", "b.meta", "--export-scope", ""],
        ["export", "missing.meta", "b.meta", "--unbound-inputs-col-name="],
        ["export", "missing.meta", "b.meta", "--collection", ""],
        ["show", "missing.meta", "--tags", ""],
    ],
    ids=" ".join,
)
def test_an_empty_value_that_means_something_is_accepted(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole graph, no collection, a key and no tag are values."""
    assert main(words) == 2
    assert "missing.meta" in capsys.readouterr().err


def test_a_value_that_no_option_takes_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """The error says what the value has to be, and does not name a function of the kit."""
    for words, reason in (
        (["fuzz", "--exporter=reference", "--seconds=nan"], "use a positive number of seconds"),
        (["shrink", "a/b", "--exporter=reference", "--seconds=x"], "use a positive number of seconds"),
        (["export", "a", "b", "--export-scope=\udcff"], "is not UTF-8, as all names in a graph are"),
        (["export", "a", "b", "--collection=\udcff"], "is not UTF-8, as all names in a graph are"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        assert reason in capsys.readouterr().err


@pytest.mark.parametrize("command", ["fuzz", "shrink matrix/towers/clear_devices"])
def test_the_former_name_of_the_oracle_warns(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--against still names the oracle, with a deprecation warning; --oracle names it without one."""
    name, *words = command.split()
    chosen: list[str] = []

    def run(arguments: object) -> int:
        chosen.append(arguments.oracle)  # type: ignore[attr-defined] # a namespace
        return 0

    monkeypatch.setattr(f"pytest_metagraph.cli.{name}.run", run)
    for option in ("--against", "--oracle"):
        assert main([name, *words, "--exporter", "reference", option, "tensorflow"]) == 0
    assert main([name, *words, "--exporter", "reference"]) == 0
    assert chosen == ["tensorflow", "tensorflow", "reference"]
    assert capsys.readouterr().err == (
        f"metagraph {name}: --against is deprecated and goes away in the next version; use --oracle\n"
    )


def test_another_implementation_of_protobuf_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The variable that chooses it gives one line and status 2, which is not the 1 of files that differ."""
    monkeypatch.setenv("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
    path = str(tmp_path / "model.meta")
    assert main(["diff", path, path]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "metagraph diff: PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION = 'python' is not supported"
    )
    assert "'env PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python python worker.py'" in line
