"""A campaign reports each kind of difference once, reduced as far as possible."""

from __future__ import annotations

import contextlib
import itertools

from fuzzing_samples import (
    chain,
    clears_for_good,
    evaluator_of,
    forgets_savers,
    keeps_devices,
    keeps_devices_and_forgets_savers,
)

from conformance_cases import ExpectedMessage, NotAsked, Variant
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.request import Exporter, ExportRequest
from pytest_metagraph.fuzzing.campaign import Campaign, Discovery
from pytest_metagraph.fuzzing.evaluate import Evaluator, describe
from pytest_metagraph.fuzzing.example import EarlierCall, Example
from pytest_metagraph.fuzzing.generate import random_examples
from pytest_metagraph.fuzzing.reduce import reduce_finding
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract
from reference_impl.schema import MetaGraphDef, SaverDef

FOREVER = 1e9
MANY_FLAGS = {
    "clear_devices": True,
    "strip_default_attrs": True,
    "saver_def": SaverDef(save_tensor_name="x", max_to_keep=5),
    "collection_list": ["nodes", "last"],
}


def _found(exporter: Exporter, count: int = 120) -> list[Discovery]:
    """Return what a campaign finds among the first examples of a seed."""
    generated = itertools.islice(random_examples(Contract.DOCUMENTED, 0), count)
    with evaluator_of(exporter) as evaluator:
        return list(Campaign(evaluator, FOREVER, FOREVER, lambda _: None).run(generated))


def test_a_correct_exporter_has_no_finding() -> None:
    """Nothing is found in a correct exporter, and every example is counted."""
    generated = list(itertools.islice(random_examples(Contract.DOCUMENTED, 0), 120))
    with evaluator_of(reference.export) as evaluator:
        campaign = Campaign(evaluator, FOREVER, FOREVER, lambda _: None)
        assert list(campaign.run(generated)) == []
    assert campaign.tally.exports + campaign.tally.not_asked.total() == 120
    assert campaign.tally.exports > 60


def test_one_defect_is_one_finding() -> None:
    """A defect that many examples show is reported once."""
    (discovery,) = _found(keeps_devices)
    assert describe(discovery.kind) == "device-changed in graph_def.node device"
    assert len(discovery.evaluation.example.graph.graph_def.node) == 1
    assert discovery.evaluation.example.arguments == {"clear_devices": True}


def test_an_export_that_no_longer_loads_is_a_finding_whatever_the_oracle_says() -> None:
    """A node that oracle and exporter both lose is found, because its user then does not load."""

    def loses_a_node(request: ExportRequest) -> MetaGraphDef:
        message = reference.export(request)
        del message.graph_def.node[0]
        return message

    def agrees(example: Example) -> ExpectedMessage:
        return ExpectedMessage(loses_a_node(example.request()).SerializeToString())

    with contextlib.closing(ScratchFolder(Contract.DOCUMENTED)) as scratch:
        client = InProcess(loses_a_node, "name")
        evaluation = Evaluator(client, agrees, Contract.DOCUMENTED, scratch).evaluate(Example(chain(), {}))
    assert [describe(kind) for kind in evaluation.kinds] == ["not_importable: LOAD-10"]


def test_two_defects_are_two_findings() -> None:
    """Of two defects in one exporter, both are reported."""
    found = {describe(discovery.kind) for discovery in _found(keeps_devices_and_forgets_savers)}
    assert found == {"device-changed in graph_def.node device", "field-missing in saver_def"}


def test_a_campaign_ends_with_its_time() -> None:
    """A campaign without any time evaluates one example."""
    with evaluator_of(reference.export) as evaluator:
        campaign = Campaign(evaluator, 0.0, FOREVER, lambda _: None)
        assert list(campaign.run(random_examples(Contract.DOCUMENTED, 0))) == []
    assert campaign.tally.exports + campaign.tally.not_asked.total() == 1


