"""Answers in a folder of exports: which one is found, and what is refused."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance_cases import Capability, load_corpus
from pytest_metagraph._util.remove_tree import empty_folder, open_folder
from pytest_metagraph.exporters.answers import Answer, Exported, Malformed, NotLoaded, NotSupported, Raised
from pytest_metagraph.exporters.exports_folder import ExportsFolder, ExportsFolderError
from pytest_metagraph.exporters.request import ExportRequest
from reference_impl.schema import MetaGraphDef, OpDef, OpList

CASE = "matrix/towers/plain"
GRAPH = MetaGraphDef()
GRAPH.graph_def.node.add(name="x", op="NoOp")
OTHER = MetaGraphDef()
OTHER.graph_def.node.add(name="y", op="NoOp")


def folder_with(tmp_path: Path, files: dict[str, bytes], **exporter: Any) -> Path:
    """Write a folder of answers."""
    stated = {"exporter.json": json.dumps({"name": "closed", **exporter}).encode(), **files}
    for name, content in stated.items():
        path = tmp_path / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "exports"


def answer_in(folder: Path, filename: Path | None = None, **flags: bool) -> Answer:
    """Return the answer to the one case."""
    arguments = {
        "filename": str(filename) if filename else None,
        "as_text": flags.get("as_text", False),
        "save_debug_info": flags.get("save_debug_info", False),
    }
    request = ExportRequest(GRAPH, arguments, flags.get("default_graph", False), case_id=CASE)
    return ExportsFolder.open(folder).export(request)


def test_one_file_answers_every_variant_of_a_case(tmp_path: Path) -> None:
    """One file is the answer of all variants of a case."""
    folder = folder_with(tmp_path, {f"{CASE}.pb": GRAPH.SerializeToString()})
    assert answer_in(folder) == answer_in(folder, default_graph=True) == Exported(GRAPH)


def test_a_variant_may_have_an_answer_of_its_own(tmp_path: Path) -> None:
    """A variant with a file of its own has that answer; the others have that of the case."""
    files = {
        f"{CASE}.pb": GRAPH.SerializeToString(),
        f"{CASE}.variants/default_graph.pb": OTHER.SerializeToString(),
        f"{CASE}.variants/as_text,default_graph.error.json": b'{"classes": ["KeyError"]}',
    }
    folder = folder_with(tmp_path, files)
    assert answer_in(folder, default_graph=True) == Exported(OTHER)
    assert answer_in(folder, as_text=True, default_graph=True) == Raised(("KeyError",), "")
    assert answer_in(folder, as_text=True) == Exported(GRAPH)


@pytest.mark.parametrize(
    ("stated", "answer"),
    [
        ({"classes": ["Rejected", "ValueError"], "text": "no"}, Raised(("Rejected", "ValueError"), "no")),
        ({"classes": ["ValueError"], "traceback": "line 1"}, Raised(("ValueError",), "", "line 1")),
        ({"unsupported": "eager"}, NotSupported("eager")),
        ({"not_loadable": "Op type not registered 'X'"}, NotLoaded("Op type not registered 'X'")),
    ],
)
def test_an_error_file_is_an_error_or_a_missing_capability(
    tmp_path: Path, stated: dict[str, Any], answer: Answer
) -> None:
    """An exception, an unsupported capability and a graph that cannot be loaded are distinguished."""
    assert answer_in(folder_with(tmp_path, {f"{CASE}.error.json": json.dumps(stated).encode()})) == answer


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "has neither matrix/towers/plain.pb nor its .error.json"),
        ({f"{CASE}.pb": b"\xff"}, "plain.pb answers with 1 bytes that do not parse as a MetaGraphDef"),
        ({f"{CASE}.pb": b"", f"{CASE}.error.json": b"{}"}, "two answers, plain.pb and plain.error.json"),
        ({f"{CASE}.error.json": b"{"}, "plain.error.json is not valid JSON"),
        ({f"{CASE}.error.json": b'{"classes": []}'}, "plain.error.json must be"),
        ({f"{CASE}.error.json": b'{"classes": [1]}'}, "plain.error.json must be"),
        ({f"{CASE}.error.json": b'["ValueError"]'}, "plain.error.json must be"),
        ({f"{CASE}.error.json": b'{"classes": ["ValueError"], "text": 1}'}, "plain.error.json must be"),
        ({f"{CASE}.error.json": b'{"classes": ["ValueError"], "txt": "no"}'}, "plain.error.json must be"),
        ({f"{CASE}.error.json": b'{"not_loadable": "no", "unsupported": "eager"}'}, "without other keys"),
        ({f"{CASE}.error.json": b'{"classes": ["ValueError"], "not_loadable": ""}'}, "without other keys"),
        (
            {f"{CASE}.error.json": b'{"unsupported": "eager", "unsupported": "files"}'},
            "plain.error.json is not valid JSON: unsupported occurs more than once",
        ),
    ],
)
def test_a_missing_or_wrong_answer_says_what_is_wrong(
    tmp_path: Path, files: dict[str, bytes], reason: str
) -> None:
    """A missing, damaged, ambiguous or invalid file is a malformed answer with the reason."""
    answer = answer_in(folder_with(tmp_path, files))
    assert isinstance(answer, Malformed)
    assert reason in answer.reason


def test_the_files_of_a_variant_are_copied_to_where_the_request_would_write_them(tmp_path: Path) -> None:
    """The files of a variant are copied to the scratch folder, including stray ones."""
    files = {
        f"{CASE}.pb": GRAPH.SerializeToString(),
        f"{CASE}.variants/file/model.meta": GRAPH.SerializeToString(),
        f"{CASE}.variants/file/stray": b"",
        f"{CASE}.variants/file,as_text/model.meta": b"text",
    }
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert answer_in(folder_with(tmp_path, files), scratch / "model.meta") == Exported(GRAPH)
    assert {path.name: path.read_bytes() for path in scratch.iterdir()} == {
        "model.meta": GRAPH.SerializeToString(),
        "stray": b"",
    }


def test_links_in_the_folder_are_not_followed(tmp_path: Path) -> None:
    """A folder of answers cannot make the kit copy files from outside it."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").touch()
    folder = folder_with(tmp_path, {f"{CASE}.pb": b"", f"{CASE}.variants/file/model.meta": b""})
    (folder / f"{CASE}.variants/file/link").symlink_to(tmp_path / "elsewhere" / "secret")
    (folder / f"{CASE}.variants/file,as_text").symlink_to(tmp_path / "elsewhere")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    answer_in(folder, scratch / "model.meta")
    answer_in(folder, scratch / "model.meta", as_text=True)
    copied = sorted(scratch.iterdir())
    assert [(path.name, path.is_dir()) for path in copied] == [("link", True), ("model.meta", False)]
    assert not list(copied[0].iterdir())


