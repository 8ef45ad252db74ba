"""Op registries are recorded from interpreters: stand-ins here, real TensorFlows in the oracle tests."""

from __future__ import annotations

import base64
import json
import lzma
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_metagraph.cli import main
from pytest_metagraph.loadability import registry_recording
from pytest_metagraph.loadability.op_registries import known_versions, registry
from pytest_metagraph.loadability.registry_recording import (
    RecordingError,
    ask_interpreter,
    record,
    stored_form,
)
from reference_impl.schema import OpDef, OpList

FOLDER = Path(registry_recording.__file__).parent


def interpreter(folder: Path, release: str, **changes: Any) -> Path:
    """Return a stand-in for an interpreter whose TensorFlow has two ops."""
    described = OpDef(name="Second", summary="text", attr=[OpDef.AttrDef(name="T", description="text")])
    written = {
        "release": release,
        "git": "v0",
        "producer": 7,
        "min_consumer": 0,
        "min_producer": 1,
        "names": ["NodeDef.name", "NodeDef.device"],
        "lazy_ops": ["Second"],
        "op_list": base64.b64encode(OpList(op=[described, OpDef(name="First")]).SerializeToString()).decode(),
        **changes,
    }
    source = folder / f"{release}.json"
    source.write_text(json.dumps(written), encoding="utf-8")
    return script(folder / release, f'cp {shlex.quote(str(source))} "$3"')


def script(path: Path, command: str) -> Path:
    """Return an executable that runs a shell command."""
    path.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_an_interpreter_gives_its_registry(tmp_path: Path) -> None:
    """Ops are sorted and lose their documentation, and missing fields of known messages are found."""
    found = ask_interpreter(interpreter(tmp_path, "3.4.5"))
    assert (found.version, found.release, found.git) == ("3.4", "3.4.5", "v0")
    assert (found.producer, found.min_consumer, found.min_producer) == (7, 0, 1)
    assert list(found.ops) == ["First", "Second"]
    assert found.ops["Second"] == OpDef(name="Second", attr=[OpDef.AttrDef(name="T")])
    assert found.lazy_ops == {"Second"}
    assert found.missing_names == {
        "NodeDef.attr",
        "NodeDef.experimental_debug_info",
        "NodeDef.experimental_type",
        "NodeDef.input",
        "NodeDef.op",
    }


def test_an_interpreter_without_tensorflow_is_named(tmp_path: Path) -> None:
    """The message has the last line that the interpreter wrote, and what to do."""
    failing = script(tmp_path / "python", "echo first >&2; echo 'No module' >&2; exit 1")
    with pytest.raises(RecordingError) as raised:
        ask_interpreter(failing)
    assert str(raised.value) == (
        f"'{failing}' wrote no op registry: No module; name an interpreter that imports tensorflow"
    )
    with pytest.raises(RecordingError, match="wrote no op registry: exit status 0"):
        ask_interpreter(script(tmp_path / "silent", "true"))
    with pytest.raises(RecordingError, match=r"cannot be run: .*No such file"):
        ask_interpreter(tmp_path / "missing")


def test_the_program_fails_where_tensorflow_is_missing() -> None:
    """The program that runs in the interpreter imports TensorFlow and nothing of the kit."""
    try:
        ask_interpreter(Path(sys.executable))
    except RecordingError as error:
        assert "No module named 'tensorflow'" in str(error)  # noqa: PT017 - it may also be installed
    else:
        pytest.importorskip("tensorflow")


def test_other_versions_are_kept(tmp_path: Path) -> None:
    """A recording of one release adds it to those that are stored, and nothing else changes."""
    recorded = record([interpreter(tmp_path, "3.0.1")])
    before = json.loads((FOLDER / "op_registries.json").read_bytes())["releases"]
    after = json.loads(recorded.contents["op_registries.json"])["releases"]
    assert list(after) == [*before, "3.0"]
    assert {version: after[version] for version in before} == before
    assert after["3.0"]["ops"] == 2
    assert recorded.changed() == ["op_registries.json", "op_definitions.xz"]
    assert recorded.size == sum(map(len, recorded.contents.values()))


def test_two_releases_of_one_minor_version_are_refused(tmp_path: Path) -> None:
    """Two interpreters with the same minor version are refused."""
    pythons = [interpreter(tmp_path, "3.0.1"), interpreter(tmp_path, "3.0.2")]
    with pytest.raises(RecordingError, match=r"3\.0\.2 of .* is a second release of 3\.0"):
        record(pythons)


def test_the_same_registries_give_the_same_bytes() -> None:
    """The stored files equal those made from the stored registries, in any order."""
    again = stored_form(registry(version) for version in reversed(known_versions()))
    stored = {name: (FOLDER / name).read_bytes() for name in again}
    described = {
        name: json.loads(files["op_registries.json"])["releases"]
        for name, files in (("again", again), ("stored", stored))
    }
    assert described["again"] == described["stored"]
    # Another version of xz may compress otherwise.
    assert lzma.decompress(again["op_definitions.xz"]) == lzma.decompress(stored["op_definitions.xz"])


def test_the_command_checks_without_writing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--check`, files that would change are named and not written, and the exit status is 1."""
    before = {path: path.read_bytes() for path in FOLDER.glob("op_*")}
    assert main(["record", "--check", "--registries", str(interpreter(tmp_path, "3.0.1"))]) == 1
    written = capsys.readouterr().out
    assert written.startswith("op_registries.json: differs\nop_definitions.xz: differs\n")
    assert {path: path.read_bytes() for path in FOLDER.glob("op_*")} == before


def test_the_command_names_an_interpreter_that_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command exits with 2 and one line, and needs no TensorFlow itself."""
    assert main(["record", "--registries", str(tmp_path / "missing")]) == 2
    assert capsys.readouterr().err.startswith(f"metagraph record: '{tmp_path / 'missing'}' cannot be run")


def test_the_command_writes_what_it_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The two files are written, and recording the same interpreter again changes nothing."""
    monkeypatch.setattr(registry_recording, "_FOLDER", tmp_path)
    python = str(interpreter(tmp_path, "3.0.1"))
    assert main(["record", "--registries", python]) == 0
    assert "op_registries.json: recorded\n" in capsys.readouterr().out
    assert "3.0" in json.loads((tmp_path / "op_registries.json").read_bytes())["releases"]
    assert main(["record", "--check", "--registries", python]) == 0
