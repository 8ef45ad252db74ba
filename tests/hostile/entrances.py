"""Every place where the kit reads untrusted bytes, with valid inputs, the reader and its errors."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzzing_samples import chain
from report_samples import report, result

from conformance_cases import Variant, load_corpus
from conformance_cases.archive import Archive, ArchiveError
from conformance_cases.corpus import GRAPH_FOLDERS, REQUIREMENT_CASES_FOLDER
from conformance_cases.requirement_case import EXPECTED, GRAPH, INDEX
from pytest_metagraph._util.option_values import Limit, Shard, parse_seconds
from pytest_metagraph.cli import main
from pytest_metagraph.diff import UnusableInputError, diff_meta_graphs
from pytest_metagraph.exporters import protocol, worker_messages
from pytest_metagraph.exporters.answers import Exported, NotSupported, Raised
from pytest_metagraph.exporters.exports_folder import ExportsFolder, ExportsFolderError
from pytest_metagraph.exporters.protocol import Introduction, ProtocolError, frame, read_frame
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.fuzzing.case_folder import CaseFolderError, read_case
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.known_failures.edit import Removal, edit
from pytest_metagraph.known_failures.load import KnownFailuresError, Source, load
from pytest_metagraph.loadability.check import UncheckableInputError, checks_of
from pytest_metagraph.loadability.make_loadable import NotConvertibleError, make_loadable
from pytest_metagraph.own_graphs.folder import OwnGraphsError, load_own_graphs
from pytest_metagraph.reports import renderers
from pytest_metagraph.reports.errors import ReportError
from pytest_metagraph.reports.jsonl import read_report, report_text
from pytest_metagraph.snapshots.place import read_stamp
from pytest_metagraph.snapshots.snapshot import write_snapshot
from reference_impl import Graph, export_meta_graph, read_meta_graph_file
from reference_impl.schema import MetaGraphDef, SavedModel, SaverDef

Enter = Callable[[bytes, Path], None]


@dataclass(frozen=True)
class Entrance:
    """One place where the kit reads untrusted bytes.

    Attributes:
        seeds: valid inputs; the hostile ones are made of them.
        enter: reads an input, with a folder to itself.
        refusals: what it may raise; anything else is a crash.
    """

    seeds: Callable[[], Sequence[bytes]]
    enter: Enter
    refusals: tuple[type[Exception], ...]


def _graphs() -> list[bytes]:
    graphs = load_corpus().matrix_graphs
    names = ("collection_kinds", "saver_formats", "function_library", "towers")
    return [*(graphs[name].data for name in names), chain().SerializeToString()]


def _texts() -> list[bytes]:
    cases = ("SCOPE-05/nested-scope", "FRM-01/loop", "SAV-10/each-saver", "CLS-02/dropped-and-stripped")
    paths = [REQUIREMENT_CASES_FOLDER / case / GRAPH for case in cases]
    return [str(chain()).encode(), *(path.read_bytes() for path in paths)]


def _read_file(data: bytes, folder: Path) -> None:
    read_meta_graph_file(_file(folder, "model.meta", data))


def _export(data: bytes, folder: Path) -> None:
    """Load a graph, then export it in the ways that read most of it."""
    graph = Graph.from_meta_graph_def(data)
    for arguments in (
        {"strip_default_attrs": True, "filename": folder / "out.meta", "save_debug_info": True},
        {"export_scope": "tower_1", "clear_devices": True},
        {"clear_extraneous_savers": True, "saver_def": SaverDef(save_tensor_name="s", restore_op_name="r")},
        {"export_scope": "tower_1", "contract": "tensorflow"},
    ):
        export_meta_graph(graph=graph, **arguments)  # type: ignore[arg-type] # values of several types


def _diff(data: bytes, folder: Path) -> None:
    """Compare a file with a graph, and render the whole difference."""
    diff = diff_meta_graphs(expected=_file(folder, "a.meta", data), actual=chain())
    assert diff.fingerprint
    assert diff.render()
    assert diff.to_json()


def _export_command(data: bytes, folder: Path) -> None:
    source = _file(folder, "in.meta", data)
    assert _run("export", source, folder / "out.meta", "--export-scope", "tower_1") in {0, 2}


def _check(data: bytes, _: Path) -> None:
    """Check a message for an old and a new importer, and make it loadable in the old one."""
    for check in checks_of(data):
        for version in ("1.8", "1.15", "2.21"):
            check.report(version).render()
    try:
        make_loadable(data, "1.15")
    except (NotConvertibleError, ValueError):  # also a GraphDef or a SavedModel, which it does not take
        return


def _check_command(data: bytes, folder: Path) -> None:
    for arguments in ((), ("--for", "1.13-2.3", "--json")):
        assert _run("check", _file(folder, "input", data), *arguments) in {0, 1, 2}


def _saved_models() -> list[bytes]:
    """Return a SavedModel with two meta graphs, binary."""
    meta_graphs = [MetaGraphDef.FromString(data) for data in _graphs()[:2]]
    return [SavedModel(saved_model_schema_version=1, meta_graphs=meta_graphs).SerializeToString()]


def _graph_defs() -> list[bytes]:
    return [MetaGraphDef.FromString(data).graph_def.SerializeToString() for data in _graphs()]


def _show_command(data: bytes, folder: Path) -> None:
    path = _file(folder, "in.meta", data)
    assert _run("show", path) in {0, 2}
    assert _run("show", path, "--text") in {0, 2}


def _answers() -> list[bytes]:
    exported = protocol.encode_answer(Exported(chain()))
    raised = protocol.encode_answer(Raised(("ValueError",), "text", "traceback"))
    unsupported = protocol.encode_answer(NotSupported("files"))
    return [exported, raised, unsupported, protocol.encode_introduction(Introduction("me", "1"))]


def _answer(data: bytes, _: Path) -> None:
    protocol.decode_answer(data)
    protocol.decode_introduction(data)


def _requests() -> list[bytes]:
    arguments = {"export_scope": "s", "saver_def": SaverDef(), "collection_list": ["a", 3, None, {"b": 1.5}]}
    request = ExportRequest(chain(), arguments, case_id="a/case", preceding=({"clear_devices": True},))
    return [
        protocol.encode_export(request),
        protocol.HELLO,
        worker_messages.Request(stop={}).SerializeToString(),
    ]


def _request(data: bytes, _: Path) -> None:
    protocol.decode_request(data)


def _frames(data: bytes, _: Path) -> None:
    stream = io.BytesIO(data)
    while read_frame(stream) is not None:
        pass


_LIST = b"""# what is known
[[known_failure]]
case = ["matrix/towers/*", 'SCOPE-05/nested-scope']  # two
except = "matrix/towers/plain"
fingerprint = "0123456789abcdef"
kind = "bug"
reason = '''Not yet.
It will be done.'''
issue = "https://example.org/1"
expires = 2030-12-31

