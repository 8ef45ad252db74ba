"""The violations of the rules by a graph, and the order in which TensorFlow would report them."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_metagraph.loadability.op_registries import OpRegistry
from pytest_metagraph.loadability.version_ranges import Version, version_numbers


class Phase(enum.IntEnum):
    """The steps of an import, in order."""

    READ = 0
    UNBOUND_INPUTS = 1
    OP_LIST = 2
    VERSIONS = 3
    NODE_NAMES = 4
    INPUT_NAMES = 5
    LIBRARY = 6
    NODES = 7
    PLACEMENT = 8
    PYTHON_FUNCTIONS = 9
    VERSION_TEXT = 10
    COLLECTIONS = 11
    SAVER = 12
    LATER = 13


class Step(enum.IntEnum):
    """The steps of the import of one node, in order."""

    COLOCATION = 0
    OUTPUT_NUMBER = 1
    OP = 2
    ATTR = 3
    MISSING_ATTR = 4
    INPUT_COUNT = 5
    REMOVED_OP = 6
    INPUT_TYPE = 7
    SHAPE = 8


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a graph breaks.

    Attributes:
        rule: the id of the rule.
        phase: the step of the import that fails.
        message: one sentence with the problem and the value.
        nodes: the numbers of the nodes that it is about; empty if it is not about nodes.
        op: the op of these nodes.
        attr: the attribute that it is about.
        step: the step of the import of the node that fails.
        position: the position of the problem, if it is not about nodes.
        name: the function or collection that it is about, if it is not about nodes.
        group: violations of one rule, op and group are reported as one problem; the message if empty.
    """

    rule: str
    phase: Phase
    message: str
    nodes: Sequence[int] = ()
    op: str = ""
    attr: str = ""
    step: Step = Step.COLOCATION
    position: int = 0
    name: str = ""
    group: str = ""


@dataclass(frozen=True)
class Target:
    """The TensorFlow that a graph must load in.

    Attributes:
        registry: its op registry.
        version: its minor version.
    """

    registry: OpRegistry
    version: Version = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "version", version_numbers(self.registry.version))


Outputs = Mapping[int, Sequence[int] | None]
"""The data types of the outputs of the nodes of each kind; None if they are not known."""
