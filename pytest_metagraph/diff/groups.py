"""Differences of one kind, put together: a thousand nodes that differ in `device` are one thing to say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_metagraph.diff.findings import Code, Difference

_INDEX = re.compile(r"\[\d+\]")
_BODY_NODE = re.compile(r"^node_def\['[^']*'\]")


@dataclass(frozen=True, slots=True)
class Group:
    """The differences of one code in one field of one section.

    Attributes:
        code: the kind of difference.
        section: the part of the message.
        field: the path of the field, without positions in lists and names of nodes in function bodies.
        members: the positions of the differences in the diff, in their order.
    """

    code: Code
    section: str
    field: str
    members: tuple[int, ...]

    @property
    def title(self) -> str:
        """What differs, in a few words, such as `graph_def.node: device`."""
        return f"{self.section or 'the message'}: {self.kind}"

    @property
    def kind(self) -> str:
        """What differs in the section, such as `device`, or the code with the field that it is about."""
        return str(self.code) if self.code.startswith(self.field) else f"{self.code} {self.field}"


def group(differences: Iterable[Difference]) -> tuple[Group, ...]:
    """Put differences of one kind together, in the order in which the kinds first appear."""
    found: dict[tuple[str, Code, str], list[int]] = {}
    for position, difference in enumerate(differences):
        kind = (difference.section, difference.code, _general(difference.field))
        found.setdefault(kind, []).append(position)
    return tuple(
        Group(code, section, field, tuple(members)) for (section, code, field), members in found.items()
    )


def fingerprint(groups: Iterable[Group]) -> str:
    """A short digest of which kinds of difference there are.

    It depends on section, code and field alone: not on how often a kind occurs, on the names of nodes and
    functions, on values, or on any order. So one entry of known failures can stand for many cases that
    show the same symptom, and changes when another kind of difference appears or one goes away.

    Returns:
        16 hexadecimal digits.
    """
    kinds = sorted({f"{one.section}\0{one.code}\0{one.field}" for one in groups})
    return hashlib.sha256("\n".join(kinds).encode()).hexdigest()[:16]


def _general(field: str) -> str:
    if "[" not in field:
        return field
    return _INDEX.sub("", _BODY_NODE.sub("node_def", field))