# the next one
[[known_failure]]
case = "matrix/*"
kind = "wontfix"
reason = "No."
contract = "tensorflow"
exporter_version = "==2.21.*"
"""


def _known_failures(data: bytes, folder: Path) -> None:
    path = _file(folder, "known.toml", data)
    text = Source("known.toml", path, is_shipped=False).read()
    known = load(text, "known.toml")
    edit(text, [Removal(entry) for entry in known.entries[:1]])


def _reports() -> list[bytes]:
    results = [result("a/b"), result("a/c", Verdict.FAIL), result("a/d", Verdict.KNOWN_FAILURE, reason="why")]
    whole = report_text(report(*results)).encode()
    return [whole, report_text(report()).encode(), whole[: len(whole) // 2]]


def _report(data: bytes, folder: Path) -> None:
    """Read a report, and render it in every format."""
    read = read_report(_file(folder, "report.jsonl", data))
    for output in renderers.FORMATS:
        text = renderers.render({"report.jsonl": read}, output)
        assert output != "html" or "<script>alert" not in text


def _exporters() -> list[bytes]:
    digest = load_corpus().digest
    return [json.dumps({"name": "me", "version": "1", "unsupported": ["files"], "corpus": digest}).encode()]


def _exporter_file(data: bytes, folder: Path) -> None:
    _file(folder, "exporter.json", data)
    ExportsFolder.open(folder)


def _answer_files() -> list[bytes]:
    errors = [{"classes": ["ValueError"], "text": "why"}, {"unsupported": "files"}]
    return [*(json.dumps(error).encode() for error in errors), chain().SerializeToString()]


def _answer_file(data: bytes, folder: Path) -> None:
    """Read the same bytes as an error, and as a message with a file beside it."""
    exports = ExportsFolder(folder / "exports", Introduction("me"))
    request = ExportRequest(
        chain(), {"filename": str(folder / "out" / "model.meta")}, case_id="matrix/towers/plain"
    )
    variant = Variant(filename=True).name
    for name in ("plain.error.json", "plain.pb", f"plain.variants/{variant}/model.meta"):
        path = folder / "exports" / "matrix" / "towers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        exports.export(request)
        path.unlink()


def _archives() -> list[bytes]:
    folder = GRAPH_FOLDERS["matrix"]
    return [(folder / name / "expected.tar.xz").read_bytes() for name in ("repeated_names", "towers")]


def _tars() -> list[bytes]:
    return [Archive.unpacked(data) for data in _archives()]


def _archive(data: bytes, _: Path) -> None:
    archive = Archive.from_bytes(data)
    for combination in list(archive.cases)[:3]:
        archive.check(combination)


def _tar(data: bytes, _: Path) -> None:
    archive = Archive.from_tar(data)
    for combination in list(archive.cases)[:3]:
        archive.check(combination)


def _case_tomls() -> list[bytes]:
    cases = ("SCOPE-05/nested-scope", "CALL-12/twice", "FILE-02/missing-folders", "DBG-01/meta")
    return [(REQUIREMENT_CASES_FOLDER / case / INDEX).read_bytes() for case in cases]


def _case_toml(data: bytes, folder: Path) -> None:
    _case(folder, {INDEX: data})


def _case_graph(data: bytes, folder: Path) -> None:
    _case(folder, {GRAPH: data})
    _case(folder, {EXPECTED: data})


def _case(folder: Path, files: dict[str, bytes]) -> None:
    """Read a case with some hostile files."""
    stored = REQUIREMENT_CASES_FOLDER / "SCOPE-05" / "nested-scope"
    whole = {name: (stored / name).read_bytes() for name in (INDEX, GRAPH, EXPECTED)}
    for name, data in {**whole, **files}.items():
        _file(folder, name, data)
    case, _ = read_case(folder)
    assert case.calls()
    assert case.graph.description


def _snapshots() -> list[bytes]:
    return [_SNAPSHOT]


def _snapshot(data: bytes, folder: Path) -> None:
    path = _file(folder, "snapshot.pbtxt", data)
    read_stamp(path)
    diff_meta_graphs(expected=path, actual=chain())


def _own_graph(data: bytes, folder: Path) -> None:
    _file(folder, "own.meta", data)
    load_own_graphs.cache_clear()
    load_own_graphs(folder, "reference").cases()


def _option(data: bytes, _: Path) -> None:
    """Parse each option that has a format of its own, whatever the others contain."""
    text = data.decode(errors="surrogateescape")
    for read in (Shard.parse, Limit.parse, parse_seconds):
        with contextlib.suppress(ValueError):
            read(text)


RUN_OR_WRITE = frozenset(
    ("cases", "fuzz", "new-adapter", "record", "replay", "request", "run", "shrink", "smoke", "versions")
)
"""The commands that write where they are told to, or run or install what they are told to."""


def _words(data: bytes, folder: Path) -> None:
    """Run the command line, which must end with a status whatever the words are."""
    words = data.decode(errors="surrogateescape").split(" ")
    if words[0] in RUN_OR_WRITE:
        words[0] = "diff"
    with contextlib.chdir(folder):
        assert _run(*words) in {0, 1, 2}


def _run(*words: object) -> int:
    """Return the exit status of the command, and discard its output."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            return main([str(word) for word in words])
        except SystemExit as ended:
            return int(ended.code or 0)


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _written_snapshot() -> bytes:

    with tempfile.TemporaryDirectory() as folder:
        write_snapshot(Path(folder, "s.pbtxt"), "test_it", chain())
        return Path(folder, "s.pbtxt").read_bytes()


