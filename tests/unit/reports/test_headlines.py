"""What is wrong in a case, on one line."""

from __future__ import annotations

import msgspec
import pytest
import report_samples as samples

from pytest_metagraph.judging.result import DifferenceGroup
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.headlines import headline, headline_of

UNHINTED = msgspec.structs.replace(samples.FINDING, hints=())


@pytest.mark.parametrize(
    ("section", "kind", "count", "expected"),
    [
        ("graph_def.node", "attr-changed attr['_class']", 4, "_class: 4 nodes differ"),
        ("graph_def.node", "attr-changed attr['_class']", 1, "_class: 1 node differs"),
        ("graph_def.node", "attr-missing attr['T']", 2, "T: 2 nodes lack it"),
        ("graph_def.node", "default-attr-extra attr['T']", 1, "T: 1 node has it"),
        ("graph_def.node", "device-changed", 1_000, "device: 1,000 nodes differ"),
        ("graph_def.node", "input-changed", 3, "input: 3 inputs differ"),
        ("graph_def.node", "node-missing", 2, "2 nodes missing"),
        ("graph_def.node", "order-changed", 1, "the order differs"),
        ("graph_def.node", "field-changed op", 1, "op: 1 node differs"),
        ("collection_def", "collection-extra", 2, "collection_def: 2 collections too many"),
        ("collection_def['losses']", "item-missing", 1, "collection_def['losses']: 1 item missing"),
        ("saver_def", "field-changed max_to_keep", 1, "saver_def max_to_keep: 1 value differs"),
    ],
)
def test_a_kind_of_difference_is_said_plainly(section: str, kind: str, count: int, expected: str) -> None:
    """Field first, then how many of what differ, are missing, or are too many."""
    group = DifferenceGroup(section, kind, count, "", ())
    assert headline(msgspec.structs.replace(UNHINTED, groups=(group,))) == expected


def test_a_likely_cause_goes_before_the_kinds() -> None:
    """If the kit knows a likely cause, it is the headline; otherwise the kinds are counted."""
    assert headline(samples.FINDING) == "clear_devices looks unapplied: 3 nodes differ only in `device`"
    groups = (
        DifferenceGroup("graph_def.node", "device-changed", 2, "", ()),
        DifferenceGroup("graph_def.node", "node-extra", 1, "", ()),
    )
    several = msgspec.structs.replace(UNHINTED, groups=groups)
    assert headline(several) == "device: 2 nodes differ, and 1 other kind of difference"


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        (
            "Traceback ...\n  in export\nKeyError: 'lost'",
            "KeyError: 'lost' was raised where a message was expected",
        ),
        ("Traceback ...\nlost.KeyError: 'x'", "lost.KeyError: 'x' was raised where a message was expected"),
        ("something else", "KeyError was raised where a message was expected"),
        ("", "KeyError was raised where a message was expected"),
    ],
)
def test_an_exception_shows_its_message(detail: str, expected: str) -> None:
    """The last line of the traceback is in the headline if it is that of the exception."""
    finding = samples.finding("raised", "KeyError was raised where a message was expected", detail)
    assert headline(finding) == expected


def test_the_first_finding_is_the_headline_of_the_case() -> None:
    """Further findings are counted; without any, the reason is shown."""
    raised = samples.finding("crashed", "The exporter ended instead of answering")
    failed = samples.result("a", Verdict.FAIL, findings=(raised, samples.FINDING, samples.FINDING))
    assert headline_of(failed) == "The exporter ended instead of answering; 2 other findings"
    assert headline_of(samples.result("b", Verdict.UNEXPECTED_PASS, reason="it passes")) == "it passes"