@pytest.mark.parametrize("kind", ["FIFO", "folder", "link", "broken link"])
def test_what_is_no_regular_file_is_not_hidden(tmp_path: Path, kind: str) -> None:
    """The judge finds it as it finds what an exporter in Python leaves, but nothing of it is read."""
    folder = folder_with(tmp_path, {f"{CASE}.pb": b"", f"{CASE}.variants/file/model.meta": b""})
    path = folder / f"{CASE}.variants/file/stray"
    match kind:
        case "FIFO":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to("/etc/passwd" if kind == "link" else "nowhere")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    answer_in(folder, scratch / "model.meta")
    assert sorted(path.name for path in scratch.iterdir()) == ["model.meta", "stray"]
    assert not list((scratch / "stray").iterdir())


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("file,as_text.pb", True),
        ("file, as_text.pb", False),
        ("as_text,file.pb", False),
        ("file.meta", False),
        ("returned.error.json", True),
        ("file.done", True),
        (".DS_Store", True),
    ],
)
def test_an_answer_of_no_variant_is_not_passed_over(tmp_path: Path, name: str, *, is_known: bool) -> None:
    """With a misspelt variant, the answer of the other variants would be judged in its place."""
    data = GRAPH.SerializeToString()
    folder = folder_with(tmp_path, {f"{CASE}.pb": data, f"{CASE}.variants/{name}": data})
    answer = answer_in(folder, as_text=True, default_graph=True)
    if is_known:
        assert answer == Exported(GRAPH)
    else:
        assert isinstance(answer, Malformed)
        assert f"have {name}, which belongs to no variant" in answer.reason