_SNAPSHOT = _written_snapshot()

ENTRANCES: dict[str, Entrance] = {
    "a .meta file, binary": Entrance(_graphs, _read_file, (ValueError,)),
    "a .meta file, text": Entrance(_texts, _read_file, (ValueError,)),
    "a graph that is exported": Entrance(_graphs, _export, (ValueError,)),
    "the differ, binary": Entrance(_graphs, _diff, (UnusableInputError,)),
    "the differ, text": Entrance(_texts, _diff, (UnusableInputError,)),
    "metagraph export": Entrance(_graphs, _export_command, ()),
    "the check": Entrance(_graphs, _check, (UncheckableInputError,)),
    "the check, text": Entrance(_texts, _check, (UncheckableInputError,)),
    "the check, GraphDefs": Entrance(_graph_defs, _check, (UncheckableInputError,)),
    "the check, SavedModels": Entrance(_saved_models, _check, (UncheckableInputError,)),
    "metagraph check": Entrance(_graphs, _check_command, ()),
    "metagraph show": Entrance(_graphs, _show_command, ()),
    "a worker's answer": Entrance(_answers, _answer, (ProtocolError,)),
    "a request to a worker": Entrance(_requests, _request, (ProtocolError, ValueError)),
    "frames": Entrance(lambda: [frame(b"abc") + frame(b"")], _frames, (EOFError,)),
    "known failures": Entrance(lambda: [_LIST], _known_failures, (KnownFailuresError,)),
    "a report": Entrance(_reports, _report, (ReportError,)),
    "an exports folder's exporter.json": Entrance(_exporters, _exporter_file, (ExportsFolderError,)),
    "an answer in an exports folder": Entrance(_answer_files, _answer_file, ()),
    "an archive of expectations": Entrance(_archives, _archive, (ArchiveError,)),
    "the tar in an archive": Entrance(_tars, _tar, (ArchiveError,)),
    "a case's toml": Entrance(_case_tomls, _case_toml, (CaseFolderError,)),
    "a case's graph": Entrance(_texts, _case_graph, (CaseFolderError,)),
    "a snapshot": Entrance(_snapshots, _snapshot, (UnusableInputError,)),
    "an own graph": Entrance(_graphs, _own_graph, (OwnGraphsError,)),
    "an option": Entrance(lambda: [b"2/4", b"30.5", b"documented"], _option, ()),
    "the command line": Entrance(
        lambda: [b"diff a.meta b.meta --preset strict", b"show x --text", b"report validate r.jsonl"],
        _words,
        (),
    ),
}
"""The entrances by name."""


def enter(entrance: Entrance, data: bytes, folder: Path) -> bool:
    """Read one input.

    Returns:
        Whether it was taken; False where it was refused as it should be.

    Raises:
        BaseException: anything that is not a refusal, which is a crash.
    """
    try:
        entrance.enter(data, folder)
    except entrance.refusals as error:
        _check_refusal(error)
        return False
    return True


def _check_refusal(error: Any) -> None:
    """Check that the message of a refusal is neither empty nor too long to read."""
    assert str(error) or isinstance(error, EOFError)
