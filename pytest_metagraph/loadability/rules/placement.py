"""The rules about devices and colocation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Final

from pytest_metagraph.loadability.attr_facts import COLOCATION, AttrFact, AttrFacts
from pytest_metagraph.loadability.subject import Subject
from pytest_metagraph.loadability.version_ranges import Version
from pytest_metagraph.loadability.violation import Phase, Step, Target, Violation

_TYPES: Final = frozenset({"CPU", "GPU"})
_LATER_TYPES: Final = (((2, 2), "TPU"), ((2, 2), "CUSTOM"), ((2, 4), "EPU"))
"""The device types that a version knows by a short name, such as `/tpu:0`, and the first that does."""


class PlacementRules:
    """The rules about devices and colocation, for one graph and any number of versions."""

    def __init__(self, subject: Subject) -> None:
        """Prepare the rules for a graph."""
        self._survey = subject.survey

    def violations(self, target: Target) -> Iterator[Violation]:
        """Return what the rules find for a version."""
        yield from self._unknown_colocations
        bad = {
            device: problem
            for device in self._survey.devices
            if (problem := device_problem(device, target.version))
        }
        for device, nodes in self._survey.nodes_with_device(bad).items():
            # The importer reads no device of a node that is colocated, or whose _class it cannot read.
            free = [node for node in nodes if not self._is_colocated(node)]
            if free:
                message = f"the device {device!r} cannot be parsed: {bad[device]}"
                yield Violation("LOAD-30", Phase.PLACEMENT, message, free, self._survey.ops[free[0]])
        yield from self._unusable_classes

    def _is_colocated(self, node: int) -> bool:
        fact = self._class_of(node)
        return fact is not None and (
            bool(fact.unusable_class) or any(name != self._survey.names[node] for name in fact.colocated)
        )

    def _class_of(self, node: int) -> AttrFact | None:
        attrs = self._survey.node(node).attr
        return AttrFacts().of_value(COLOCATION, attrs[COLOCATION]) if COLOCATION in attrs else None

    @cached_property
    def _unknown_colocations(self) -> Sequence[Violation]:
        missing = {name for name in self._survey.colocations if self._survey.find(name) is None}
        if not missing:
            return ()
        found = []
        for node, op in enumerate(self._survey.ops):
            fact = self._class_of(node)
            named = [name for name in (fact.colocated if fact else ()) if name in missing]
            if named:
                message = f"_class colocates it with {named[0]!r}, which is not in the graph"
                group = "unknown colocation"
                found.append(Violation("LOAD-14", Phase.NODES, message, [node], op, COLOCATION, group=group))
        return found

    @cached_property
    def _unusable_classes(self) -> Sequence[Violation]:
        kinds = {
            number: kind.facts[COLOCATION].unusable_class
            for number, kind in enumerate(self._survey.kinds)
            if COLOCATION in kind.facts and kind.facts[COLOCATION].unusable_class
        }
        nodes = self._survey.nodes_of(kinds) if kinds else {}
        return [
            Violation(
                "LOAD-31",
                Phase.PLACEMENT,
                f"_class cannot be read: {problem}",
                nodes[number],
                self._survey.kinds[number].op,
                COLOCATION,
                Step.OUTPUT_NUMBER,
            )
            for number, problem in kinds.items()
        ]


def device_problem(text: str, version: Version) -> str:
    """Return why a version cannot parse a device; empty if it can."""
    types = _TYPES | {name for since, name in _LATER_TYPES if version >= since}
    has_type = False
    for part in text.split("/"):
        name, *values = part.split(":")
        if (name == "job" and len(values) == 1) or not name:
            continue
        if name in {"replica", "task"} and len(values) == 1:
            number = values[0]
        elif _has_device_type(name, values, types):
            if has_type:
                return "it names several device types"
            has_type = True
            number = values[-1] if values and values[-1] != "*" else "0"
        else:
            return f"{name!r} is not a part of a device that this version knows"
        if not _is_number(number):
            return f"{number!r} is not a number"
    return ""


def _is_number(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _has_device_type(name: str, values: Sequence[str], types: AbstractSet[str]) -> bool:
    """Return whether a part of a device is `TYPE`, `TYPE:NUMBER` or `device:TYPE:NUMBER`."""
    if name == "device":
        device_type_and_number = 2
        return len(values) == device_type_and_number
    return name.upper() in types and len(values) <= 1
