"""Write docs/reference/kill-matrix.md: which case catches which wrong exporter; and their sentences.

Run `python tests/miniatures/kill_matrix.py` after a change of the corpus or of the miniatures.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from miniature import Miniature
from miniature_judging import (
    MiniatureJudge,
    judging,
    matrix_cases,
    requirement_cases,
    with_first_variant,
    without_explanations,
)
from null_exporters import NULL_EXPORTERS
from re_encodings import RE_ENCODINGS
from wrong_exporters import AREAS, WRONG_EXPORTERS, exporters_of

from conformance_cases import Case, load_corpus
from pytest_metagraph.cli.explain import MINIATURES
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.judging.verdicts import TESTED, Verdict

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "kill-matrix.md"

_INTRODUCTION = """\
# Kill matrix

See which case catches which defect. Each wrong exporter on this page is a
[miniature](glossary.md#miniature): the reference exporter with one part replaced. A miniature counts as
caught if a case fails that is named after the requirement it violates; a crash does not count.
`python tests/miniatures/kill_matrix.py` writes this page, and a test checks that it is up to date.
"""

_NULL_ROW = re.compile(r"^\| ([a-z ]+) \| (\d+) of (\d+) \([^|]+\| (\d+) of (\d+) \(", re.MULTILINE)

Kills = Mapping[Miniature, Case | None]
"""The first case of the requirement it names that catches each wrong exporter."""


@dataclass(frozen=True)
class Score:
    """What an exporter passes of a part of the corpus.

    Attributes:
        passed: number of cases that pass.
        asked: number of cases that ask something.
    """

    passed: int
    asked: int

    @property
    def percent(self) -> float:
        """The part that passes, in percent."""
        return 100 * self.passed / self.asked if self.asked else 0.0

    def __add__(self, other: Score) -> Score:
        return Score(self.passed + other.passed, self.asked + other.asked)

    def __str__(self) -> str:
        return f"{self.passed} of {self.asked} ({self.percent:.1f} %)"


def kills_of_all(judge: MiniatureJudge) -> Kills:
    """Judge every wrong exporter with the cases of the requirement that it names."""
    return {miniature: judge.first_catch(miniature) for miniature in WRONG_EXPORTERS}


def score(judge: MiniatureJudge, exporter: Exporter, cases: Iterable[Case]) -> Score:
    """Judge one exporter with many cases."""
    with without_explanations():
        verdicts = [_verdict(judge, exporter, case) for case in cases]
    return Score(verdicts.count(Verdict.PASS), sum(verdict in TESTED for verdict in verdicts))


def _verdict(judge: MiniatureJudge, exporter: Exporter, case: Case) -> Verdict:
    """The verdict on a case; the other variants cannot change that of one whose first variant fails."""
    first = judge.judge(exporter, with_first_variant(case)).verdict
    return first if first.fails_run else judge.judge(exporter, case).verdict


def null_score(judge: MiniatureJudge, exporter: Exporter) -> tuple[Score, Score]:
    """What an exporter that does no work passes of the requirement cases and of the matrix cases."""
    return score(judge, exporter, requirement_cases()), score(judge, exporter, matrix_cases())


def stated_scores() -> dict[str, tuple[Score, Score]]:
    """The scores on the page, by exporter."""
    rows = _NULL_ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {
        name: (Score(int(passed), int(asked)), Score(int(of_matrix), int(asked_of_matrix)))
        for name, passed, asked, of_matrix, asked_of_matrix in rows
    }


def page(kills: Kills, scores: Mapping[str, tuple[Score, Score]]) -> str:
    """The whole page as Markdown."""
    sections = (_introduction(kills), _null_section(scores), _requirements_section(kills), _areas(kills))
    return "\n".join(line for section in sections for line in section) + "\n"


def sentences() -> str:
    """The sentences of all wrong exporters by requirement and name, as JSON for `metagraph explain`."""
    by_rule: dict[str, dict[str, str]] = {}
    for miniature in sorted(WRONG_EXPORTERS, key=lambda one: (one.requirement, one.name)):
        by_rule.setdefault(miniature.requirement, {})[miniature.name] = miniature.sentence
    return json.dumps(by_rule, indent=1) + "\n"


def _introduction(kills: Kills) -> Iterator[str]:
    caught = sum(case is not None for case in kills.values())
    requirements = {miniature.requirement for miniature, case in kills.items() if case}
    yield _INTRODUCTION
    yield f"- **{caught} of {len(kills)}** wrong exporters are caught, in {len(requirements)} requirements."
    yield f"- **{len(RE_ENCODINGS)}** [re-encodings](glossary.md#re-encoding), exporters that are right in"
    yield "  another encoding or order, pass every requirement case. The only exceptions are cases about"
    yield "  the order of nodes or ops, for those that change it."
    yield ""


def _null_section(scores: Mapping[str, tuple[Score, Score]]) -> Iterator[str]:
    yield "## Exporters that do no work"
    yield ""
    yield "What [null exporters](glossary.md#null-exporter) score in the default tier, under the documented"
    yield "contract. A test caps these scores."
    yield ""
    yield "| exporter | requirement cases | matrix cases | together |"
    yield "|---|---|---|---|"
    for name, (required, matrix) in scores.items():
        yield f"| {name} | {required} | {matrix} | {required + matrix} |"
    yield ""
    yield "`always raises` passes the cases that expect a ValueError. `echo` passes if the graph is its own"
    yield "export. `ignores all flags` passes if no flag is given, or if the flag has nothing to change."
    yield "`loads nothing` is not asked anything and has no score. An exporter that loads a graph for some"
    yield "calls is asked all cases of it."
    yield ""


def _requirements_section(kills: Kills) -> Iterator[str]:
    yield "## By requirement"
    yield ""
    yield "| requirement | level | wrong exporters that violate it |"
    yield "|---|---|---|"
    unnamed = []
    for requirement in load_corpus().requirements.values():
        named = [mini.name for mini, case in kills.items() if case and mini.requirement == requirement.id]
        if named:
            yield f"| {requirement.id} | {requirement.level} | {', '.join(named)} |"
        else:
            unnamed.append(requirement)
    yield ""
    yield "These requirements have no wrong exporter:"
    yield ""
    yield "| requirement | level | why |"
    yield "|---|---|---|"
    for requirement in unnamed:
        why = f"No case: {requirement.no_case}" if requirement.no_case else "Its cases catch none."
        yield f"| {requirement.id} | {requirement.level} | {why} |"
    yield ""


def _areas(kills: Kills) -> Iterator[str]:
    yield "## By wrong exporter"
    for area in AREAS:
        miniatures = exporters_of(area)
        yield ""
        yield f"### {_title(area.__doc__ or '')}"
        yield ""
        yield "| wrong exporter | what it does | violates | first case that fails |"
        yield "|---|---|---|---|"
        for miniature in miniatures:
            case = kills[miniature]
            first = case.id if case else "none"
            yield f"| {miniature.name} | {miniature.sentence} | {miniature.requirement} | {first} |"


def _title(docstring: str) -> str:
    text = docstring.partition(": ")[2].strip().removesuffix(".")
    return text[:1].upper() + text[1:]


def plain_name(exporter: Callable[..., object]) -> str:
    """The name of an exporter that does no work, as the page shows it."""
    return exporter.__name__.replace("_", " ")


def main() -> None:
    """Judge everything and write the page, and the sentences."""
    MINIATURES.write_text(sentences(), encoding="utf-8")
    logging.disable()  # the reference warns of collections that it leaves out
    with judging() as judge:
        scores = {plain_name(exporter): null_score(judge, exporter) for exporter in NULL_EXPORTERS}
        PAGE.write_text(page(kills_of_all(judge), scores), encoding="utf-8")


if __name__ == "__main__":
    main()