def test_a_folder_describes_its_exporter(tmp_path: Path) -> None:
    """Name, version and unsupported capabilities come from exporter.json."""
    path = folder_with(tmp_path, {}, version="3.1", unsupported=["eager"], corpus=load_corpus().digest)
    folder = ExportsFolder.open(path)
    assert (folder.name, folder.version, folder.unsupported) == ("closed", "3.1", {Capability.EAGER})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "has no answers: exporter.json cannot be read"),
        ("{", "is not valid JSON"),
        ("[]", 'must be a JSON object with the exporter\'s "name"'),
        ('{"name": ""}', 'must be a JSON object with the exporter\'s "name"'),
        (
            '{"name": "x", "unsupported": ["local_variable"]}',
            "'local_variable' is not a capability; did you mean local_variables",
        ),
        ('{"name": "x", "unsupported": "eager"}', "must be a list of capability names"),
        ('{"name": "x", "op_list": "../ops.pb"}', '"op_list" must be the name of a file beside it'),
        (r'{"name": "x", "op_list": "a\u0000b"}', '"op_list" must be the name of a file beside it'),
        ('{"name": "x", "unsupported": ["eager"], "unsupported": []}', "unsupported occurs more than once"),
        ('{"name": "x", "op_list": "missing.pb"}', "names a file that cannot be read: missing.pb"),
        ('{"name": "x", "op_list": "exporter.json"}', "bytes that are not a tensorflow.OpList"),
        ('{"name": "x", "environment": {"python": 3}}', '"environment" must be an object of texts'),
        ('{"name": "x", "version": null}', '"version" must be a text, such as "1.4"'),
        ('{"name": "x", "unsuported": ["eager"]}', "unknown key, 'unsuported'; did you mean 'unsupported'?"),
        ('{"name": "x", "zz": 1}', "unknown key, 'zz'; it may have corpus, descriptor_set, environment"),
        ('{"name": "x", "corpus": "0123"}', "belong to another version of the corpus"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path, content: str | None, reason: str) -> None:
    """A missing, damaged or outdated exporter.json is refused with the reason."""
    if content is not None:
        (tmp_path / "exporter.json").write_text(content)
    with pytest.raises(ExportsFolderError, match=reason):
        ExportsFolder.open(tmp_path)


