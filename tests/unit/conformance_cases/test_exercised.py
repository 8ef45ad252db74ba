"""Which requirements and capabilities a matrix case names."""

from __future__ import annotations

from conformance_cases import Capability, load_corpus
from conformance_cases.requirement_mapping import Feature, exercised_requirements, needed_capabilities


def test_a_rule_about_two_arguments_comes_first() -> None:
    """A failure of graph_def with a scope is about SCOPE-11 before it is about anything else."""
    named = exercised_requirements(
        {"graph_def": "given", "export_scope": "a", "clear_devices": "given"}, set()
    )
    assert named[0] == "SCOPE-11"
    assert "DEV-01" in named


def test_a_refused_call_tests_nothing_else() -> None:
    """A matrix case with a graph_def and a scope tests SCOPE-11, although a defect may break any rule."""
    refused = load_corpus().case("matrix/towers/graph_def=given,export_scope=tower_1")
    assert refused.requirements == ("SCOPE-11",)
    assert "SCOPE-03" in refused.source.involved_requirements(refused)


def test_a_rule_needs_its_feature() -> None:
    """Nested contexts are tested on graphs that have contexts, and on no others."""
    scoped = {"export_scope": "a"}
    assert "COL-15" in exercised_requirements(scoped, {Feature.CONTROL_FLOW_CONTEXTS})
    assert "COL-15" not in exercised_requirements(scoped, set())


def test_an_empty_collection_list_exercises_no_rule_about_items() -> None:
    """What is not exported can break no rule about exported items."""
    named = exercised_requirements({"export_scope": "a", "collection_list": "empty"}, {Feature.VARIABLES})
    assert "COL-13" not in named
    assert "COL-01" in named


def test_a_plain_export_exercises_the_plain_path() -> None:
    """PATH-01 for the graph, PATH-03 for a given graph_def."""
    assert exercised_requirements({}, set())[0] == "PATH-01"
    assert exercised_requirements({"graph_def": "given"}, set())[0] == "PATH-03"


def test_capabilities_come_from_arguments_and_from_the_graph() -> None:
    """An exporter needs to take what is given and to load what is there."""
    needed = needed_capabilities({"export_scope": "a", "no_such_argument": "1"}, {Feature.QUEUE_RUNNERS})
    assert needed == {Capability.EXPORT_SCOPE, Capability.QUEUE_RUNNERS}


def test_every_capability_is_needed_by_a_case() -> None:
    """No capability is on the list for nothing, and each has its sentence."""
    needed: set[Capability] = set()
    for case in load_corpus().cases():
        needed.update(case.capabilities, *(variant.capabilities for variant in case.variants))
    assert needed == set(Capability)
    assert all(capability.sentence.endswith(".") for capability in Capability)
