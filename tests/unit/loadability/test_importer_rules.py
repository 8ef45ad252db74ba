"""Every rule of the importer finds a graph that breaks it, and accepts a similar graph that does not."""

from __future__ import annotations

import pytest
from load_samples import CASES, graph

from pytest_metagraph import LoadReport, check_meta_graph
from pytest_metagraph.loadability.check import checkable_versions
from pytest_metagraph.loadability.rule_catalogue import RULES, Severity
from pytest_metagraph.loadability.rules.graph import version_text_problem
from pytest_metagraph.loadability.rules.placement import device_problem
from pytest_metagraph.loadability.subject import Subject
from pytest_metagraph.loadability.version_ranges import version_numbers
from reference_impl.schema import GraphDef, VariableDef


def codes(report: LoadReport) -> list[str]:
    """Return the codes of the problems, in order."""
    return [problem.code for problem in report.problems]


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_what_breaks_it(rule: str) -> None:
    """The first problem of a graph that breaks one rule has the code and the severity of the rule."""
    case = CASES[rule]
    report = check_meta_graph(graph(case.broken), case.version)
    assert codes(report)[:1] == [rule]
    assert report.problems[0].severity is RULES[rule].severity
    assert report.loads is (RULES[rule].severity is Severity.FAILS_LATER)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_nothing_in_a_like_graph(rule: str) -> None:
    """A similar graph that does not break the rule has no problem at all."""
    case = CASES[rule]
    report = check_meta_graph(graph(case.sound), case.version)
    assert codes(report) == []
    assert report.loads


def test_every_rule_has_its_graphs() -> None:
    """Each rule of the catalogue except that of 2 GB has a graph that breaks it and one that does not."""
    assert {*CASES, "LOAD-01"} == set(RULES)


def test_two_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph as large as the limit breaks LOAD-01, and one that is a byte smaller does not."""
    data = GraphDef(version=1).SerializeToString()
    monkeypatch.setattr("pytest_metagraph.loadability.rules.graph._TOO_LARGE", len(data))
    assert codes(check_meta_graph(data)) == ["LOAD-01"]
    monkeypatch.setattr("pytest_metagraph.loadability.rules.graph._TOO_LARGE", len(data) + 1)
    assert codes(check_meta_graph(data)) == []
    assert Subject(data, "GraphDef", "x").graph_bytes == len(data)


@pytest.mark.parametrize(
    ("rule", "first", "last"),
    [
        ("LOAD-06", "1.8", "1.15"),
        ("LOAD-17", "1.8", "2.4"),
        ("LOAD-20", "1.8", "2.11"),
        ("LOAD-29", "1.14", "2.21"),
        ("LOAD-30", "1.8", "2.1"),
        ("LOAD-34", "1.14", "2.8"),
        ("LOAD-38", "1.14", "2.21"),
    ],
)
def test_the_versions_of_a_rule(rule: str, first: str, last: str) -> None:
    """A graph breaks a rule in the versions in which real TensorFlows refused it, and in no other."""
    found = {
        version
        for version in checkable_versions()
        if rule in codes(check_meta_graph(graph(CASES[rule].broken), version))
    }
    low, high = version_numbers(first), version_numbers(last)
    assert found == {version for version in checkable_versions() if low <= version_numbers(version) <= high}


@pytest.mark.parametrize(
    ("trainable", "synchronization", "refused_by"),
    [(True, 3, ["1.14"]), (False, 3, []), (True, 2, [])],
)
def test_a_trainable_variable_that_is_synchronized_on_read(
    *, trainable: bool, synchronization: int, refused_by: list[str]
) -> None:
    """Only 1.14 refuses a variable that is trainable and synchronized on read, as real TensorFlows do."""
    message = graph(CASES["LOAD-38"].sound)
    items = message.collection_def["variables"].bytes_list.value
    variable = VariableDef.FromString(items[0])
    variable.trainable, variable.synchronization = trainable, synchronization
    items[0] = variable.SerializeToString()
    found = [
        version
        for version in ("1.13", "1.14", "1.15", "2.21")
        if codes(check_meta_graph(message, version)) == ["LOAD-38"]
    ]
    assert found == refused_by


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.since or rule.until])
def test_the_catalogue_names_the_versions(rule: object) -> None:
    """The versions of a rule in the catalogue are those in which its graph breaks it."""
    stated = RULES[rule.id]  # type: ignore[attr-defined] # a Rule, which parametrize types as an object
    for version in ("1.13", "1.14", "2.4", "2.5", "2.21"):
        numbers = version_numbers(version)
        applies = (not stated.since or numbers >= version_numbers(stated.since)) and (
            not stated.until or numbers <= version_numbers(stated.until)
        )
        text = "unknown" if stated.id == "LOAD-34" else None
        broken = graph(CASES[stated.id].broken)
        if text:
            broken.meta_info_def.tensorflow_version = text
        assert (stated.id in codes(check_meta_graph(broken, version))) is applies


@pytest.mark.parametrize(
    ("text", "parses_in"),
    [
        ("/cpu:0", {"1.15", "2.3", "2.21"}),
        ("/job:a/replica:0/task:1/device:GPU:*", {"1.15", "2.3", "2.21"}),
        ("job:a", {"1.15", "2.3", "2.21"}),
        ("/task:-1", {"1.15", "2.3", "2.21"}),
        ("/:0", {"1.15", "2.3", "2.21"}),
        ("/tpu:0", {"2.3", "2.21"}),
        ("/epu:0", {"2.21"}),
        ("/xla_gpu:0", set()),
        ("/gpu:0/cpu:0", set()),
        ("/replica:*", set()),
        ("/cpu:", set()),
        ("/device:GPU", set()),
        ("here", set()),
    ],
)
def test_devices(text: str, parses_in: set[str]) -> None:
    """A device is parsed by the versions of TensorFlow that were observed to parse it."""
    found = {
        version for version in ("1.15", "2.3", "2.21") if not device_problem(text, version_numbers(version))
    }
    assert found == parses_in


@pytest.mark.parametrize(
    ("text", "read_in"),
    [
        ("", {"1.13", "1.15", "2.21"}),
        ("1.15.0-rc1", {"1.13", "1.15", "2.21"}),
        ("2.0-beta", {"1.13", "1.15", "2.21"}),
        ("v1.3", {"1.13", "2.21"}),
        ("1.x", {"1.13"}),
        ("unknown", {"1.13"}),
        ("1.15.0 nightly", {"1.13", "1.15"}),
        ("..", {"1.13", "1.15"}),
        ("\u00b2", {"1.13"}),
        ("\u0663.1", {"1.13", "1.15"}),
        ("1." + 5000 * "9", {"1.13"}),
    ],
)
def test_version_texts(text: str, read_in: set[str]) -> None:
    """A `tensorflow_version` is read by the versions of TensorFlow that were observed to read it."""
    checked = ("1.13", "1.15", "2.21")
    found = {version for version in checked if not version_text_problem(text, version_numbers(version))}
    assert found == read_in