def test_everything_that_does_not_matter_is_removed() -> None:
    """Of four arguments, a variant and four nodes, one argument and the node with a device remain."""
    with evaluator_of(keeps_devices) as evaluator:
        evaluation = evaluator.evaluate(Example(chain(), MANY_FLAGS, Variant(filename=True, as_text=True)))
        smallest = reduce_finding(evaluation, evaluation.kinds[0], evaluator).example
    assert [node.name for node in smallest.graph.graph_def.node] == ["b"]
    assert not smallest.graph.collection_def
    assert smallest.arguments == {"clear_devices": True}
    assert smallest.variant == Variant()


def test_messages_lose_the_fields_that_do_not_matter() -> None:
    """A message that only has to be passed loses all its fields."""
    with evaluator_of(forgets_savers) as evaluator:
        evaluation = evaluator.evaluate(Example(chain(), MANY_FLAGS))
        smallest = reduce_finding(evaluation, evaluation.kinds[0], evaluator).example
    assert smallest.arguments == {"saver_def": SaverDef()}
    assert not smallest.graph.graph_def.node


def test_only_the_calls_that_matter_are_left() -> None:
    """Of three earlier calls, the one that leaves a trace remains, with the argument that causes it."""
    harmless = EarlierCall({"export_scope": "s", "collection_list": ["nodes"]}, "call_1.meta")
    clearing = EarlierCall(MANY_FLAGS, "call_2.meta")
    example = Example(chain(), {"collection_list": ["last"]}, earlier=(harmless, clearing, harmless))
    with evaluator_of(clears_for_good) as evaluator:
        evaluation = evaluator.evaluate(example)
        smallest = reduce_finding(evaluation, evaluation.kinds[0], evaluator).example
    assert smallest.earlier == (EarlierCall({"clear_devices": True}, "call_2.meta"),)
    assert smallest.arguments == {}
    assert [node.name for node in smallest.graph.graph_def.node] == ["b"]


def test_calls_that_do_not_matter_are_removed() -> None:
    """A difference that does not depend on earlier calls is reduced to one call."""
    example = Example(chain(), MANY_FLAGS, earlier=(EarlierCall({"clear_devices": True}, "call_1.meta"),))
    with evaluator_of(forgets_savers) as evaluator:
        evaluation = evaluator.evaluate(example)
        assert reduce_finding(evaluation, evaluation.kinds[0], evaluator).example.earlier == ()


def test_a_graph_def_is_the_same_for_all_calls() -> None:
    """A change of the argument graph_def by an earlier call shows in the next one (CALL-11)."""
    given = {"graph_def": chain().graph_def}
    example = Example(chain(), given, earlier=(EarlierCall({"clear_devices": True}, "call_1.meta"),))
    with evaluator_of(clears_for_good) as evaluator:
        kinds = evaluator.evaluate(example).kinds
    assert "device-changed in graph_def.node device" in map(describe, kinds)
    assert given["graph_def"] == chain().graph_def


def test_shrinking_keeps_the_kind_of_difference() -> None:
    """Of two differences, the chosen one remains, and the other one is removed."""
    with evaluator_of(keeps_devices_and_forgets_savers) as evaluator:
        evaluation = evaluator.evaluate(Example(chain(), MANY_FLAGS))
        by_name = {describe(kind): kind for kind in evaluation.kinds}
        wanted = by_name["device-changed in graph_def.node device"]
        assert len(by_name) == 2
        assert reduce_finding(evaluation, wanted, evaluator).kinds == (wanted,)


def test_without_time_nothing_is_reduced() -> None:
    """Reducing without any time returns the export as it was found."""
    with evaluator_of(keeps_devices) as evaluator:
        evaluation = evaluator.evaluate(Example(chain(), MANY_FLAGS))
        assert reduce_finding(evaluation, evaluation.kinds[0], evaluator, seconds=0.0) is evaluation


def test_a_quirk_is_not_a_difference() -> None:
    """Clearing all savers is not tested under the contract "tensorflow" (SAV-06), whatever is returned."""
    graph = chain()
    graph.collection_def["savers"].bytes_list.value.append(b"")
    example = Example(graph, {"clear_extraneous_savers": True}, contract=Contract.TENSORFLOW)
    with evaluator_of(forgets_savers, Contract.TENSORFLOW) as evaluator:
        evaluation = evaluator.evaluate(example)
    assert isinstance(evaluation.expected, NotAsked)
    assert evaluation.kinds == ()
