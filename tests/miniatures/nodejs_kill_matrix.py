"""Write docs/reference/kill-matrix-nodejs.md: which case catches which wrong variant of the Node.js worker.

Run `python tests/miniatures/nodejs_kill_matrix.py` after a change of the corpus, of the worker or of its
miniatures. It needs Node.js and npm.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nodejs_worker import ABLATIONS, MISTAKES, WrongWorker, install, judging_wrong_workers

from conformance_cases import Case
from reference_impl import Contract

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "kill-matrix-nodejs.md"

_INTRODUCTION = """\
# Kill matrix of the Node.js worker

See which defects the corpus finds in an exporter that shares no code with the reference exporter:
[the Node.js worker](../how-to/worker-in-any-language.md#read-a-complete-exporter) of the how-to.
Each row is a [miniature](glossary.md#miniature): a copy of the worker with one part of its source
replaced. A miniature counts as caught if a case fails that is named after the requirement it
violates; a crash does not count. `python tests/miniatures/nodejs_kill_matrix.py` writes this page,
and a test checks that it is up to date.
"""

Kills = Mapping[WrongWorker, Case | None]
"""The first case that catches each wrong worker."""


def kills_of_all(folder: Path, starter: Path) -> Kills:
    """Judge every wrong worker.

    Args:
        folder: a new folder for the copies of the worker.
        starter: a folder that `install` has written.
    """
    workers = (*MISTAKES, *ABLATIONS)
    with judging_wrong_workers(starter, folder, workers) as first_catch:
        return {wrong: first_catch(wrong) for wrong in workers}


def page(kills: Kills) -> str:
    """The whole page as Markdown."""
    sections = (
        [_INTRODUCTION],
        _counts(kills),
        ["## Mistakes", "", "Mistakes that are easy to make in JavaScript, or in any exporter.", ""],
        _table(MISTAKES, kills),
        [
            "",
            "## Without one requirement",
            "",
            "For each requirement that has cases, the worker without it.",
            "",
        ],
        _table(ABLATIONS, kills),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _counts(kills: Kills) -> Iterator[str]:
    for text, workers in (("mistakes", MISTAKES), ("ablations", ABLATIONS)):
        caught = sum(kills[wrong] is not None for wrong in workers)
        yield f"- **{caught} of {len(workers)}** {text} are caught."
    yield ""


def _table(workers: Sequence[WrongWorker], kills: Kills) -> Iterator[str]:
    yield "| worker | what it does | violates | first case that fails |"
    yield "|---|---|---|---|"
    for wrong in workers:
        case = kills[wrong]
        contract = "" if wrong.contract is Contract.DOCUMENTED else f", contract {wrong.contract.value}"
        found = "none" if case is None else f"{case.id}{contract}"
        yield f"| {wrong.name} | {wrong.sentence} | {wrong.requirement} | {found} |"


def main() -> None:
    """Judge everything and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        starter = Path(folder, "starter")
        install(starter)
        PAGE.write_text(page(kills_of_all(Path(folder, "workers"), starter)), encoding="utf-8")


if __name__ == "__main__":
    main()
