"""Ten planted defects are found by random exports and by cases, and made small."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from miniature import Miniature
from miniature_judging import CONTRACT, MiniatureJudge, cases_of
from wrong_exporters import WRONG_EXPORTERS

from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.fuzzing.campaign import Campaign
from pytest_metagraph.fuzzing.case_folder import example_of
from pytest_metagraph.fuzzing.evaluate import Evaluator
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.generate import random_examples
from pytest_metagraph.fuzzing.oracles import find_oracle
from pytest_metagraph.fuzzing.reduce import reduce_finding
from pytest_metagraph.judging.written_files import ScratchFolder

MOST_NODES = 5
MOST_EXAMPLES = 1500
FOREVER = 1e9

PLANTED = {
    "takes-every-name-with-the-prefix": {"export_scope"},
    "drops-outside-control-inputs": {"export_scope"},
    "adds-no-shapes": set[str](),
    "clears-collections-with-devices": {"clear_devices"},
    "ignores-clear-extraneous-savers": {"clear_extraneous_savers"},
    "fills-no-list-of-the-caller": {"meta_info_def"},
    "makes-collections-that-are-listed": {"collection_list"},
    "looks-nodes-up-in-the-graph": {"graph_def"},
    "forgets-that-a-variable-is-a-resource": set[str](),
    "forgets-to-say-that-it-stripped": {"strip_default_attrs"},
}
"""Wrong exporters, and the arguments without which their defect does not show."""

MINIATURES = {miniature.name: miniature for miniature in WRONG_EXPORTERS}


@contextlib.contextmanager
def _examiner(miniature: Miniature) -> Iterator[Evaluator]:
    logging.disable()  # random graphs have many collections that cannot be exported
    with contextlib.closing(ScratchFolder(CONTRACT)) as folder:
        client = InProcess(miniature, miniature.name)
        yield Evaluator(client, find_oracle("reference"), CONTRACT, folder)
    logging.disable(logging.NOTSET)


def _nodes(example: Example) -> int:
    """The nodes of the graph and of the given GraphDef."""
    given = example.arguments.get("graph_def")
    return len(example.graph.graph_def.node) + (0 if given is None else len(given.node))


@pytest.mark.parametrize("name", PLANTED)
def test_random_exports_find_a_planted_defect_and_make_it_small(name: str) -> None:
    """Each defect shows in a random export, which is cut to 5 nodes and to arguments that all matter."""
    drawn = itertools.islice(random_examples(CONTRACT, 0), MOST_EXAMPLES)
    with _examiner(MINIATURES[name]) as evaluator:
        found = next(Campaign(evaluator, FOREVER, FOREVER, lambda _: None).run(drawn))
        example = found.evaluation.example
        for argument in example.arguments:
            rest = {other: value for other, value in example.arguments.items() if other != argument}
            assert found.kind not in evaluator.evaluate(replace(example, arguments=rest)).kinds
    assert found.kind in found.evaluation.kinds
    assert _nodes(example) <= MOST_NODES
    assert example.arguments.keys() >= PLANTED[name]
    assert example.variant.name == "returned"


@pytest.mark.parametrize("name", PLANTED)
def test_a_case_that_catches_a_planted_defect_is_made_small(name: str, judge: MiniatureJudge) -> None:
    """The case that catches a defect is cut to 5 nodes at most and the arguments that matter."""
    miniature = MINIATURES[name]
    case = next(
        case for case in cases_of(miniature.requirement) if judge.judge(miniature, case).verdict.fails_run
    )
    with _examiner(miniature) as evaluator:
        failing = next(
            evaluation
            for variant in case.variants
            if (evaluation := evaluator.evaluate(example_of(case, variant, CONTRACT))).kinds
        )
        smallest = reduce_finding(failing, failing.kinds[0], evaluator)
    assert failing.kinds[0] in smallest.kinds
    assert _nodes(smallest.example) <= MOST_NODES
    assert smallest.example.arguments.keys() == PLANTED[name]
