"""The worker for any TensorFlow, run with the installed one and with those of other environments."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tensorflows import interpreter_of

from conformance_cases import Tier, load_corpus
from pytest_metagraph.exporters.case_files import write_cases
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.exports_folder import ExportsFolder
from pytest_metagraph.exporters.starters import TENSORFLOW_WORKER, AdapterKind, write_starter
from pytest_metagraph.exporters.worker_client import Worker
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract

pytestmark = pytest.mark.oracle

CASES = (
    "CALL-01/all-arguments-by-name",
    "DBG-01/two-extensions",
    "EAG-01/graph-only",
    "EAG-02/reference-variables",
    "UNB-08/filtered-then-plain",
    "matrix/towers/export_scope=tower_1,strip_default_attrs",
)
"""Cases with messages for arguments, files, an error, eager execution and an earlier call."""

OLDER_CASES = ("EAG-01/graph-only", "EAG-01/nothing", "DEV-01/devices")
"""Cases whose graphs every version since 1.13 loads, with eager execution and without."""


def test_its_answers_in_files_are_those_of_the_installed_tensorflow(tmp_path: Path) -> None:
    """TensorFlow passes the cases in every variant of the call, if the worker writes a folder of answers."""
    pytest.importorskip("tensorflow")
    write_starter(AdapterKind.TENSORFLOW, tmp_path)
    write_cases(load_corpus(), tmp_path / "cases", Tier.DEFAULT, Contract.TENSORFLOW)
    command = [sys.executable, TENSORFLOW_WORKER, "cases", "answers", *CASES]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    folder = ExportsFolder.open(tmp_path / "answers")
    assert _verdicts(folder, CASES) == dict.fromkeys(CASES, Verdict.PASS)


def test_its_answers_as_a_worker_are_those_of_the_installed_tensorflow(tmp_path: Path) -> None:
    """TensorFlow passes the cases in every variant of the call, if the worker answers on stdout."""
    pytest.importorskip("tensorflow")
    with contextlib.closing(_worker(tmp_path, Path(sys.executable))) as worker:
        assert worker.name == "tensorflow"
        assert _verdicts(worker, CASES) == dict.fromkeys(CASES, Verdict.PASS)


@pytest.mark.parametrize("version", ["1.13", "1.15", "2.0", "2.6", "2.15"])
def test_an_older_tensorflow_answers(version: str, tmp_path: Path) -> None:
    """TensorFlow 1 enters eager execution, so it refuses a live graph as later versions do (EAG-01).

    What its messages lack counts as declared: the full type of a node, and the traces of loaded nodes.
    """
    with contextlib.closing(_worker(tmp_path, interpreter_of(version))) as worker:
        assert worker.version.startswith(version)
        assert worker.unsupported == {
            *(["save_debug_info"] if version == "1.13" else []),
            *(["experimental_type", "debug_info_traces"] if version != "2.15" else []),
        }
        assert _verdicts(worker, OLDER_CASES) == dict.fromkeys(OLDER_CASES, Verdict.PASS)


REGISTRY_CASES = (
    "OPS-01/deprecated-and-internal",
    "STRIP-01/nodes",
    "STRIP-01/function-body",
    "matrix/resource_variables/plain",
    "matrix/resource_variables/strip_default_attrs",
)
"""Cases that an older TensorFlow fails if its ops are compared with those of TensorFlow 2.21."""


@pytest.mark.parametrize("version", ["1.15", "2.0", "2.6", "2.15"])
def test_an_older_tensorflow_is_compared_with_its_own_ops(version: str, tmp_path: Path) -> None:
    """Its op list and messages come from the TensorFlow itself, and it passes what it can load."""
    with contextlib.closing(_worker(tmp_path, interpreter_of(version))) as worker:
        verdicts = _verdicts(worker, REGISTRY_CASES)
    assert set(verdicts.values()) <= {Verdict.PASS, Verdict.NOT_LOADABLE, Verdict.UNSUPPORTED}
    assert list(verdicts.values()).count(Verdict.PASS) >= 3


def _worker(folder: Path, python: Path) -> Worker:
    write_starter(AdapterKind.TENSORFLOW, folder)
    return Worker(shlex.join([str(python), str(folder / TENSORFLOW_WORKER)]), seconds=120)


def _verdicts(client: ExporterClient, cases: tuple[str, ...]) -> dict[str, Verdict]:
    with contextlib.closing(ScratchFolder(Contract.TENSORFLOW)) as folder:
        judge = Judge(client, Contract.TENSORFLOW, folder)
        return {case_id: judge.judge(load_corpus().case(case_id)).verdict for case_id in cases}
