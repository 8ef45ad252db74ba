"""The Node.js worker of the how-to, as it is or with one part of its source replaced."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from miniature_judging import cases_of, shows

from conformance_cases import Case
from pytest_metagraph.exporters.starters import AdapterKind, write_starter
from pytest_metagraph.exporters.worker_client import Worker
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract

SOURCES = Path(__file__).parents[2] / "docs" / "how-to" / "nodejs-worker"
SECONDS = 60.0
"""The time limit for one answer; generous, because the machine may be busy."""

_SHARED = frozenset({"errors.mjs", "schema.mjs"})
"""Modules that import no other one, so that all variants can have the same; the schema takes long to read."""

_NODE_OPTION = "--max-semi-space-size=64"
"""MiB for the objects of an export; with the default, a third of the time of Node.js is its collector's."""

_NPM_INSTALL = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]


class NotInstalledError(Exception):
    """Node.js, npm or a package from npm is missing."""


@dataclass(frozen=True)
class WrongWorker:
    """The worker with one part of its source replaced.

    Attributes:
        name: what reports call it; unique within its file.
        requirement: the id of the requirement that it violates.
        sentence: what it does.
        contract: the contract that it is judged under.
        file: the file of the worker that is changed.
        before: the text that is replaced; it occurs once in the file.
        after: the text in its place.
        raises: the class of the error that is the defect itself; empty if the defect is not an error.
    """

    name: str
    requirement: str
    sentence: str
    file: str
    before: str
    after: str
    contract: Contract = Contract.DOCUMENTED
    raises: str = ""

    def source(self) -> str:
        """Return the changed file.

        Raises:
            ValueError: if the text to replace does not occur exactly once.
        """
        right = (SOURCES / self.file).read_text(encoding="utf-8")
        if right.count(self.before) != 1:
            raise ValueError(
                f"{self.name}: {self.before!r} occurs {right.count(self.before)} times in {self.file}"
            )
        return right.replace(self.before, self.after)


def wrong_workers(file: str) -> list[WrongWorker]:
    """Read the wrong workers of a TOML file beside this module."""
    entries = tomllib.loads((Path(__file__).parent / file).read_text(encoding="utf-8"))["worker"]
    return [
        WrongWorker(**{**entry, "contract": Contract(entry.get("contract", "documented"))})
        for entry in entries
    ]


MISTAKES = wrong_workers("nodejs_mistakes.toml")
"""Workers with a mistake that authors in JavaScript make."""

ABLATIONS = wrong_workers("nodejs_ablations.toml")
"""Workers without one requirement."""


def named_requirements() -> set[str]:
    """Return the ids of the requirements that the worker names and that a case is named after."""
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.mjs"))
    return {name for name in re.findall(r"\b[A-Z]{2,5}-\d\d\b", source) if cases_of(name)}


def install(folder: Path) -> None:
    """Write the starter of `metagraph new-adapter command` to a folder, and install what it needs from npm.

    Raises:
        NotInstalledError: if that is not possible here, with the reason.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise NotInstalledError(f"{program} is not installed")
    write_starter(AdapterKind.COMMAND, folder)
    installed = subprocess.run(_NPM_INSTALL, cwd=folder, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        raise NotInstalledError(f"npm install fails here: {installed.stderr.strip()[-200:]}")


def copy_worker(starter: Path, folder: Path) -> str:
    """Copy the worker to a new folder, and return the command that starts it.

    Args:
        starter: a folder that `install` has written.
        folder: the new folder.
    """
    folder.mkdir()
    # Node.js looks for imports beside the file that a link leads to, so modules are copied.
    modules = {path.name: path for source in (starter, SOURCES) for path in source.glob("*.mjs")}
    for name, path in modules.items():
        shutil.copyfile(path, folder / name)
    for path in starter.iterdir():
        if path.name not in modules:
            (folder / path.name).symlink_to(path)
    return f"node {_NODE_OPTION} {folder / 'worker.mjs'}"


@contextmanager
def judging(command: str, contract: Contract) -> Iterator[Judge]:
    """Start a worker for a `with` block, and judge it with files in a folder that is removed at the end."""
    with closing(Worker(command, SECONDS)) as worker, closing(ScratchFolder(contract)) as folder:
        yield Judge(worker, contract, folder)


@contextmanager
def judging_wrong_workers(
    starter: Path, folder: Path, workers: Sequence[WrongWorker]
) -> Iterator[Callable[[WrongWorker], Case | None]]:
    """Start one process that answers as each of some wrong workers, for a `with` block.

    Args:
        starter: a folder that `install` has written.
        folder: a new folder for the process.
        workers: the wrong workers.

    Yields:
        A function that returns the first requirement case of the violated requirement that shows what a
        worker does wrong.
    """
    command = copy_worker(starter, folder)
    shutil.copyfile(Path(__file__).with_name("nodejs_variants.mjs"), folder / "export_meta_graph.mjs")
    for wrong in workers:
        _write_variant(wrong, folder)
    with ExitStack() as stack:
        client = stack.enter_context(closing(Worker(command, SECONDS)))
        judges = {
            contract: Judge(client, contract, stack.enter_context(closing(ScratchFolder(contract))))
            for contract in Contract
        }

        def first_catch(wrong: WrongWorker) -> Case | None:
            (folder / "current").write_text(wrong.name, encoding="utf-8")
            for case in cases_of(wrong.requirement):
                judgement = judges[wrong.contract].judge(case)
                if judgement.verdict.fails_run and any(
                    shows(finding, wrong.raises) for finding in judgement.findings
                ):
                    return case
            return None

        yield first_catch


def _write_variant(wrong: WrongWorker, folder: Path) -> None:
    variant = folder / "variants" / wrong.name
    variant.mkdir(parents=True)
    for path in SOURCES.glob("*.mjs"):
        if path.name == wrong.file:
            (variant / path.name).write_text(wrong.source(), encoding="utf-8")
        elif path.name in _SHARED:
            (variant / path.name).symlink_to(folder / path.name)
        else:
            shutil.copyfile(path, variant / path.name)
