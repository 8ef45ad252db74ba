"""The files of an export are checked, and the scratch folder is emptied."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import text_format

from pytest_metagraph._util.errors import NoSpaceError
from pytest_metagraph.exporters.answers import Exported
from pytest_metagraph.judging import written_files
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl.contracts import Contract
from reference_impl.schema import GraphDebugInfo, GraphDef, MetaGraphDef, NodeDef

MESSAGE = MetaGraphDef(graph_def=GraphDef(node=[NodeDef(name="a", op="NoOp")]))
MESSAGE.collection_def["one"].int64_list.value.append(1)
MESSAGE.collection_def["two"].int64_list.value.append(2)
RETURNED = Exported(MESSAGE)
DEBUG_INFO = GraphDebugInfo(files=["a.py"])
MESSAGE.graph_def.node[0].attr["f"].f = 1  # `1` or `1.0`, printed in C or in Python
ONE_LINE = text_format.MessageToString(MESSAGE, as_one_line=True)
PRINTED_IN_PYTHON = text_format.MessageToString(MESSAGE)


@pytest.fixture(autouse=True)
def temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Create scratch folders inside the folder of the test, and return that."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def no_known_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what other tests have parsed."""
    monkeypatch.setattr(written_files, "_CONTENTS", {})


@pytest.fixture
def folder() -> Iterator[ScratchFolder]:
    """Yield a scratch folder under the documented contract."""
    made = ScratchFolder(Contract.DOCUMENTED)
    yield made
    made.close()


def beside(folder: ScratchFolder, name: str) -> Path:
    """Return another path in the folder."""
    return Path(folder.filename).with_name(name)


def codes(folder: ScratchFolder, *, as_text: bool = False, debug_info: bool = False) -> list[FindingCode]:
    """Return the codes of the findings on an export that returned `MESSAGE`."""
    return [finding.code for finding in folder.check_export(RETURNED, as_text=as_text, debug_info=debug_info)]


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_binary_file_is_right_in_any_order_of_its_maps(folder: ScratchFolder, deterministic: bool) -> None:
    """A binary file is right if it parses to the returned message."""
    Path(folder.filename).write_bytes(MESSAGE.SerializeToString(deterministic=deterministic))
    assert codes(folder) == []


@pytest.mark.parametrize(
    "text", [str(MESSAGE), PRINTED_IN_PYTHON, ONE_LINE], ids=["printed in C", "printed in Python", "one line"]
)
def test_a_text_file_is_right_in_any_layout(folder: ScratchFolder, text: str) -> None:
    """A text file is right if it parses to the returned message, also when it is checked again."""
    for _ in range(2):
        Path(folder.filename).write_text(text, encoding="utf-8")
        assert codes(folder, as_text=True) == []


