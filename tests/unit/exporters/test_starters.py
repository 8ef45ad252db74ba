"""The starters: they are complete, run at once, and overwrite nothing."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance_cases import Capability, Tier, Variant, load_corpus
from pytest_metagraph.cli import main
from pytest_metagraph.exporters import protocol
from pytest_metagraph.exporters.answers import Exported, NotLoaded, NotSupported, Raised
from pytest_metagraph.exporters.case_files import schema_files, write_cases
from pytest_metagraph.exporters.exports_folder import ExportsFolder
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.exporters.starters import (
    PLAIN_WORKER,
    AdapterKind,
    starter_files,
    tensorflow_worker,
    write_starter,
)
from pytest_metagraph.exporters.worker_client import Worker
from pytest_metagraph.judging.case_request import case_request
from reference_impl import Contract
from reference_impl.schema import GraphDef, MetaGraphDef, SaverDef

SCRIPTS = str(Path(sys.executable).parent)


def run_steps(folder: Path, *prefixes: str) -> list[str]:
    """Run the steps of a starter's workflow that begin with one of the prefixes, and return their output."""
    workflow = yaml.safe_load((folder / ".github/workflows/conformance.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"]["export_meta_graph"]["steps"] if "run" in step]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([SCRIPTS, os.environ["PATH"]]),
        "PYTEST_ADDOPTS": "--metagraph-tier=smoke -p no:hypothesispytest",
    }
    printed = []
    for step in steps:
        if step.startswith(prefixes):
            words = shlex.split(step.replace("-n auto", "-n 0"))
            finished = subprocess.run(
                words,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            printed.append(finished.stdout)
    return printed


def test_the_python_starter_runs_at_once(tmp_path: Path) -> None:
    """Both commands of its workflow run in a new folder, and show what is unsupported."""
    assert main(["new-adapter", "python", str(tmp_path)]) == 0
    smoke, corpus = run_steps(tmp_path, "metagraph", "pytest")
    assert "connected correctly" in smoke
    assert "not supported by the exporter" in corpus


def test_the_python_starter_lists_every_capability() -> None:
    """The starter has a line for each capability, with its sentence."""
    text = starter_files(AdapterKind.PYTHON)["metagraph_adapter.py"].decode()
    for capability in Capability:
        assert f'    "{capability}",  # {capability.sentence}\n' in text


def test_the_command_starter_has_everything_that_another_language_needs() -> None:
    """The protocol, TensorFlow's messages and its ops are among the files of the starter."""
    assert sorted(starter_files(AdapterKind.COMMAND)) == [
        ".github/workflows/conformance.yml",
        "export_meta_graph.mjs",
        "package.json",
        "protos.txt",
        "requirements.toml",
        "tensorflow.binpb",
        "tensorflow_ops.binpb",
        "worker.mjs",
        "worker.proto",
    ]


def test_one_command_compiles_all_messages(tmp_path: Path) -> None:
    """All 23 files are compiled from the descriptors, with their names from a file."""
    pytest.importorskip("grpc_tools.protoc", reason="needs grpcio-tools")
    for name, content in schema_files().items():
        (tmp_path / name).write_bytes(content)
    arguments = ["--descriptor_set_in=tensorflow.binpb", "--python_out=.", "@protos.txt"]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], cwd=tmp_path, check=True)
    compiled = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*_pb2.py")}
    names = (tmp_path / "protos.txt").read_text().splitlines()
    assert len(names) == 23
    assert compiled == {name.replace(".proto", "_pb2.py") for name in names}


