"""Find the versions of TensorFlow that know an attribute of an op, for `--explain-attr`.

Whether a version refuses an attribute of a node is decided in `rules/node_def.py` (LOAD-17).
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from google.protobuf import text_format

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.loadability.harmless import reason_to_drop
from pytest_metagraph.loadability.op_registries import Definition, known_versions, op_history
from pytest_metagraph.loadability.version_ranges import format_versions
from reference_impl.schema import AttrValue, OpDef

_SCALARS = {"b", "f", "i", "s", "type"}
"""The kinds of values of which the text form is `kind: value`."""


class UnknownAttrError(MetagraphError, ValueError):
    """No recorded TensorFlow has an op or an attribute of this name."""


@dataclass(frozen=True)
class AttrVersions:
    """The versions that know an attribute of an op.

    Attributes:
        op: the name of the op.
        attr: the name of the attribute.
        type: its type in the newest version that knows it, such as `bool`.
        default: the text of its default value there; None if it has none.
        versions: the minor versions that know it, ascending.
        op_versions: the minor versions that know the op, ascending.
    """

    op: str
    attr: str
    type: str
    default: str | None
    versions: tuple[str, ...]
    op_versions: tuple[str, ...]

    @property
    def is_later(self) -> bool:
        """Whether a version knows the op without this attribute, and a later one with it."""
        return self.versions[0] != self.op_versions[0]


@functools.cache
def attr_versions(op: str) -> Mapping[str, AttrVersions]:
    """Return the versions that know each attribute of an op.

    Args:
        op: the name of the op.

    Returns:
        The versions by the name of the attribute, in the order of the newest definition; those that it no
        longer has come last. Empty for an op that no recorded TensorFlow registers.
    """
    definitions = op_history().get(op, ())
    op_versions = _ascending(definitions)
    found: dict[str, AttrVersions] = {}
    for newest in reversed(definitions):
        for attr in newest.op.attr:
            if attr.name not in found:
                having = [one for one in definitions if _has(one.op, attr.name)]
                default = _text(attr.default_value) if attr.HasField("default_value") else None
                found[attr.name] = AttrVersions(
                    op, attr.name, attr.type, default, _ascending(having), op_versions
                )
    return MappingProxyType(found)


def later_attrs() -> Iterator[AttrVersions]:
    """Yield every attribute that an op got after the first recorded version that knows the op."""
    for op in op_history():
        yield from (attr for attr in attr_versions(op).values() if attr.is_later)


def explain_attr(name: str) -> str:
    """Return a text about the versions of TensorFlow that know an attribute.

    Args:
        name: op and attribute with a dot between, such as `Equal.incompatible_shape_error`.

    Returns:
        A few lines without a line break at the end.

    Raises:
        UnknownAttrError: if no recorded TensorFlow has this op, or this attribute of it.
    """
    op, _, attr = name.partition(".")
    if op not in op_history():
        near = _nearest(op, list(op_history()))
        raise UnknownAttrError(
            f"no TensorFlow from {_recorded()} registers an op {op!r}{near}",
            "" if near else "write OP.ATTR, such as Equal.incompatible_shape_error",
        )
    found = attr_versions(op)
    if attr not in found:
        choices = ", ".join(found) or "none"
        raise UnknownAttrError(f"{name!r} does not name an attribute of {op}; its attributes are {choices}")
    return "\n".join(_lines(found[attr]))


def _lines(attr: AttrVersions) -> Iterator[str]:
    """Yield the lines of the text about an attribute."""
    default = "without a default" if attr.default is None else f"default {attr.default}"
    yield f"{attr.op}.{attr.attr} ({attr.type}, {default})"
    yield f"  known to TensorFlow {format_versions(attr.versions)}"
    unaware = [version for version in attr.op_versions if version not in attr.versions]
    if not unaware:
        yield f"  like the op itself, which is in {format_versions(attr.op_versions)}"
        return
    yield f"  not known to TensorFlow {format_versions(unaware)}, where the op does not have it"
    reason = reason_to_drop(attr.op, attr.attr)
    if reason is not None:
        yield f"  can be dropped there whatever its value, because it {reason}"
    elif attr.default is not None:
        yield f"  can be dropped there if it is {attr.default}; another value changes what the op does"
    else:
        yield "  cannot be dropped there"


def _has(op: OpDef, attr: str) -> bool:
    return any(described.name == attr for described in op.attr)


def _ascending(definitions: Sequence[Definition]) -> tuple[str, ...]:
    """Return the versions of several definitions of an op, ascending."""
    having = {version for definition in definitions for version in definition.versions}
    return tuple(version for version in known_versions() if version in having)


def _text(value: AttrValue) -> str:
    """Return the value of an attribute in one short line."""
    kind = value.WhichOneof("value")
    if kind == "list" and not value.list.ByteSize():
        return "[]"
    text = text_format.MessageToString(value, as_one_line=True)
    return text.partition(": ")[2] if kind in _SCALARS else text


def _recorded() -> str:
    """Return the range of the recorded versions."""
    known = known_versions()
    return f"{known[0]} to {known[-1]}"


def _nearest(name: str, names: Sequence[str]) -> str:
    """Return a clause with the names that are most similar to a mistyped one; empty if there are none."""
    near = difflib.get_close_matches(name, names, n=3)
    return f"; the nearest are {', '.join(near)}" if near else ""
