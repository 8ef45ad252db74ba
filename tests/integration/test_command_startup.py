"""Start-up: what is imported before a command, or a session of pytest, needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from user_process import PROJECT

from pytest_metagraph._version import __version__
from pytest_metagraph.cli import COMMANDS

HEAVY = ("google.protobuf", "pytest", "conformance_cases", "reference_impl", "deepdiff", "jinja2", "difflib")
"""What the name of a command, its help and its version do not need."""

OPTIONAL = ("argcomplete", "hypothesis", "igraph", "tensorflow")
"""What only some commands need, and may be missing."""

UNUSED = (
    "google.protobuf",
    "msgspec",
    "jinja2",
    "deepdiff",
    "tomlkit",
    "conformance_cases",
    "reference_impl",
    "pytest_metagraph.plugin.results",
    "pytest_metagraph.snapshots",
)
"""What a session of pytest that does not use the kit must not pay for."""


def _python(*words: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _imported_by(words: list[str], names: tuple[str, ...]) -> str:
    """Run a command in a new process, and return which of these modules are loaded when it ends."""
    return _imported_by_each([words], names)


def _imported_by_each(commands: list[list[str]], names: tuple[str, ...]) -> str:
    """Run commands in one new process; a line for each says which of these modules are loaded by then."""
    code = f"""
import contextlib, io, sys
from pytest_metagraph.cli import main
for words in {commands!r}:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main(words)
    print(sorted(set({names!r}) & set(sys.modules)))
"""
    ended = _python("-c", code)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(word: str) -> None:
    """`metagraph --version` and `--help` load no protobuf, pytest, corpus or reference."""
    assert _imported_by([word], HEAVY + OPTIONAL) == "[]\n"


def test_the_help_of_a_command_imports_nothing_optional() -> None:
    """A command is explained without pytest and without the packages that may be missing."""
    loaded = _imported_by_each([[command, "--help"] for command in COMMANDS], ("pytest", *OPTIONAL))
    assert dict(zip(COMMANDS, loaded.splitlines(), strict=True)) == dict.fromkeys(COMMANDS, "[]")


def test_the_imports_are_seen() -> None:
    """The tests above can fail: a command that compares files does load protobuf."""
    assert "google.protobuf" in _imported_by(["diff", "--help"], HEAVY)


def test_show_imports_only_what_reads_a_file(tmp_path: Path) -> None:
    """`metagraph show FILE` starts without the corpus, the differ and the exporters."""
    path = tmp_path / "a.meta"
    path.write_bytes(b"\x12\x0b\x0a\x09\x0a\x01a\x12\x04NoOp")
    names = ("conformance_cases", "deepdiff", "pytest_metagraph.diff", "pytest_metagraph.exporters")
    assert _imported_by(["show", str(path), "--sizes"], names) == "[]\n"


def test_a_session_without_the_kit_imports_nothing_heavy(tmp_path: Path) -> None:
    """A session that has the plugin, but no use for it, imports only its options."""
    (tmp_path / "test_own.py").write_text("def test_own(): pass\n", encoding="utf-8")
    code = f"""
import sys, pytest
status = pytest.main(["-q", "-p", "pytest_metagraph", "-p", "no:cacheprovider", "test_own.py"])
print(status, sorted(set({UNUSED!r}) & set(sys.modules)), "pytest_metagraph.plugin" in sys.modules)
"""
    ended = _python("-c", code, folder=tmp_path, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert ended.stdout.splitlines()[-1] == "0 [] True", ended.stdout + ended.stderr


def test_the_package_runs_as_a_module() -> None:
    """`python -m pytest_metagraph` is the command `metagraph`."""
    ended = _python("-m", "pytest_metagraph", "--version")
    assert (ended.returncode, ended.stdout) == (0, f"pytest-metagraph {__version__}\n")
    refused = _python("-m", "pytest_metagraph", "show", "no-such-file")
    assert refused.returncode == 2
    assert refused.stderr.startswith("metagraph show: 'no-such-file' is neither a file nor a case")
