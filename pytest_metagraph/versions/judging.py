"""Export the cases once with the TensorFlow of an environment, and judge the answers under both contracts."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from conformance_cases import Tier, load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.exporters.case_files import write_cases
from pytest_metagraph.exporters.client import open_client
from pytest_metagraph.exporters.exports_folder import EXPORTER_FILE, ExportsFolder
from pytest_metagraph.exporters.starters import TENSORFLOW_WORKER, tensorflow_worker
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.recording import report_of
from pytest_metagraph.reports.versions import Measurement
from pytest_metagraph.settings import Settings
from pytest_metagraph.versions.environments import end_of, run_program
from reference_impl.contracts import Contract

REGISTRY_FIELDS = frozenset({"op_list", "descriptor_set"})
"""What describes the exporter's own registry in `exporter.json`."""

SILENT_SECONDS = 900.0
"""How long an export may run without having finished another 20 cases."""


class MeasurementError(MetagraphError):
    """An exporter could not be judged."""


def export(python: Path, name: str, folder: Path, tier: Tier, step: Callable[[str], None]) -> Path:
    """Have a TensorFlow answer the cases of a tier.

    The contract `documented` asks every case, so its answers serve both contracts.

    Args:
        python: the interpreter that has it.
        name: the name of the exporter in reports.
        folder: a new folder for cases and answers.
        tier: the tier.
        step: shows the progress.

    Returns:
        The folder of its answers.

    Raises:
        MeasurementError: if it does not start, or ends again and again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / TENSORFLOW_WORKER
    program.write_bytes(tensorflow_worker())
    command = [str(python), "-W", "ignore", str(program), "--name", name]
    step("importing TensorFlow")
    described = run_program([*command, "--describe", str(folder / "described")], folder)
    if described.returncode:
        raise MeasurementError(f"TensorFlow cannot be used: {end_of(described.stderr)}")
    registry = ExportsFolder.open(folder / "described").registry
    write_cases(load_corpus(), folder / "cases", tier, Contract.DOCUMENTED, registry)
    answers = folder / "answers"
    begun = -1
    while not (answers / EXPORTER_FILE).is_file():
        problem = _follow([*command, str(folder / "cases"), str(answers)], folder, step)
        if (answers / EXPORTER_FILE).is_file():
            break
        before, begun = begun, sum(1 for _ in answers.rglob("*.done"))
        if begun <= before:  # not even the case that ended the process was passed over
            raise MeasurementError(f"the export ended: {problem}")
    return answers


def judge(label: str, how: Mapping[str, str], tier: Tier, step: Callable[[str], None]) -> Measurement:
    """Judge an exporter under both contracts; if it is a folder of answers, also without its own registry.

    The cases that pass only with the exporter's own registry differ in nothing but the registry.

    Args:
        label: the words that name it.
        how: the one argument of `open_client` that names the exporter.
        tier: the tier.
        step: shows the progress.
    """
    reports: dict[str, Report] = {}

    def report(contract: Contract) -> Report:
        settings = Settings(
            exporter=how.get("exporter", ""),
            worker=how.get("command", ""),
            exports=how.get("exports", ""),
            contract=contract.value,
            tier=tier.value,
        )
        named = {"exporter": settings.exporter, "command": settings.worker, "exports": settings.exports}
        with open_client(**named, seconds=settings.timeout, in_process=False) as client:
            return report_of(client, settings, lambda text: step(f"{label}, {contract}: {text}"))

    try:
        for contract in Contract:
            reports[contract.value] = report(contract)
        if "exports" not in how or not _has_registry(Path(how["exports"])):
            return Measurement(label, reports)
        with _without_registry(Path(how["exports"])):
            return Measurement(label, reports, report(Contract.TENSORFLOW))
    except MetagraphError as error:
        return Measurement(label, reports, problem=str(error))


def _has_registry(answers: Path) -> bool:
    return not REGISTRY_FIELDS.isdisjoint(json.loads((answers / EXPORTER_FILE).read_text(encoding="utf-8")))


@contextlib.contextmanager
def _without_registry(answers: Path) -> Iterator[None]:
    path = answers / EXPORTER_FILE
    whole = path.read_bytes()
    kept = {name: value for name, value in json.loads(whole).items() if name not in REGISTRY_FIELDS}
    path.write_text(json.dumps(kept), encoding="utf-8")
    try:
        yield
    finally:
        path.write_bytes(whole)


def _follow(command: Sequence[str], folder: Path, step: Callable[[str], None]) -> str:
    """Run the exporting program and show its progress; return the end of its stderr."""
    errors = folder / "stderr.txt"
    with (
        errors.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(  # noqa: S603 - the program that this module wrote
            command, cwd=folder, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        watchdog = threading.Timer(SILENT_SECONDS, process.kill)
        watchdog.start()
        try:
            for line in process.stdout or ():
                step(line.strip())
                watchdog.cancel()
                watchdog = threading.Timer(SILENT_SECONDS, process.kill)
                watchdog.start()
        except BaseException:
            process.kill()
            raise
        finally:
            watchdog.cancel()
    return end_of(errors.read_text(encoding="utf-8", errors="replace"))
