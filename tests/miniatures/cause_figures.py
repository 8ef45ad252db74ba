"""Measures how well a run names the causes of its failures, on exporters whose defects are known.

Run `python tests/miniatures/cause_figures.py [everyday] [alone] [PAIRS]`: three everyday defects at once in
the smoke tier; every wrong exporter alone; then that many random pairs of them, each judged with the
requirement cases and the smoke tier. Without arguments it measures all three, with 200 pairs.
`test_causes_of_miniatures.py` holds a sample.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from miniature import Miniature, Right, changes_message, replaces
from miniature_judging import MiniatureJudge, judging, requirement_cases, with_fewer_variants
from seams import Seam
from wrong_exporters import WRONG_EXPORTERS

from conformance_cases import Case, Tier, load_corpus
from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters import reference
from pytest_metagraph.judging.result import CaseResult, Cause, result_of
from pytest_metagraph.reports.causes import causes_of
from reference_impl.arguments import ExportArguments
from reference_impl.collection_defs import CollectionWriter
from reference_impl.op_defs import stripped_op_list
from reference_impl.schema import MetaGraphDef

SEED = 20
MOST_ALONE = 3
"""The number of causes that one defect may have."""
MOST_OF_A_PAIR = 6
"""The number of causes that two defects may have."""

_PROCESSES = 2


@replaces(Seam.WRITE_CHECKED_COLLECTION, "COL-12")
def prunes_no_collections(right: Right, writer: CollectionWriter, name: str, items: Sequence[object]) -> None:
    """Writes all items of the graph's collections under a scope, with their whole names."""
    if name != "unbound_inputs":
        writer = replace(writer, nodes=replace(writer.nodes, scope=None))
    right(writer, name, items)


@changes_message("CLS-02")
def leaves_the_scope_in_class(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Leaves `_class` under a scope as it is in the graph."""
    if not arguments.export_scope:
        return
    graph_def = arguments.graph.stated_graph_def
    in_graph = {node.name: node.attr["_class"] for node in graph_def.node if "_class" in node.attr}
    for node in message.graph_def.node:
        name = f"{arguments.export_scope.removesuffix('/')}/{node.name}"
        if "_class" in node.attr and name in in_graph:
            node.attr["_class"].CopyFrom(in_graph[name])


@changes_message("SCOPE-13")
def lists_ops_before_it_filters(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Makes the op list of the graph before it takes nodes away from it."""
    given = arguments.meta_info_def
    if arguments.graph_def is None and not (given and given.stripped_op_list.op):
        listed = message.meta_info_def.stripped_op_list.op
        del listed[:]
        graph = arguments.graph
        listed.extend(stripped_op_list(graph.stated_graph_def, graph.node_index.used_ops))


EVERYDAY: tuple[Miniature, ...] = (
    prunes_no_collections,
    leaves_the_scope_in_class,
    lists_ops_before_it_filters,
)
"""Three defects that exporters often have together."""


@dataclass(frozen=True)
class Several:
    """An exporter with the defects of several miniatures."""

    miniatures: tuple[Miniature, ...]

    def __call__(self, request: ExportRequest) -> MetaGraphDef:
        """Answer a request as an exporter does that has all the defects."""
        with contextlib.ExitStack() as planted:
            for miniature in self.miniatures:
                planted.enter_context(miniature.planted())
            return reference.export(request)


@dataclass(frozen=True)
class Measured:
    """What a run finds of known defects.

    Attributes:
        names: the miniatures.
        missed: the requirements that they violate and that no case blames.
        causes: the causes that the run names.
        results: the results of the run.
    """

    names: tuple[str, ...]
    missed: tuple[str, ...]
    causes: tuple[Cause, ...]
    results: tuple[CaseResult, ...]


def smoke_cases() -> list[Case]:
    """The cases of the smoke tier, with few variants."""
    return [with_fewer_variants(case) for case in load_corpus().cases(Tier.SMOKE)]


def all_cases() -> list[Case]:
    """The requirement cases and the smoke tier, with few variants."""
    return [*map(with_fewer_variants, requirement_cases()), *smoke_cases()]


def measure(judge: MiniatureJudge, miniatures: Sequence[Miniature], cases: Sequence[Case]) -> Measured:
    """Judge an exporter with some defects."""
    exporter = Several(tuple(miniatures))
    results = tuple(result_of(case, judge.judge(exporter, case)) for case in cases)
    blamed = {name for result in results for name in result.blamed}
    missed = tuple(one.requirement for one in miniatures if one.requirement not in blamed)
    return Measured(tuple(one.name for one in miniatures), missed, causes_of(results), results)


def random_pairs(count: int) -> Iterator[tuple[Miniature, Miniature]]:
    """Pairs that violate different requirements in different parts, the same ones every time."""
    rng = random.Random(SEED)  # noqa: S311 - a sample, not a secret
    while count:
        one, other = rng.sample(list(WRONG_EXPORTERS), 2)
        if one.requirement != other.requirement and one.part != other.part:
            count -= 1
            yield one, other


def report(title: str, found: Sequence[Measured], most: int, *, show_all: bool = False) -> None:
    """Print the figures of some runs, and the runs that miss them."""
    named = sum(not one.missed for one in found)
    few = sum(len(one.causes) <= most for one in found)
    total = len(found)
    sys.stdout.write(
        f"{title}: {named} of {total} ({100 * named / total:.1f} %) blame every violated requirement, "
        f"{few} ({100 * few / total:.1f} %) have at most {most} causes\n"
    )
    for one in found:
        if show_all or one.missed or len(one.causes) > most:
            names = " + ".join(one.names)
            sys.stdout.write(
                f"  {names}: {len(one.causes)} causes, not blamed: {', '.join(one.missed) or '-'}\n"
            )
            for cause in one.causes:
                sys.stdout.write(f"      {len(cause.cases)} {cause.cause[:90]} {list(cause.requirements)}\n")


def main(arguments: Sequence[str]) -> None:
    """Measure what the arguments ask for."""
    logging.disable()  # the reference warns of collections that it leaves out
    pairs = next((int(one) for one in arguments if one.isdecimal()), 0 if arguments else 200)
    if not arguments or "everyday" in arguments:
        with judging() as judge:
            report("everyday", [measure(judge, EVERYDAY, smoke_cases())], MOST_ALONE, show_all=True)
    if not arguments or "alone" in arguments:
        report("alone", _measure_all([(one.name,) for one in WRONG_EXPORTERS]), MOST_ALONE)
    if pairs:
        named = [(one.name, other.name) for one, other in random_pairs(pairs)]
        report("pairs", _measure_all(named), MOST_OF_A_PAIR)


def _measure_all(runs: Sequence[tuple[str, ...]]) -> list[Measured]:
    with multiprocessing.Pool(_PROCESSES, _be_nice) as pool:
        return pool.map(_measure_by_name, runs, chunksize=4)


def _be_nice() -> None:
    logging.disable()
    os.nice(10)


def _measure_by_name(names: tuple[str, ...]) -> Measured:
    by_name = {one.name: one for one in WRONG_EXPORTERS}
    with judging() as judge:
        return measure(judge, [by_name[name] for name in names], all_cases())


if __name__ == "__main__":
    main(sys.argv[1:])
