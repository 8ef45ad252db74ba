"""A hunt reports each kind of difference once, and as small as it can be."""

from __future__ import annotations

import itertools

from fuzzing_samples import (
    chain,
    clears_for_good,
    examiner_of,
    forgets_savers,
    keeps_devices,
    keeps_devices_and_forgets_savers,
)

from conformance_cases import NotAsked, Variant
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.fuzzing.campaign import Campaign, Discovery
from pytest_metagraph.fuzzing.evaluate import describe
from pytest_metagraph.fuzzing.example import EarlierCall, Example
from pytest_metagraph.fuzzing.generate import random_examples
from pytest_metagraph.fuzzing.reduce import shrink
from reference_impl import Contract
from reference_impl.schema import SaverDef

FOREVER = 1e9
MANY_FLAGS = {
    "clear_devices": True,
    "strip_default_attrs": True,
    "saver_def": SaverDef(save_tensor_name="x", max_to_keep=5),
    "collection_list": ["nodes", "last"],
}


def _found(exporter: Exporter, count: int = 120) -> list[Discovery]:
    """What a hunt finds among the first examples of a seed."""
    drawn = itertools.islice(random_examples(Contract.DOCUMENTED, 0), count)
    with examiner_of(exporter) as evaluator:
        return list(Campaign(evaluator, FOREVER, FOREVER, lambda _: None).run(drawn))


def test_a_right_exporter_is_left_alone() -> None:
    """Nothing is found where nothing is wrong, and every example is counted."""
    drawn = list(itertools.islice(random_examples(Contract.DOCUMENTED, 0), 120))
    with examiner_of(reference.export) as evaluator:
        hunt = Campaign(evaluator, FOREVER, FOREVER, lambda _: None)
        assert list(hunt.run(drawn)) == []
    assert hunt.tally.exports + hunt.tally.not_asked.total() == 120
    assert hunt.tally.exports > 60


def test_one_defect_is_one_finding() -> None:
    """A defect that many examples show is reported once."""
    (discovery,) = _found(keeps_devices)
    assert describe(discovery.kind) == "device-changed in graph_def.node device"
    assert len(discovery.evaluation.example.graph.graph_def.node) == 1
    assert discovery.evaluation.example.arguments == {"clear_devices": True}


def test_two_defects_are_two_findings() -> None:
    """A second defect is found beside the first."""
    found = {describe(discovery.kind) for discovery in _found(keeps_devices_and_forgets_savers)}
    assert found == {"device-changed in graph_def.node device", "field-missing in saver_def"}


def test_a_hunt_ends_with_its_time() -> None:
    """Where there is no time, one example is evaluation."""
    with examiner_of(reference.export) as evaluator:
        hunt = Campaign(evaluator, 0.0, FOREVER, lambda _: None)
        assert list(hunt.run(random_examples(Contract.DOCUMENTED, 0))) == []
    assert hunt.tally.exports + hunt.tally.not_asked.total() == 1


def test_only_what_matters_is_left() -> None:
    """Of four arguments, a variant and four nodes, the one argument and the one node with a device remain."""
    with examiner_of(keeps_devices) as evaluator:
        evaluation = evaluator.evaluate(Example(chain(), MANY_FLAGS, Variant(filename=True, as_text=True)))
        smallest = shrink(evaluation, evaluation.kinds[0], evaluator).example
    assert [node.name for node in smallest.graph.graph_def.node] == ["b"]
    assert not smallest.graph.collection_def
    assert smallest.arguments == {"clear_devices": True}
    assert smallest.variant == Variant()


def test_messages_lose_the_fields_that_do_not_matter() -> None:
    """An argument that matters is made empty where its being there is the matter."""
    with examiner_of(forgets_savers) as evaluator:
        evaluation = evaluator.evaluate(Example(chain(), MANY_FLAGS))
        smallest = shrink(evaluation, evaluation.kinds[0], evaluator).example
    assert smallest.arguments == {"saver_def": SaverDef()}
    assert not smallest.graph.graph_def.node


def test_only_the_calls_that_matter_are_left() -> None:
    """Of three earlier calls the one that leaves a trace remains, with the argument that does it."""
    harmless = EarlierCall({"export_scope": "s", "collection_list": ["nodes"]}, "call_1.meta")
    clearing = EarlierCall(MANY_FLAGS, "call_2.meta")
    example = Example(chain(), {"collection_list": ["last"]}, earlier=(harmless, clearing, harmless))
    with examiner_of(clears_for_good) as evaluator:
        evaluation = evaluator.evaluate(example)
        smallest = shrink(evaluation, evaluation.kinds[0], evaluator).example
    assert smallest.earlier == (EarlierCall({"clear_devices": True}, "call_2.meta"),)
    assert smallest.arguments == {}
    assert [node.name for node in smallest.graph.graph_def.node] == ["b"]


def test_calls_that_do_not_matter_go() -> None:
    """A difference that one call shows alone needs none before it."""
    example = Example(chain(), MANY_FLAGS, earlier=(EarlierCall({"clear_devices": True}, "call_1.meta"),))
    with examiner_of(forgets_savers) as evaluator:
        evaluation = evaluator.evaluate(example)
        assert shrink(evaluation, evaluation.kinds[0], evaluator).example.earlier == ()


def test_a_graph_def_is_the_same_for_all_calls() -> None:
    """What an earlier call does to the given graph_def shows in the next (CALL-11)."""
    given = {"graph_def": chain().graph_def}
    example = Example(chain(), given, earlier=(EarlierCall({"clear_devices": True}, "call_1.meta"),))
    with examiner_of(clears_for_good) as evaluator:
        kinds = evaluator.evaluate(example).kinds
    assert "device-changed in graph_def.node device" in map(describe, kinds)
    assert given["graph_def"] == chain().graph_def


def test_shrinking_keeps_the_kind_of_difference() -> None:
    """Of two differences the wanted one is kept, and the other one goes."""
    with examiner_of(keeps_devices_and_forgets_savers) as evaluator:
        evaluation = evaluator.evaluate(Example(chain(), MANY_FLAGS))
        by_name = {describe(kind): kind for kind in evaluation.kinds}
        wanted = by_name["device-changed in graph_def.node device"]
        assert len(by_name) == 2
        assert shrink(evaluation, wanted, evaluator).kinds == (wanted,)


def test_without_time_nothing_is_made_smaller() -> None:
    """An export that there is no time for stays as it was found."""
    with examiner_of(keeps_devices) as evaluator:
        evaluation = evaluator.evaluate(Example(chain(), MANY_FLAGS))
        assert shrink(evaluation, evaluation.kinds[0], evaluator, seconds=0.0) is evaluation


def test_what_is_asked_of_nobody_is_no_difference() -> None:
    """Clearing all savers under TensorFlow's contract asks nothing (SAV-06), whatever comes back."""
    graph = chain()
    graph.collection_def["savers"].bytes_list.value.append(b"")
    example = Example(graph, {"clear_extraneous_savers": True}, contract=Contract.TENSORFLOW)
    with examiner_of(forgets_savers, Contract.TENSORFLOW) as evaluator:
        evaluation = evaluator.evaluate(example)
    assert isinstance(evaluation.expected, NotAsked)
    assert evaluation.kinds == ()
