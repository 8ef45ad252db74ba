"""Differences and notes as data, and the groups they form."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class DifferenceCode(enum.StrEnum):
    """The kind of a finding. Codes are stable: reports and known failures keep them."""

    FIELD_CHANGED = "field-changed"
    FIELD_MISSING = "field-missing"
    FIELD_EXTRA = "field-extra"
    LIST_CHANGED = "list-changed"
    ORDER_CHANGED = "order-changed"
    ITEM_MISSING = "item-missing"
    ITEM_EXTRA = "item-extra"
    UNKNOWN_FIELD = "unknown-field"
    NODE_MISSING = "node-missing"
    NODE_EXTRA = "node-extra"
    NODE_DUPLICATE = "node-duplicate"
    INPUT_CHANGED = "input-changed"
    INPUT_MISSING = "input-missing"
    INPUT_EXTRA = "input-extra"
    INPUT_REPEATED = "input-repeated"
    INPUT_MISPLACED = "input-misplaced"
    DEVICE_CHANGED = "device-changed"
    ATTR_CHANGED = "attr-changed"
    ATTR_MISSING = "attr-missing"
    ATTR_EXTRA = "attr-extra"
    DEFAULT_ATTR_MISSING = "default-attr-missing"
    DEFAULT_ATTR_EXTRA = "default-attr-extra"
    SHAPES_CHANGED = "shapes-changed"
    TENSOR_CHANGED = "tensor-changed"
    TENSOR_ENCODING = "tensor-encoding"
    FUNCTION_MISSING = "function-missing"
    FUNCTION_EXTRA = "function-extra"
    COLLECTION_MISSING = "collection-missing"
    COLLECTION_EXTRA = "collection-extra"
    COLLECTION_KIND = "collection-kind"
    COLLECTION_UNREADABLE = "collection-unreadable"
    VERSION_CHANGED = "version-changed"
    VERSION_UNSET = "version-unset"
    OPTION_UNUSED = "option-unused"


SECTIONS = frozenset(
    {
        "meta_info_def",
        "meta_info_def.stripped_op_list",
        "graph_def",
        "graph_def.library",
        "graph_def.versions",
        "graph_def.debug_info",
        "saver_def",
        "object_graph_def",
    }
)
"""The sub-messages that reports show as a part of their own; lists and maps with keys are so anyway."""


class Location(NamedTuple):
    """Where in a message something stands.

    Attributes:
        section: the part of the message, such as `graph_def.node` or `collection_def['variables']`.
        key: what identifies the entry in that part, such as the node's name; empty where it has no entries.
        subject: what the entry is: a node's op, the type of a collection's item.
        field: the path of the field within the entry, such as `attr['T']`.
    """

    section: str
    key: str = ""
    subject: str = ""
    field: str = ""

    def inside(self, name: str) -> Location:
        """The field `name` of what stands here; it may be a section of its own."""
        if (section := self.section_of(name)) in SECTIONS:
            return Location(section)
        return self._replace(field=f"{self.field}.{name}" if self.field else name)

    def section_of(self, name: str) -> str:
        """The path of the field `name`; empty where this is within an entry or field already."""
        if self.key or self.field:
            return ""
        return f"{self.section}.{name}" if self.section else name

    def at(self, index: object) -> Location:
        """The entry of a list or map that stands here."""
        return self._replace(field=f"{self.field}[{index!r}]")

    def entry(self, name: str, key: str, subject: str = "") -> Location:
        """The entry `key` of the keyed field `name`; within another entry it is part of the field's path."""
        if self.key:
            return self.inside(name).at(key)._replace(subject=subject or self.subject)
        return Location(f"{self.section}.{name}" if self.section else name, key, subject)


class Difference(NamedTuple):
    """One difference, or one note, between two messages.

    Attributes:
        code: the kind of difference.
        section: the part of the message, such as `graph_def.node`.
        key: what identifies the entry, such as the node's name; empty where a section has no entries.
        subject: what the entry is: a node's op, the type of a collection's item; may be empty.
        field: the path of the field within the entry; empty where the entry as a whole is meant.
        expected: what the expected side says, as short text; None where it says nothing.
        actual: the same for the actual side.
    """

    code: DifferenceCode
    section: str
    key: str
    subject: str
    field: str
    expected: str | None
    actual: str | None


_KEY = re.compile(r"\['.*'\]$", re.DOTALL)
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

    code: DifferenceCode
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
    found: dict[tuple[str, DifferenceCode, str], list[int]] = {}
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


def general_section(section: str) -> str:
    """Return a section without its key: `collection_def[*]` for `collection_def['variables']`."""
    return _KEY.sub("[*]", section)
