"""Export the cases once with the TensorFlow of an environment, and judge the answers under both contracts."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from conformance_cases import Case, Detail, Tier, load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.exporters.adapted_case import adapted
from pytest_metagraph.exporters.case_files import write_cases
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.connect import open_client
from pytest_metagraph.exporters.exports_folder import EXPORTER_FILE, ExportsFolder
from pytest_metagraph.exporters.registry import KIT_REGISTRY
from pytest_metagraph.exporters.starters import TENSORFLOW_WORKER, tensorflow_worker
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.result import CaseResult, exporter_of
from pytest_metagraph.judging.run import judge_cases
from pytest_metagraph.judging.written_files import ScratchFolder
from pytest_metagraph.reports.footer import footer_of
from pytest_metagraph.reports.header import header_of, now
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.validity import find_problems
from pytest_metagraph.reports.versions_table import OWN_CONTRACT, Measurement
from pytest_metagraph.selection import selected_cases
from pytest_metagraph.settings import Settings
from pytest_metagraph.versions.environments import end_of, run_program
from reference_impl.atomic_write import write_file
from reference_impl.contracts import Contract

SILENT_SECONDS = 900.0
"""How long an export may run without having finished another 20 cases."""


class MeasurementError(MetagraphError):
    """An exporter could not be judged."""


def export(python: Path, name: str, folder: Path, tier: Tier, step: Callable[[str], None]) -> Path:
    """Have a TensorFlow answer the cases of a tier that either contract tests.

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
    write_file(program, tensorflow_worker())
    command = [str(python), "-W", "ignore", str(program), "--name", name]
    step("importing TensorFlow")
    described = run_program([*command, "--describe", str(folder / "described")], folder)
    if described.returncode:
        raise MeasurementError(f"TensorFlow cannot be used: {end_of(described.stderr)}")
    registry = ExportsFolder.open(folder / "described").registry
    write_cases(load_corpus(), folder / "cases", tier, None, registry)
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

    A case of which both contracts expect the same is judged once. The cases that pass only with the own
    registry of the exporter differ in nothing but the registry.

    Args:
        label: the words that name it.
        how: the one argument of `open_client` that names the exporter.
        tier: the tier.
        step: shows the progress.
    """
    reports: dict[str, Report] = {}
    corpus_cases = load_corpus().cases(tier)
    alike = {case.id for case in corpus_cases if _is_judged_alike(case)}
    known: dict[str, CaseResult] = {}
    settings = Settings(
        exporter=how.get("exporter", ""),
        worker=how.get("command", ""),
        exports=how.get("exports", ""),
        tier=tier.value,
    )
    named = {"exporter": settings.exporter, "command": settings.worker, "exports": settings.exports}
    try:
        for contract in Contract:
            under = settings._replace(contract=contract.value)
            with open_client(**named, seconds=settings.timeout, in_process=False) as client:
                found = report_of(client, under, _named(step, f"{label}, {contract}"), known)
            reports[contract.value] = found
            known = {result.case: result for result in found.results if result.case in alike}
        if not settings.exports:
            return Measurement(label, reports)
        answers = ExportsFolder.open(Path(settings.exports))
        if answers.registry == KIT_REGISTRY:
            return Measurement(label, reports)
        passed = {result.case for result in reports[OWN_CONTRACT].results if result.passed}
        contract = Contract(OWN_CONTRACT)
        cases = [
            case
            for case in corpus_cases
            if case.id in passed
            and case.expectation(contract) != adapted(case, answers.registry).expectation(contract)
        ]
        without = replace(answers, introduction=replace(answers.introduction, registry=KIT_REGISTRY))
        with contextlib.closing(ScratchFolder(contract)) as folder:
            # The variants of a case that passed gave the same message.
            judge_of_kit = Judge(without, contract, folder, one_variant=True)
            again = judge_cases(judge_of_kit, cases, settings.level, _named(step, f"{label}, ops of the kit"))
            of_registry = {result.case for result in again if not result.passed}
        return Measurement(label, reports, frozenset(passed - of_registry))
    except MetagraphError as error:
        return Measurement(label, reports, problem=str(error))


def report_of(
    client: ExporterClient,
    settings: Settings,
    step: Callable[[str], None],
    known: Mapping[str, CaseResult] | None = None,
) -> Report:
    """Judge the cases that the options select, and return the report.

    Args:
        client: the client of the exporter.
        settings: the options of the run.
        step: shows the progress.
        known: results by case that are taken over, and not judged again.

    Raises:
        MetagraphError: if a case cannot be selected, or the exporter cannot be started again.
    """
    header = header_of(settings, exporter_of(client), now())
    # Cases of one graph follow one another, so that an exporter loads it once.
    cases = sorted(selected_cases(settings), key=lambda case: (case.graph.name, case.id))
    before = [known[case.id] for case in cases if known and case.id in known]
    cases = [case for case in cases if not known or case.id not in known]
    contract = Contract(settings.contract)
    with contextlib.closing(ScratchFolder(contract)) as folder:
        found = judge_cases(Judge(client, contract, folder), cases, settings.level, step)
        results = tuple(sorted((*before, *found), key=lambda result: result.case))
    footer = footer_of(header, results, now())
    return Report(header, results, footer, find_problems(header, results, footer))


def _is_judged_alike(case: Case) -> bool:
    """Return whether both contracts expect the same of a case, so that one judgement is that of both."""
    documented, tensorflow = (case.expectation(contract) for contract in Contract)
    return documented == tensorflow and Detail.DEBUG_INFO_NAME not in case.details


def _named(step: Callable[[str], None], name: str) -> Callable[[str], None]:
    return lambda text: step(f"{name}: {text}")


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