@pytest.mark.parametrize("kind", list(AdapterKind))
def test_a_starter_overwrites_nothing(
    kind: AdapterKind, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If one of its files exists, none is written, and the command names it."""
    *_, last = starter_files(kind)
    (tmp_path / last).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / last).write_text("mine")
    assert main(["new-adapter", kind, str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]
    with pytest.raises(FileExistsError):
        write_starter(kind, tmp_path)


def test_the_plain_worker_runs_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The worker in plain Python answers the kit over the protocol, which it implements itself."""
    assert main(["new-adapter", "worker", str(tmp_path)]) == 0
    with contextlib.closing(Worker(f"{shlex.quote(sys.executable)} {tmp_path / 'my_worker.py'}")) as worker:
        case = load_corpus().case("matrix/towers/plain")
        answer = worker.export(case_request(case, Variant(), Contract.DOCUMENTED, lambda name: f"/{name}"))
        assert worker.unsupported == set(Capability)
    assert isinstance(answer, Exported)
    assert answer.message == case.graph.message()
    assert "my_worker.py" in capsys.readouterr().out


def test_the_plain_worker_says_that_it_cannot_load(tmp_path: Path) -> None:
    """An error of loading, where the starter catches it, is the answer that the graph is not loadable."""
    write_starter(AdapterKind.WORKER, tmp_path)
    path = tmp_path / "my_worker.py"
    text = path.read_text(encoding="utf-8")
    assert text.count("bytes(graph)  #") == 1
    path.write_text(text.replace("bytes(graph)  #", 'int(float("inf"))  #'), encoding="utf-8")
    with contextlib.closing(Worker(f"{shlex.quote(sys.executable)} {path}")) as worker:
        answer = worker.export(ExportRequest(MetaGraphDef(), {}))
    assert answer == NotLoaded("cannot convert float infinity to integer")


def test_the_python_starter_says_that_it_cannot_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines that the starter suggests in a comment run, with the import that they name."""
    write_starter(AdapterKind.PYTHON, tmp_path)
    path = tmp_path / "metagraph_adapter.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    suggested = [line.replace("    #     ", "    ") for line in lines if line.startswith("    #     ")]
    before = lines[: lines.index(next(line for line in lines if line.startswith("    # An adapter")))]
    code = "\n".join(["import my_framework", "from pytest_metagraph import NotLoadable", *before, *suggested])
    framework = "class ImportError(Exception): pass\ndef load(data): raise ImportError('no such op')\n"
    (tmp_path / "my_framework.py").write_text(framework, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    namespace: dict[str, Any] = {}
    exec(compile(code, str(path), "exec"), namespace)  # noqa: S102 - the text is that of the starter
    answer = InProcess(namespace["export"], "starter").export(ExportRequest(MetaGraphDef(), {}))
    assert answer == NotLoaded("no such op")


def test_the_plain_worker_answers_in_files(tmp_path: Path) -> None:
    """Its folder of answers has one for each variant, and the description of the exporter."""
    write_starter(AdapterKind.WORKER, tmp_path)
    write_cases(load_corpus(), tmp_path / "cases", Tier.SMOKE, Contract.DOCUMENTED)
    command = [sys.executable, "my_worker.py", "cases", "answers", "matrix/towers/*"]
    printed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert printed == "exported 4 of 4 cases\n"
    folder = ExportsFolder.open(tmp_path / "answers")
    assert (folder.name, folder.version) == ("my-exporter", "0.1")
    case = load_corpus().case("matrix/towers/plain")
    for variant in case.variants:
        request = case_request(case, variant, Contract.DOCUMENTED, lambda name: str(tmp_path / "out" / name))
        assert isinstance(folder.export(request), Exported)


def test_the_plain_worker_goes_on_after_a_call_that_ended_the_process(tmp_path: Path) -> None:
    """What was answered stays; the call that ended the process becomes an error that no case expects."""
    write_starter(AdapterKind.WORKER, tmp_path)
    write_cases(load_corpus(), tmp_path / "cases", Tier.SMOKE, Contract.DOCUMENTED)
    worker = tmp_path / "my_worker.py"
    whole = worker.read_text()
    worker.write_text(
        whole.replace(
            "return bytes(loaded)",
            "import os\n        return bytes(loaded) if not call.arguments['as_text'] else os._exit(1)",
        )
    )
    command = [sys.executable, "my_worker.py", "cases", "answers", "CALL-02/returned-and-written"]
    statuses = []
    while not statuses or statuses[-1]:
        statuses.append(subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode)
    case = load_corpus().case("CALL-02/returned-and-written")
    ended = [variant for variant in case.variants if variant.as_text]
    assert statuses == [1] * len(ended) + [0]
    folder = ExportsFolder.open(tmp_path / "answers")
    for variant in case.variants:
        request = case_request(case, variant, Contract.DOCUMENTED, lambda name: str(tmp_path / "out" / name))
        answer = folder.export(request)
        assert isinstance(answer, Exported if variant not in ended else Raised)
        assert not isinstance(answer, Raised) or answer.classes == ("ProcessEnded",)


def _plain_worker() -> Any:
    spec = importlib.util.spec_from_loader("plain_worker", loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    exec(starter_files(AdapterKind.WORKER)[PLAIN_WORKER], module.__dict__)  # noqa: S102 - the kit's own file
    return module


def test_the_plain_worker_reads_every_kind_of_value() -> None:
    """A request of the kit arrives with the values that it was made from."""
    values = {
        "nothing": None,
        "yes": True,
        "no": False,
        "negative": -3,
        "large": 2**62,
        "half": 0.5,
        "text": "\u00e4",
        "data": b"\x00\xff",
        "list": [1, ["a"], {}],
        "dict": {"a": b"b", 2: None},
        "empty": "",
    }
    sent = ExportRequest(
        MetaGraphDef(),
        {**values, "saver": SaverDef(max_to_keep=3), "graph_def": GraphDef()},
        eager=True,
        case_id="a/b",
        preceding=({"filename": "/x"}, {"filename": "/y"}),
    )
    worker = _plain_worker()
    (_, data), *others = worker.fields(protocol.encode_export(sent))
    call = worker.decode_call(data)
    saver, graph_def = call.arguments.pop("saver"), call.arguments.pop("graph_def")
    assert call.arguments == values
    assert (saver.type_name, SaverDef.FromString(saver.data)) == (
        "tensorflow.SaverDef",
        SaverDef(max_to_keep=3),
    )
    assert (graph_def.type_name, graph_def.data) == ("tensorflow.GraphDef", b"")
    assert (call.eager, call.default_graph, call.case_id, others) == (True, False, "a/b", [])
    assert call.preceding == [{"filename": "/x"}, {"filename": "/y"}]


def test_the_plain_worker_writes_every_kind_of_answer() -> None:
    """The kit reads its introduction, and an error, a missing capability and an empty message."""
    worker = _plain_worker()
    exporter = worker.Exporter()
    exporter.name, exporter.version, exporter.unsupported = "name", "1.0", ("eager", "files")
    introduction = protocol.decode_introduction(worker.encode_introduction(exporter))
    assert (introduction.name, introduction.version) == ("name", "1.0")
    assert introduction.unsupported == {Capability.EAGER, Capability.FILES}

    def answered(**attributes: Any) -> Any:
        answer = worker.Answer()
        vars(answer).update(attributes)
        return protocol.decode_answer(worker.encode_answer(answer))

    assert answered(exported=b"") == Exported(MetaGraphDef())
    assert answered(raised=["A", "B"], text="t" * 300) == Raised(("A", "B"), "t" * 300)
    assert answered(unsupported="eager") == NotSupported("eager")
    assert not isinstance(answered(not_loadable="why"), Exported | Raised)


def test_the_workers_are_written_for_old_pythons() -> None:
    """Both files of plain Python parse with the grammar of the oldest interpreter that they promise."""
    for source in (tensorflow_worker(), *starter_files(AdapterKind.WORKER).values()):
        ast.parse(source, feature_version=(3, 6))


def test_the_tensorflow_worker_is_one_file() -> None:
    """It imports nothing of the kit, and each name that it takes from the plain worker is in it."""
    source = tensorflow_worker().decode()
    imported = [
        name.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    ]
    assert "pytest_metagraph" not in " ".join(map(str, imported))
    assert set(imported) <= set(sys.stdlib_module_names)
    defined = {
        node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    assert {"Call", "Exporter", "NotLoadable", "Serialized", "TensorFlow", "Unsupported", "main"} <= defined
