"""An export that cannot be written leaves no file (FILE-02, FILE-04)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from small_graphs import graph

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import SaverDef


def contents(directory: Path) -> dict[str, bytes | None]:
    """Everything below a directory: the content of each file, None for a directory."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in directory.rglob("*")
    }


class DiskFullError(OSError):
    """The error of a full disk."""

    def __init__(self) -> None:
        super().__init__(errno.ENOSPC, "No space left on device")


def raising(*_: Any, **__: Any) -> Any:
    """Fails wherever it is put."""
    raise DiskFullError


class FullStream:
    """A stream that writes a little before the disk is full."""

    def __init__(self, descriptor: int, _: str) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def write(self, content: bytes) -> None:
        """Write the first byte only."""
        os.write(self._descriptor, content[:1])
        raise DiskFullError


STEPS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the message cannot be serialised": lambda patch: patch.setattr(
        "reference_impl.export.meta_graph_content", raising
    ),
    "a directory cannot be made": lambda patch: patch.setattr(Path, "mkdir", raising),
    "the file cannot be opened": lambda patch: patch.setattr("reference_impl.atomic_write.os.open", raising),
    "the file cannot be written": lambda patch: patch.setattr(
        "reference_impl.atomic_write.os.fdopen", FullStream
    ),
    "the file cannot be put in place": lambda patch: patch.setattr(Path, "replace", raising),
}


@pytest.mark.parametrize("save_debug_info", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_failure_leaves_nothing_new(
    step: str, save_debug_info: bool, tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE-02: at whichever step it fails: no file, no temporary file, no directory."""
    STEPS[step](monkeypatch)

    with pytest.raises(DiskFullError):
        export_meta_graph(
            tmp_path / "new" / "newer" / "m",
            graph=graph('node { name: "a" }'),
            save_debug_info=save_debug_info,
            contract=contract,
        )

    monkeypatch.undo()
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("save_debug_info", [False, True])
@pytest.mark.parametrize("step", [step for step in STEPS if "directory" not in step])
def test_a_failure_leaves_the_old_files_intact(
    step: str, save_debug_info: bool, tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE-02: what was there before is there after, byte by byte."""
    for name in ("m.meta", "m_debug.meta", "m.debug"):
        (tmp_path / name).write_bytes(b"old " + name.encode())
    before = contents(tmp_path)
    STEPS[step](monkeypatch)

    with pytest.raises(DiskFullError):
        export_meta_graph(
            tmp_path / "m.meta", graph=Graph(), save_debug_info=save_debug_info, contract=contract
        )

    monkeypatch.undo()
    assert contents(tmp_path) == before


def test_a_directory_that_can_not_be_made_takes_its_parents_with_it(
    tmp_path: Path, contract: Contract
) -> None:
    """FILE-02: the parents that could be made are removed again."""
    with pytest.raises(OSError, match="too long"):
        export_meta_graph(tmp_path / "new" / ("x" * 300) / "m", graph=Graph(), contract=contract)

    assert contents(tmp_path) == {}


def test_a_directory_that_others_use_by_now_stays(
    tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE-02: only what is empty is removed."""

    def fail_beside_another(*_: Any) -> Any:
        (tmp_path / "new" / "other").write_bytes(b"theirs")
        raise DiskFullError

    monkeypatch.setattr(Path, "replace", fail_beside_another)

    with pytest.raises(DiskFullError):
        export_meta_graph(tmp_path / "new" / "m", graph=Graph(), contract=contract)

    assert contents(tmp_path) == {"new": None, "new/other": b"theirs"}


def test_a_debug_file_that_can_not_be_written_keeps_the_main_one_back(tmp_path: Path) -> None:
    """FILE-02, DBG-01: as documented the two files come together or not at all."""
    (tmp_path / "m_debug.meta").mkdir()

    with pytest.raises(IsADirectoryError):
        export_meta_graph(tmp_path / "m.meta", graph=Graph(), save_debug_info=True, contract="documented")

    assert contents(tmp_path) == {"m_debug.meta": None}


def test_tensorflow_writes_the_main_file_first(tmp_path: Path) -> None:
    """DBG-05: whatever becomes of the debug info."""
    (tmp_path / "m.debug").mkdir()

    with pytest.raises(IsADirectoryError):
        export_meta_graph(tmp_path / "m.meta", graph=Graph(), save_debug_info=True, contract="tensorflow")

    assert set(contents(tmp_path)) == {"m.meta", "m.debug"}


def test_a_directory_is_no_target(tmp_path: Path, contract: Contract) -> None:
    """FILE-04: neither an existing one nor a name that ends like one; nothing is made."""
    (tmp_path / "there").mkdir()

    for filename in (str(tmp_path / "there"), f"{tmp_path}/there/", f"{tmp_path}/not/there/"):
        with pytest.raises(IsADirectoryError):
            export_meta_graph(filename, graph=Graph(), contract=contract)

    assert contents(tmp_path) == {"there": None}


@pytest.mark.parametrize("below", ["m", "sub/m"])
def test_a_file_is_no_directory(below: str, tmp_path: Path, contract: Contract) -> None:
    """FILE-04: a path through a file cannot be written, and the error names no temporary file."""
    (tmp_path / "file").write_bytes(b"old")

    with pytest.raises(NotADirectoryError) as raised:
        export_meta_graph(tmp_path / "file" / below, graph=Graph(), contract=contract)

    assert ".tmp" not in raised.value.filename
    assert contents(tmp_path) == {"file": b"old"}


def test_a_name_that_is_too_long_is_an_os_error(tmp_path: Path, contract: Contract) -> None:
    """FILE-04: what the file system says is passed on."""
    with pytest.raises(OSError, match="too long"):
        export_meta_graph(tmp_path / "new" / ("x" * 300), graph=Graph(), contract=contract)

    assert contents(tmp_path) == {}


FAILING: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "wrong type": (TypeError, {"saver_def": "text"}),
    "unknown keyword": (TypeError, {"foo": 1}),
    "unknown saver": (ValueError, {"saver_def": SaverDef(), "clear_extraneous_savers": True}),
    "no list": (TypeError, {"collection_list": 5}),
}


@pytest.mark.parametrize("reason", FAILING)
def test_an_export_that_fails_earlier_writes_nothing(reason: str, tmp_path: Path, contract: Contract) -> None:
    """FILE-02: the file is the last step."""
    error, arguments = FAILING[reason]

    with pytest.raises(error):
        export_meta_graph(tmp_path / "new" / "m", graph=Graph(), contract=contract, **arguments)

    assert contents(tmp_path) == {}