def test_files_of_earlier_calls_are_copied_too(tmp_path: Path) -> None:
    """The files of an earlier call are copied even for a variant whose own call writes nothing."""
    case = load_corpus().case("CALL-12/twice")
    earlier = case.earlier_filenames[0]
    answers = folder_with(
        tmp_path, {f"{case.id}.pb": b"", f"{case.id}.variants/returned/{earlier}": b"first"}
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    arguments = {"filename": None, "as_text": False, "save_debug_info": False}
    preceding = ({"filename": str(scratch / earlier)},)
    request = ExportRequest(GRAPH, arguments, case_id=case.id, preceding=preceding)
    assert isinstance(ExportsFolder.open(answers).export(request), Exported)
    assert {path.name: path.read_bytes() for path in scratch.iterdir()} == {earlier: b"first"}


def test_a_folder_hands_over_what_its_exporter_knows(tmp_path: Path) -> None:
    """The op list, the descriptor set and the environment come from exporter.json and the files it names."""
    listing = OpList(op=[OpDef(name="NoOp", summary="Does nothing.")])
    stated = {"op_list": "op_list.pb", "environment": {"python": "3.7.17"}}
    files = {"op_list.pb": listing.SerializeToString()}
    folder = ExportsFolder.open(folder_with(tmp_path, files, **stated))
    assert dict(folder.registry.ops) == {"NoOp": OpDef(name="NoOp")}
    assert folder.environment == {"python": "3.7.17"}


@pytest.mark.parametrize("link", [f"{CASE}.pb", f"{CASE}.variants", "matrix", f"{CASE}.error.json"])
def test_a_link_does_not_lead_out_of_the_folder(link: str, tmp_path: Path) -> None:
    """Neither an answer nor a written file is read through a link that the exporter's folder contains."""
    outside = tmp_path / "outside"
    inside = folder_with(tmp_path, {f"{CASE}.pb": GRAPH.SerializeToString()})
    for folder in (outside / "towers", outside / "filename", outside):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.meta").write_bytes(b"secret")
    (outside / "towers" / "plain.pb").write_bytes(OTHER.SerializeToString())
    path = inside / link
    if path.is_dir():
        path.rename(tmp_path / "moved")
    else:
        path.unlink(missing_ok=True)
    is_answer = path.suffix in {".pb", ".json"}
    path.symlink_to(outside / "towers" / "plain.pb" if is_answer else outside)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    answer = answer_in(inside, scratch / "model.meta")
    assert isinstance(answer, Malformed)
    assert "link" in str(answer) or "two answers" in str(answer)
    assert list(scratch.iterdir()) == []


def test_a_fifo_in_the_folder_does_not_block(tmp_path: Path) -> None:
    """An answer that is not a regular file is malformed, and a written one is missing."""
    folder = folder_with(tmp_path, {})
    (folder / f"{CASE}.variants" / "file").mkdir(parents=True)
    os.mkfifo(folder / f"{CASE}.variants" / "file" / "model.meta")
    os.mkfifo(folder / f"{CASE}.pb")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    answer = answer_in(folder, scratch / "model.meta")
    assert answer == Malformed("The file plain.pb cannot be read: it is a FIFO, not a regular file.")
    assert (scratch / "model.meta").is_dir()  # which is not a file


HALF = "\ud800"
"""Half a character: JSON can escape it, but no report can contain it."""


@pytest.mark.parametrize(
    ("stated", "answer"),
    [
        (
            {"classes": [HALF, "ValueError"], "text": HALF, "traceback": HALF},
            Raised(("\\ud800", "ValueError"), "\\ud800", "\\ud800"),
        ),
        ({"unsupported": HALF}, NotSupported("\\ud800")),
        ({"not_loadable": HALF}, NotLoaded("\\ud800")),
    ],
)
def test_half_a_character_in_an_answer_is_escaped(
    tmp_path: Path, stated: dict[str, Any], answer: Answer
) -> None:
    """A text that cannot be encoded is an answer that can be reported, and no error of the kit."""
    assert answer_in(folder_with(tmp_path, {f"{CASE}.error.json": json.dumps(stated).encode()})) == answer


def test_half_a_character_in_a_description_is_escaped(tmp_path: Path) -> None:
    """Name, version and environment are escaped; no file can have such a name, so it is refused."""
    folder = folder_with(tmp_path, {}, name=HALF, version=HALF, environment={HALF: HALF})
    described = ExportsFolder.open(folder)
    assert (described.name, described.version, described.environment) == (
        "\\ud800",
        "\\ud800",
        {"\\ud800": "\\ud800"},
    )
    with pytest.raises(ExportsFolderError, match="no file can have that name"):
        ExportsFolder.open(folder_with(tmp_path, {}, op_list=HALF))


def test_the_text_of_an_answer_is_cut(tmp_path: Path) -> None:
    """A traceback of some megabytes does not fill the log and the report, whichever field has it."""
    long = "x" * 5_000_000
    for stated in (
        {"classes": ["ValueError", long], "text": long, "traceback": long},
        {"not_loadable": long},
        {"unsupported": long},
        {long: 1},
    ):
        files = {f"{CASE}.error.json": json.dumps(stated).encode()}
        assert len(repr(answer_in(folder_with(tmp_path, files)))) < 100_000
    twice = f'{{"{long}": 1, "{long}": 2}}'.encode()
    answer = answer_in(folder_with(tmp_path, {f"{CASE}.error.json": twice}))
    assert len(repr(answer)) < 100_000


@pytest.fixture
def deep_places(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a folder of answers and one to copy files to, in which trees of any depth are removed."""
    places = folder_with(tmp_path, {f"{CASE}.pb": GRAPH.SerializeToString()}), tmp_path / "scratch"
    places[1].mkdir()
    yield places
    for place in places:  # a later run of pytest could not remove them
        opened = open_folder(str(place))
        empty_folder(str(place), opened)
        if opened is not None:
            os.close(opened)


def test_the_files_of_a_variant_may_be_deep(deep_places: tuple[Path, Path]) -> None:
    """More folders in one another than Python recurses are copied, as far as paths reach."""
    depth = 1_200
    folder, scratch = deep_places
    deepest = folder / f"{CASE}.variants" / "file"
    deepest.mkdir(parents=True)
    with contextlib.chdir(deepest):
        for _ in range(depth):
            os.mkdir("a")  # noqa: PTH102 - relative to a folder whose path need not be short
            os.chdir("a")
        Path("f").touch()
    assert answer_in(folder, scratch / "model.meta") == Exported(GRAPH)
    assert os.path.exists(f"{scratch}/{'a/' * depth}f")  # noqa: PTH110 - Path would take long
