"""Reduce the value of an attribute to the facts that the importer's rules judge.

Values that make no difference to any rule give equal facts, so that a graph with thousands of constants,
shapes and shared names has few different facts.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from google.protobuf import message_factory

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.loadability.op_registries import op_history
from reference_impl.schema import POOL, AttrValue, NodeDef, OpDef, OpList, TensorShapeProto

COLOCATION: Final = "_class"
OUTPUT_SHAPES: Final = "_output_shapes"
_PREFIX: Final = b"loc:@"
_TEXT_AT: Final = 19
_ONE_COLOCATION: Final = {
    size: b"\n\x06_class\x12" + bytes((size - 10, 10, size - 12, 18, size - 14)) + _PREFIX
    for size in range(_TEXT_AT, 128 + 10)
}
"""The first bytes of the serialised entry of a `_class` with one colocation, by the size of the entry.

Large graphs have thousands of them; reading these few bytes takes a fraction of parsing the entry.
"""
_JUDGED_STARTS: Final = tuple(
    b"\n" + bytes((len(name),)) + name.encode() for name in (COLOCATION, OUTPUT_SHAPES)
)
"""The first bytes of the serialised entries whose names begin with an underscore and are judged."""
_LARGEST: Final = (1 << 63) - 1

_Entry: Any = message_factory.GetMessageClass(POOL.FindMessageTypeByName("tensorflow.NodeDef.AttrEntry"))

Shape = tuple[int, ...] | None
"""The dimensions of a shape, -1 for an unknown one; None if its rank is unknown."""


class AttrFact(NamedTuple):
    """The facts of an attribute of a node that the rules judge.

    Attributes:
        name: the name of the attribute.
        kind: the field of AttrValue that is set: `s`, `i`, `f`, `b`, `type`, `shape`, `tensor`, `func`,
            `placeholder`, `list`; empty if none is.
        lists: if it is a list, the fields of it that have elements.
        length: if it is a list, the number of elements of the last of these fields.
        number: the value of an int.
        types: the data types of a type or a list of types.
        strings: the values of a string or a list of strings, if the value of such an attribute matters.
        shapes: the shape of a shape or a tensor, or those of a list of shapes.
        bad_shape: the reason why one of the shapes is not valid; empty if all are valid.
        functions: the names of the functions that it refers to.
        default_of: the numbers of the equal default values that the op list of the graph declares for
            attributes of this name.
        colocated: the names of the nodes that `_class` names.
        unusable_class: the reason why `_class` cannot be read; empty if it can.
    """

    name: str
    kind: str
    lists: tuple[str, ...] = ()
    length: int = 0
    number: int = 0
    types: tuple[int, ...] = ()
    strings: tuple[bytes, ...] = ()
    shapes: tuple[Shape, ...] = ()
    bad_shape: str = ""
    functions: tuple[str, ...] = ()
    default_of: frozenset[int] = frozenset()
    colocated: tuple[str, ...] = ()
    unusable_class: str = ""


class AttrFacts:
    """Make facts of attributes for one graph.

    Attributes:
        producer_defaults: for each op of the op list, its attributes with a default, and the number of that
            default.
    """

    def __init__(self, op_list: OpList | None = None) -> None:
        """Read the default values of the op list of the graph, if it has one."""
        self._defaults: dict[str, dict[bytes, int]] = {}
        self.producer_defaults: dict[str, dict[str, int]] = {}
        for op in op_list.op if op_list is not None else ():
            self.producer_defaults[op.name] = {
                attr.name: self._number_of(attr) for attr in op.attr if attr.HasField("default_value")
            }

    def _number_of(self, attr: OpDef.AttrDef) -> int:
        numbers = self._defaults.setdefault(attr.name, {})
        return numbers.setdefault(attr.default_value.SerializeToString(deterministic=True), len(numbers))

    @staticmethod
    def judged_of(entries: set[bytes]) -> Iterable[bytes]:
        """Return the serialised entries that may have a fact.

        The others have names that no rule judges. They are parsed together, because a graph can have hundreds
        of thousands of them.

        Raises:
            DecodeError: if one of the others is damaged.
        """
        judged = [entry for entry in entries if entry[2:3] != b"_" or entry.startswith(_JUDGED_STARTS)]
        if len(judged) == len(entries):
            return judged
        others = VIEWS["NodeDef"](attr=entries.difference(judged)).SerializeToString()
        names = NodeDef.FromString(others).attr  # an entry may have several names, the last of which counts
        return judged if all(map(_is_unjudged, names)) else entries

    def of_entry(self, data: bytes) -> AttrFact | None:
        """Return the fact of a serialised entry of an attribute map; None if no rule judges it.

        Raises:
            DecodeError: if the entry is damaged.
        """
        entry = _Entry.FromString(data)
        return self.of_value(entry.key, entry.value)

    def of_value(self, name: str, value: AttrValue) -> AttrFact | None:
        """Return the fact of an attribute; None if no rule judges it."""
        if name == COLOCATION:
            return _class_fact(value)
        if _is_unjudged(name):
            return None
        if name == OUTPUT_SHAPES:
            return _shapes_fact(name, value)
        known = self._defaults.get(name)
        default = frozenset[int]()
        if known:
            number = known.get(value.SerializeToString(deterministic=True))
            default = frozenset() if number is None else frozenset({number})
        return _fact(name, value, default)


def _is_unjudged(name: str) -> bool:
    """Return whether no rule judges the attributes of a name."""
    return name.startswith("_") and name not in {COLOCATION, OUTPUT_SHAPES}


def _fact(name: str, value: AttrValue, default: frozenset[int]) -> AttrFact:
    kind = value.WhichOneof("value") or ""
    match kind:
        case "i" | "type":
            types = (value.type,) if kind == "type" else ()
            return AttrFact(name, kind, number=value.i, types=types, default_of=default)
        case "s" if name in _limited_strings():
            return AttrFact(name, kind, strings=(value.s,), default_of=default)
        case "shape" | "tensor":
            proto = value.shape if kind == "shape" else value.tensor.tensor_shape
            types = (value.tensor.dtype,) if kind == "tensor" else ()
            return AttrFact(
                name,
                kind,
                types=types,
                shapes=(_shape(proto),),
                bad_shape=_shape_problem(proto),
                default_of=default,
            )
        case "func":
            return AttrFact(name, kind, functions=(value.func.name,), default_of=default)
        case "list":
            return _list_fact(name, value, default)
    return AttrFact(name, kind, default_of=default)


def _list_fact(name: str, value: AttrValue, default: frozenset[int]) -> AttrFact:
    items = value.list
    filled = tuple(field.name for field, _ in items.ListFields())
    return AttrFact(
        name,
        "list",
        lists=filled,
        length=len(getattr(items, filled[-1])) if filled else 0,
        types=tuple(items.type),
        strings=tuple(items.s) if name in _limited_strings() else (),
        functions=tuple(function.name for function in items.func),
        default_of=default,
    )


def _class_fact(value: AttrValue) -> AttrFact:
    if value.WhichOneof("value") == "s":
        return AttrFact(COLOCATION, "s", unusable_class="it is a string and not a list of strings")
    if value.WhichOneof("value") != "list":
        return AttrFact(COLOCATION, value.WhichOneof("value") or "")
    filled = [field.name for field, _ in value.list.ListFields()]
    problem = ""
    if filled and filled != ["s"]:
        problem = "it is a list of values that are not strings"
    colocated = []
    for text in value.list.s:
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError:
            problem = problem or f"{text!r} is not valid UTF-8"
            continue
        if text.startswith(_PREFIX):
            colocated.append(decoded.removeprefix(_PREFIX.decode()))
    return AttrFact(COLOCATION, "list", colocated=tuple(colocated), unusable_class=problem)


def _shapes_fact(name: str, value: AttrValue) -> AttrFact | None:
    kind = value.WhichOneof("value") or ""
    if kind not in {"", "list"} or (value.list.ListFields() and not value.list.shape):
        return None  # the importer reads no shapes from such a value
    problem = ""
    for number, shape in enumerate(value.list.shape):
        problem = problem or (f"shape {number}: {text}" if (text := _shape_problem(shape)) else "")
    shapes = tuple(_shape(shape) for shape in value.list.shape)
    return AttrFact(name, kind, length=len(shapes), shapes=shapes, bad_shape=problem)


def _shape(proto: TensorShapeProto) -> Shape:
    return None if proto.unknown_rank else tuple(dim.size for dim in proto.dim)


def _shape_problem(proto: TensorShapeProto) -> str:
    """Return why a shape is not valid; empty if it is."""
    if proto.unknown_rank:
        return "a shape of unknown rank has dimensions" if proto.dim else ""
    product = 1
    for dim in proto.dim:
        if dim.size < -1:
            return f"dimension {dim.size} is below -1"
        product = min(product * max(dim.size, 1), _LARGEST + 1)  # grows no further
    return "it has more than 2**63 - 1 elements" if product > _LARGEST else ""


@functools.cache
def _limited_strings() -> frozenset[str]:
    """Return the names of the attributes for which some op of some version allows certain strings only."""
    return frozenset(
        attr.name
        for definitions in op_history().values()
        for definition in definitions
        for attr in definition.op.attr
        if attr.type in {"string", "list(string)"} and attr.HasField("allowed_values")
    )


def only_colocation(entry: bytes) -> str | None:
    """Return the node that a serialised `_class` names if it names just one; None for any other entry."""
    start = _ONE_COLOCATION.get(len(entry))
    if start is None or not entry.startswith(start) or not entry.isascii():
        return None
    return entry[_TEXT_AT:].decode()


def is_usable_class(fact: AttrFact) -> bool:
    """Return whether a fact is of an attribute `_class` that can be read and no rule judges otherwise."""
    return fact.name == COLOCATION and not fact.unusable_class and fact.kind != "placeholder"


def shapes_agree(one: Shape, other: Shape) -> bool:
    """Return whether two shapes can be merged: equal ranks, and equal dimensions where both are known."""
    if one is None or other is None:
        return True
    return len(one) == len(other) and all(
        left == right or -1 in {left, right} for left, right in zip(one, other, strict=True)
    )
