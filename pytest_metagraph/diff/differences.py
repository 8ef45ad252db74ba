"""Differences and notes as plain data, and the groups that they form."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

NODE_SECTION = "graph_def.node"

_SECTIONS = frozenset(
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
"""The sub-messages that are a section of their own; lists and maps with keys always are."""

_KEY = re.compile(r"\['.*'\]$", re.DOTALL)
_INDEX = re.compile(r"\[\d+\]")
_BODY_NODE = re.compile(r"^node_def\['[^']*'\]")


class DifferenceCode(enum.StrEnum):
    """The kind of a difference or note. Codes are stable: reports and lists of known failures use them."""

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
    NAME_IGNORED = "name-ignored"
    NAME_AMBIGUOUS = "name-ambiguous"


class Location(NamedTuple):
    """A place in a message.

    Attributes:
        section: the part of the message, such as `graph_def.node` or `collection_def['variables']`.
        key: the name that identifies the entry within the section, such as the node's name; empty in a
            section without entries.
        subject: the type of the entry: a node's op, or the message type of a collection's item.
        field: the path of the field within the entry, such as `attr['T']`.
    """

    section: str
    key: str = ""
    subject: str = ""
    field: str = ""

    def inside(self, name: str) -> Location:
        """Return the location of the field `name`, which may be a section of its own."""
        if (section := self.section_of(name)) in _SECTIONS:
            return Location(section)
        return self._replace(field=f"{self.field}.{name}" if self.field else name)

    def section_of(self, name: str) -> str:
        """Return the path of the field `name`; empty if this location is within an entry or field."""
        if self.key or self.field:
            return ""
        return f"{self.section}.{name}" if self.section else name

    def at(self, index: object) -> Location:
        """Return the location of one entry of the list or map at this location."""
        return self._replace(field=f"{self.field}[{index!r}]")

    def entry(self, name: str, key: str, subject: str = "") -> Location:
        """Return the location of the entry `key` of the keyed field `name`.

        Within another entry, it is a part of the field's path.
        """
        if self.key:
            return self.inside(name).at(key)._replace(subject=subject or self.subject)
        return Location(f"{self.section}.{name}" if self.section else name, key, subject)


class Difference(NamedTuple):
    """One difference, or one note, between two messages.

    Attributes:
        code: the kind of difference.
        section: the part of the message, such as `graph_def.node`.
        key: the name that identifies the entry, such as the node's name; empty in a section without entries.
        subject: the type of the entry: a node's op, or the message type of a collection's item; may be empty.
        field: the path of the field within the entry; empty if the whole entry is meant.
        expected: the value on the expected side, as a short text; None if that side has none.
        actual: the value on the actual side, in the same form.
    """

    code: DifferenceCode
    section: str
    key: str
    subject: str
    field: str
    expected: str | None
    actual: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """The differences of one code in one field of one section.

    Attributes:
        code: the kind of difference.
        section: the part of the message.
        field: the path of the field, without list positions and without names of nodes in function bodies.
        members: the positions of the differences in the diff, in ascending order.
    """

    code: DifferenceCode
    section: str
    field: str
    members: tuple[int, ...]

    @property
    def title(self) -> str:
        """The section and the kind, such as `graph_def.node: device-changed`."""
        return f"{self.section or 'the message'}: {self.kind}"

    @property
    def kind(self) -> str:
        """The code, followed by the field unless the code already begins with it."""
        return str(self.code) if self.code.startswith(self.field) else f"{self.code} {self.field}"


def group_differences(differences: Iterable[Difference]) -> tuple[Group, ...]:
    """Return the differences grouped by section, code and field, in the order of their first members."""
    members: dict[tuple[str, DifferenceCode, str], list[int]] = {}
    for position, difference in enumerate(differences):
        kind = (difference.section, difference.code, _without_positions(difference.field))
        members.setdefault(kind, []).append(position)
    return tuple(
        Group(code, section, field, tuple(found)) for (section, code, field), found in members.items()
    )


def fingerprint(groups: Iterable[Group]) -> str:
    """Return a short digest of the kinds of difference.

    It depends on section, code and field only: not on how often a kind occurs, on the names of nodes and
    functions, on values, or on any order. One entry of a list of known failures can therefore stand for
    many cases with the same kinds of difference, and no longer matches if a kind appears or disappears.

    Returns:
        16 hexadecimal digits.
    """
    kinds = sorted({f"{group.section}\0{group.code}\0{group.field}" for group in groups})
    return hashlib.sha256("\n".join(kinds).encode()).hexdigest()[:16]


def general_section(section: str) -> str:
    """Return a section without its key: `collection_def[*]` for `collection_def['variables']`."""
    return _KEY.sub("[*]", section)


def _without_positions(field: str) -> str:
    if "[" not in field:
        return field
    return _INDEX.sub("", _BODY_NODE.sub("node_def", field))