@pytest.mark.parametrize("text", [str(MESSAGE), PRINTED_IN_PYTHON], ids=["in C", "in Python"])
def test_a_printed_text_is_not_parsed(
    folder: ScratchFolder, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of either printer of protobuf is recognised, and one with another number is compared."""
    Path(folder.filename).write_text(text.replace("f: 1", "f: 2"), encoding="utf-8")
    assert codes(folder, as_text=True) == [FindingCode.FILE_DIFFERS]
    monkeypatch.delattr(written_files, "_parse")
    Path(folder.filename).write_text(text, encoding="utf-8")
    assert codes(folder, as_text=True) == []


def test_a_wrong_text_is_parsed_once(folder: ScratchFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variant of a case that writes the same wrong text has the finding; the text is parsed once."""
    wrong = ONE_LINE.replace("f: 1", "f: 2")
    Path(folder.filename).write_text(wrong, encoding="utf-8")
    assert codes(folder, as_text=True) == [FindingCode.FILE_DIFFERS]
    with monkeypatch.context() as patch:
        patch.delattr(written_files, "_parse")
        Path(folder.filename).write_text(wrong, encoding="utf-8")
        assert codes(folder, as_text=True) == [FindingCode.FILE_DIFFERS]
    Path(folder.filename).write_text(ONE_LINE, encoding="utf-8")
    assert codes(folder, as_text=True) == []


def test_a_known_text_is_still_compared(folder: ScratchFolder) -> None:
    """A text that was right for one message is wrong for another one."""
    Path(folder.filename).write_text(ONE_LINE, encoding="utf-8")
    assert codes(folder, as_text=True) == []
    Path(folder.filename).write_text(ONE_LINE, encoding="utf-8")
    findings = folder.check_export(Exported(MetaGraphDef()), as_text=True, debug_info=False)
    assert [finding.code for finding in findings] == [FindingCode.FILE_DIFFERS]


@pytest.mark.parametrize(
    ("contract", "name"),
    [(Contract.DOCUMENTED, "model_debug.meta"), (Contract.TENSORFLOW, "model.debug")],
)
def test_debug_info_has_the_name_of_the_contract(contract: Contract, name: str) -> None:
    """DBG-01: the documented contract adds `_debug` before the extension, TensorFlow replaces it."""
    folder = ScratchFolder(contract)
    Path(folder.filename).write_bytes(MESSAGE.SerializeToString())
    beside(folder, name).write_bytes(DEBUG_INFO.SerializeToString())
    assert codes(folder, debug_info=True) == []
    folder.close()


@pytest.mark.parametrize(("content", "as_text"), [(b"\xff", False), (b"no text {", True)])
def test_debug_info_has_to_parse(folder: ScratchFolder, content: bytes, as_text: bool) -> None:
    """Debug info that is not a GraphDebugInfo in the requested format is a finding."""
    Path(folder.filename).write_bytes(str(MESSAGE).encode() if as_text else MESSAGE.SerializeToString())
    beside(folder, "model_debug.meta").write_bytes(content)
    assert codes(folder, as_text=as_text, debug_info=True) == [FindingCode.DEBUG_INFO_UNREADABLE]


@pytest.mark.parametrize("name", ["model.meta", "model_debug.meta"])
def test_a_long_line_of_a_file_is_not_repeated(folder: ScratchFolder, name: str) -> None:
    """The line that cannot be parsed is quoted by protobuf; a finding has its start, and the reason."""
    Path(folder.filename).write_text(str(MESSAGE), encoding="utf-8")
    beside(folder, name).write_text("<" + "x " * 1_000_000, encoding="utf-8")
    (found,) = folder.check_export(Exported(MESSAGE), as_text=True, debug_info=name != "model.meta")
    assert "Expected identifier or number" in found.detail
    assert len(found.detail) < 600


def test_debug_info_that_was_not_requested_is_stray(folder: ScratchFolder) -> None:
    """DBG-06: without save_debug_info no debug info is written."""
    Path(folder.filename).write_bytes(MESSAGE.SerializeToString())
    beside(folder, "model_debug.meta").touch()
    assert codes(folder) == [FindingCode.STRAY_FILE]


def test_a_call_without_filename_writes_nothing(folder: ScratchFolder) -> None:
    """Any file that is left by a call without filename is stray."""
    assert list(folder.check_no_export()) == []
    Path(folder.filename).touch()
    assert [finding.identity for finding in folder.check_no_export()] == ["model.meta"]


@pytest.mark.parametrize("kind", ["missing", "empty", "garbage", "text", "link", "folder"])
def test_an_earlier_call_has_written_a_message(folder: ScratchFolder, tmp_path: Path, kind: str) -> None:
    """An exporter that only touches the file of an earlier call has not made the call."""
    data = MESSAGE.SerializeToString()
    path = beside(folder, "first.meta")
    path.write_bytes(data)
    assert list(folder.check_no_export(["first.meta"])) == []
    match kind:
        case "link":
            (tmp_path / "elsewhere").write_bytes(data)
            path.symlink_to(tmp_path / "elsewhere")
        case "folder":
            path.mkdir()
        case "missing":
            pass
        case _:
            path.write_bytes({"empty": b"", "garbage": b"\xff", "text": str(MESSAGE).encode()}[kind])
    found = list(folder.check_no_export(["first.meta"]))
    assert [one.code for one in found] == [FindingCode.FILE_MISSING]
    assert found[0].summary == (
        "The earlier call, which exports to first.meta, was not made, or wrote something else"
    )


def test_each_check_empties_the_folder(folder: ScratchFolder) -> None:
    """Files and folders of one export are deleted before the next."""
    Path(folder.filename).write_bytes(MESSAGE.SerializeToString())
    beside(folder, "folder").mkdir()
    beside(folder, "folder").joinpath("file").touch()
    assert codes(folder) == [FindingCode.STRAY_FILE]
    assert list(Path(folder.filename).parent.iterdir()) == []
    assert codes(folder) == [FindingCode.FILE_MISSING]


def test_a_scratch_folder_is_always_a_new_one(temporary_folder: Path) -> None:
    """Each scratch folder is new and empty, and closing it removes nothing else."""
    kept = temporary_folder / "kept"
    kept.touch()
    first, second = ScratchFolder(Contract.DOCUMENTED), ScratchFolder(Contract.DOCUMENTED)
    assert Path(first.filename).parent != Path(second.filename).parent
    assert list(Path(first.filename).parent.iterdir()) == []
    for folder in (first, second):
        Path(folder.filename).touch()
        folder.close()
    assert list(temporary_folder.iterdir()) == [kept]


def test_a_link_inside_is_removed_and_not_followed(folder: ScratchFolder, temporary_folder: Path) -> None:
    """Emptying removes a link to a folder, and nothing inside that folder."""
    kept = temporary_folder / "elsewhere" / "kept"
    kept.parent.mkdir()
    kept.touch()
    beside(folder, "link").symlink_to(kept.parent, target_is_directory=True)
    assert folder.clear() == {"link"}
    assert kept.exists()


@pytest.mark.parametrize("replacement", ["link", "folder"])
def test_a_replaced_scratch_folder_is_not_emptied(temporary_folder: Path, replacement: str) -> None:
    """Nothing is deleted if the folder was replaced; a finding says so, and a new folder takes its place."""
    folder = ScratchFolder(Contract.DOCUMENTED)
    path = Path(folder.filename).parent
    kept = temporary_folder / "elsewhere" / "kept"
    kept.parent.mkdir()
    kept.touch()
    path.rename(temporary_folder / "moved")
    if replacement == "link":
        path.symlink_to(kept.parent, target_is_directory=True)
    else:
        shutil.copytree(kept.parent, path)
    (found,) = folder.check_no_export()
    assert found.code is FindingCode.STRAY_FILE
    assert "was removed, or replaced" in found.summary
    assert kept.exists()
    assert (path / "kept").exists()
    Path(folder.filename).write_bytes(MESSAGE.SerializeToString())
    assert codes(folder) == []
    folder.close()


def test_a_link_with_the_number_of_the_folder_is_not_followed(
    temporary_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is deleted behind a link that looks like the folder, as a link in its place may."""
    monkeypatch.setattr(written_files, "_identity", lambda _found: (0, 0))
    folder = ScratchFolder(Contract.DOCUMENTED)
    path = Path(folder.filename).parent
    kept = temporary_folder / "elsewhere" / "below" / "kept"
    kept.parent.mkdir(parents=True)
    kept.touch()
    path.rmdir()
    path.symlink_to(temporary_folder / "elsewhere", target_is_directory=True)
    folder.clear()
    folder.close()
    assert kept.exists()


def test_a_removed_folder_keeps_its_number(temporary_folder: Path) -> None:
    """Whatever takes the place of the folder has another number, because the folder is kept open."""
    folder = ScratchFolder(Contract.DOCUMENTED)
    path = Path(folder.filename).parent
    number = path.stat().st_ino
    path.rmdir()
    for _ in range(100):
        path.symlink_to(temporary_folder)
        assert path.lstat().st_ino != number
        path.unlink()
    folder.close()


@pytest.mark.parametrize("depth", [0, 3, 1500])
def test_a_tree_of_any_depth_is_removed(folder: ScratchFolder, depth: int) -> None:
    """Folders in one another are removed, also if their path is longer than a system call takes."""
    Path(folder.filename).write_bytes(MESSAGE.SerializeToString())
    at = os.open(Path(folder.filename).parent, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("down", dir_fd=at)
        below = os.open("down", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(os.open("bottom", os.O_CREAT, dir_fd=at))
    os.close(at)
    (found,) = folder.check_export(RETURNED, as_text=False, debug_info=False)
    assert found.identity == ("down/" * depth + "bottom")[:1000]
    assert list(Path(folder.filename).parent.iterdir()) == []


def test_names_that_are_not_text_are_shown_escaped(folder: ScratchFolder) -> None:
    """A file name with a newline and a byte that is not UTF-8 does not break a report."""
    Path(os.fsdecode(os.fsencode(Path(folder.filename).parent) + b"/a\n\xff")).touch()
    (found,) = folder.check_no_export()
    assert found.identity == r"a\n\udcff"


def test_many_files_are_counted(folder: ScratchFolder) -> None:
    """Of a thousand files that were not requested the first are named."""
    for number in range(1000):
        beside(folder, f"{number:03}").touch()
    found = [*folder.check_no_export()]
    assert [one.identity for one in (found[0], found[-1])] == ["000", "more files"]
    assert "980 more files" in found[-1].summary


@pytest.mark.parametrize("kind", ["link", "FIFO", "50 GB", "nested", "folder in its way", "unreadable"])
def test_a_file_that_cannot_be_read_is_a_finding(
    folder: ScratchFolder, temporary_folder: Path, kind: str
) -> None:
    """Whatever lies where the file should be is a finding, is not waited for, and is removed."""
    path = Path(folder.filename)
    code, as_text = FindingCode.FILE_UNREADABLE, False
    if kind == "link":
        path.symlink_to(temporary_folder / "elsewhere")
        (temporary_folder / "elsewhere").write_bytes(MESSAGE.SerializeToString())
    elif kind == "FIFO":
        os.mkfifo(path)
    elif kind == "50 GB":
        path.touch()
        os.truncate(path, 50 << 30)
    elif kind == "nested":
        path.write_text("graph_def {node {attr {" + "value {list {func {attr {" * 5000)
        as_text = True
    elif kind == "folder in its way":
        path.mkdir()
        code = FindingCode.FILE_MISSING
    else:
        path.mkdir(mode=0)
        code = FindingCode.FILE_MISSING
    assert codes(folder, as_text=as_text)[0] is code
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, r"no space left .* set TMPDIR"),
        (errno.EDQUOT, r"no space left .* set TMPDIR"),
        (errno.EFBIG, r"the limit of file sizes is too low .* raise it with `ulimit -f`"),
    ],
)
def test_a_full_disk_is_no_verdict(
    number: int, text: str, folder: ScratchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the kit itself cannot write to the folder, that is not a finding about the exporter."""

    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NoSpaceError, match=text):
        codes(folder)


def _origin(name: str, *frames: tuple[str, int, str], shift: int = 0) -> GraphDebugInfo:
    """Return debug info of one node, whose files, frames and traces are numbered from `shift`."""
    info = GraphDebugInfo(files=["unused.py"] * shift)
    for number, (file, line, function) in enumerate(frames, start=shift):
        info.files.append(file)
        frame = info.frames_by_id[number]
        frame.file_index, frame.line, frame.func = number, line, function
    info.traces_by_id[shift].frame_id.extend(range(shift, shift + len(frames)))
    info.name_to_trace_id[name] = shift
    return info


ORIGIN = _origin("a@", ("m.py", 3, "build"), ("n.py", 4, "layer"))


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(
    ("written", "is_right"),
    [
        (ORIGIN, True),
        (_origin("a@", ("m.py", 3, "build"), ("n.py", 4, "layer"), shift=2), True),
        (GraphDebugInfo(), True),
        (_origin("a", ("m.py", 3, "build"), ("n.py", 4, "layer")), False),
        (_origin("a@", ("n.py", 4, "layer"), ("m.py", 3, "build")), False),
        (_origin("a@", ("m.py", 5, "build"), ("n.py", 4, "layer")), False),
        (_origin("a@", ("m.py", 3, "other"), ("n.py", 4, "layer")), False),
        (_origin("a@", ("m.py", 3, "build")), False),
    ],
)
def test_debug_info_is_compared_by_its_traces(
    folder: ScratchFolder, written: GraphDebugInfo, is_right: bool, as_text: bool
) -> None:
    """DBG-07: names, files, lines, functions and their order count; numbers do not; none is right, too."""
    Path(folder.filename).write_bytes(str(MESSAGE).encode() if as_text else MESSAGE.SerializeToString())
    content = str(written).encode() if as_text else written.SerializeToString()
    beside(folder, "model_debug.meta").write_bytes(content)
    findings = folder.check_export(
        RETURNED, as_text=as_text, debug_info=True, debug_info_content=ORIGIN.SerializeToString()
    )
    assert [one.code for one in findings] == ([] if is_right else [FindingCode.DEBUG_INFO_DIFFERS])
