"""Describe how to fix a problem, as precisely as the graph allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pytest_metagraph.loadability.harmless import reason_to_drop
from pytest_metagraph.loadability.op_registries import op_history
from pytest_metagraph.loadability.rule_catalogue import RULES
from pytest_metagraph.loadability.rules.graph import UNBINDABLE, UNBINDABLE_WAY_OUT
from pytest_metagraph.loadability.rules.nodes import ON_DEMAND
from pytest_metagraph.loadability.subject import Subject
from pytest_metagraph.loadability.version_ranges import format_versions
from pytest_metagraph.loadability.violation import Violation

_COUNTED: Final = 10_000
"""The most nodes whose attribute values are compared with their defaults."""

_LIBRARIES: Final = {
    "Normalize": "TensorFlow Text",
    "CaseFold": "TensorFlow Text",
    "RegexSplit": "TensorFlow Text",
    "Sentencepiece": "TensorFlow Text",
    "Wordpiece": "TensorFlow Text",
    "FastWordpiece": "TensorFlow Text",
    "Addons>": "TensorFlow Addons",
    "TFText>": "TensorFlow Text",
    "IO>": "TensorFlow I/O",
    "TRT": "a TensorFlow with TensorRT",
    "Horovod": "Horovod",
    "SimpleMLInference": "TensorFlow Decision Forests",
}
"""The beginnings of the names of ops of well-known libraries, and the libraries."""


_COMMAND: Final = "metagraph export IN OUT --for VERSION"


class WaysOut:
    """The ways to fix the problems of one graph."""

    def __init__(self, subject: Subject) -> None:
        """Prepare for a graph."""
        self._subject = subject
        self._default_counts: dict[tuple[str, str], tuple[int, int]] = {}

    def of(self, violation: Violation, nodes: Sequence[int]) -> str:
        """Return how to fix a problem.

        Args:
            violation: the first violation of the problem.
            nodes: the nodes that have it.

        Returns:
            One sentence without a full stop.
        """
        match violation.rule:
            case "LOAD-02" if violation.group == UNBINDABLE:
                return UNBINDABLE_WAY_OUT
            case "LOAD-16" if violation.group.startswith(ON_DEMAND):
                return f"import the Python module of the op first, or take it from the op list: {_COMMAND}"
            case "LOAD-16":
                return _unknown_op(violation.op)
            case "LOAD-17":
                return self._unknown_attr(violation, nodes)
            case "LOAD-21" | "LOAD-22" if violation.op in op_history():
                command = f"metagraph check --explain-attr {violation.op}.{violation.attr}"
                return f"{RULES[violation.rule].way_out}; see {command}"
        return RULES[violation.rule].way_out

    def _unknown_attr(self, violation: Violation, nodes: Sequence[int]) -> str:
        harmless = reason_to_drop(violation.op, violation.attr)
        if harmless is not None:
            return f"{_COMMAND} drops it, because it {harmless}"
        equal, of = self._equal_to_default(violation.op, violation.attr, nodes)
        if not of:
            last = RULES[violation.rule].until
            return f"remove it, because no recorded version has it, or use a TensorFlow after {last}"
        share = f"{equal:,} of {of:,} such attributes have their default"
        if equal == of:
            return f"export with strip_default_attrs=True, or {_COMMAND}: {share}"
        return f"{share}; another value means something that this version cannot do"

    def _equal_to_default(self, op: str, attr: str, nodes: Sequence[int]) -> tuple[int, int]:
        """Return how many nodes have the default of an attribute, and how many nodes were counted."""
        known = self._default_counts.get((op, attr))
        if known is not None:
            return known
        declared = [
            one
            for definition in op_history().get(op, ())
            for one in definition.op.attr
            if one.name == attr and one.HasField("default_value")
        ]
        if not declared:
            counts = (0, 0)
        else:
            default = declared[-1].default_value
            counted = nodes[:_COUNTED]
            equal = sum(self._subject.survey.node(node).attr[attr] == default for node in counted)
            counts = (equal, len(counted))
        self._default_counts[op, attr] = counts
        return counts


def _unknown_op(op: str) -> str:
    having = [version for definition in op_history().get(op, ()) for version in definition.versions]
    if having:
        return f"use TensorFlow {format_versions(having)}, which has the op, or replace the op"
    for start, library in _LIBRARIES.items():
        if op.startswith(start):
            return f"import {library} first, which registers the op"
    return "import the library that registers the op first; no recorded version of TensorFlow has it"
