"""The options of a comparison, and the notes about patterns that matched nothing."""

from __future__ import annotations

import fnmatch
import functools
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from google.protobuf.message import Message

from pytest_metagraph.diff.differences import Difference, DifferenceCode
from pytest_metagraph.diff.shallow import VIEWS
from reference_impl import schema


def matching(patterns: tuple[str, ...], name: str) -> list[str]:
    """The glob patterns that match a name; upper and lower case differ."""
    return [pattern for pattern in patterns if _compiled(pattern).match(name)]


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))


OutputShapes = Literal["exact", "compatible", "ignore"]
TensorEncoding = Literal["semantic", "strict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """How two messages are compared. The defaults are the rules of a conformance comparison.

    Attributes:
        check_node_order: the order of the nodes counts.
        output_shapes: how the attribute `_output_shapes` is compared: `exact`; `compatible`, where an
            unknown rank or dimension agrees with anything; or `ignore`.
        ignore_attrs: glob patterns of attribute names that are not compared.
        ignore_default_attrs: an attribute that holds its op's default is equal to an absent one.
        ignore_sections: parts of the message that are not compared, as paths of fields: `graph_def.library`.
        tensor_encoding: `semantic` compares the elements of tensors, `strict` also how they are encoded.
        rtol: relative tolerance of floating-point numbers.
        atol: absolute tolerance of floating-point numbers.
        collection_types: by collection key, the message that its `bytes_list` holds: a message class, or
            the name of a TensorFlow message such as `VariableDef`. It adds to the keys that are known.
        unordered_collections: glob patterns of collection keys whose items may have any order.
        canonicalize_function_names: functions that differ only in the number that ends their generated
            name are the same function.
        normalize_devices: `/cpu:0` and `/device:CPU:0` are the same device.
        ignore_unknown_fields: fields that the schema does not know are not compared.
        allow_equal_defects: a defect that makes a message invalid (a repeated node name, a data input
            after a control input) is only noted where both sides have it alike.
        fail_on_notes: what is otherwise only noted is a difference.

    Raises:
        ValueError: for a value that an option does not have.
        TypeError: for a pattern list that is one string, or an option that does not exist.
    """

    check_node_order: bool = False
    output_shapes: OutputShapes = "exact"
    ignore_attrs: tuple[str, ...] = ()
    ignore_default_attrs: bool = False
    ignore_sections: tuple[str, ...] = ()
    tensor_encoding: TensorEncoding = "semantic"
    rtol: float = 0.0
    atol: float = 0.0
    collection_types: Mapping[str, type[Message] | str] = field(default_factory=dict)
    unordered_collections: tuple[str, ...] = ()
    canonicalize_function_names: bool = False
    normalize_devices: bool = False
    ignore_unknown_fields: bool = False
    allow_equal_defects: bool = False
    fail_on_notes: bool = False

    def __post_init__(self) -> None:
        _check_choice("output_shapes", self.output_shapes, get_args(OutputShapes))
        _check_choice("tensor_encoding", self.tensor_encoding, get_args(TensorEncoding))
        for name in ("ignore_attrs", "ignore_sections", "unordered_collections"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise TypeError(f"{name} takes a sequence of patterns; write [{value!r}]")
            object.__setattr__(self, name, tuple(value))
        for name in ("rtol", "atol"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be a finite number of at least 0, not {value!r}")
        for path in self.ignore_sections:
            _check_section(path)
        types = {key: _message_class(key, kind) for key, kind in self.collection_types.items()}
        object.__setattr__(self, "collection_types", MappingProxyType(types))

    @classmethod
    def conformance(cls) -> CompareOptions:
        """What the conformance run uses, and the default: equal in meaning."""
        return cls()

    @classmethod
    def strict(cls) -> CompareOptions:
        """Equal in meaning and form: node order, tensor encoding, and what is otherwise noted."""
        return cls(check_node_order=True, tensor_encoding="strict", fail_on_notes=True)

    @classmethod
    def tf_compat(cls) -> CompareOptions:
        """What TensorFlow's `assert_equal_graph_def` looks at: no library, versions or `_` attributes."""
        return cls(ignore_attrs=("_*",), ignore_sections=("graph_def.library", "graph_def.versions"))


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")


def _message_class(key: str, kind: type[Message] | str) -> type[Message]:
    if not isinstance(kind, str):
        return kind
    found: type[Message] | None = getattr(schema, kind, None)
    if found is None:
        raise ValueError(f"collection_types: the schema has no message {kind!r} for the collection {key!r}")
    return found


def _check_section(path: str) -> None:
    """A misspelt section would ignore nothing in silence, so it is refused."""
    descriptor: Any = schema.MetaGraphDef.DESCRIPTOR
    for name in path.split("."):
        known = descriptor.fields_by_name if descriptor is not None else {}
        if name not in known:
            choices = ", ".join(sorted(known)) or "nothing below it"
            raise ValueError(f"ignore_sections: {path!r} has no field {name!r}; there is {choices}")
        descriptor = known[name].message_type


_OPTIONS = ("ignore_attrs", "unordered_collections", "collection_types")
_OF_PRESETS = frozenset(CompareOptions.tf_compat().ignore_attrs)
"""Nobody has typed these, and a graph without such attributes is common."""


def unused_patterns(
    options: CompareOptions, used: Collection[tuple[str, str]], views: Iterable[Any]
) -> Iterator[Difference]:
    """Yield a note for each pattern of the options that nothing in either message matches.

    Args:
        options: the options of a comparison.
        used: the patterns that the comparison has used, each as option and pattern.
        views: the shallow messages of both sides.
    """
    unused = [
        (option, pattern)
        for option in _OPTIONS
        for pattern in getattr(options, option)
        if (option, pattern) not in used and pattern not in _OF_PRESETS
    ]
    # The comparison looks only at attributes that differ; a pattern may well match others.
    wanted = any(option == "ignore_attrs" for option, _ in unused)
    names = {name for view in views for name in _attr_names(view)} if wanted else set()
    for option, pattern in unused:
        if option == "ignore_attrs" and any(matching((pattern,), name) for name in names):
            continue
        found = "matches nothing in either message"
        yield Difference(DifferenceCode.OPTION_UNUSED, "options", pattern, "", option, found, found)


def _attr_names(view: Any) -> Iterator[str]:
    """The name of every attribute of every node, function bodies included."""
    if view.DESCRIPTOR.name == "MetaGraphDef":
        view = view.graph_def
    match view.DESCRIPTOR.name:
        case "GraphDef":
            for node in view.node:
                yield from _attr_names(VIEWS["NodeDef"].FromString(node))
            for function in view.library.function:
                yield from _attr_names(VIEWS["FunctionDef"].FromString(function))
        case "FunctionDef":
            yield from view.attr
            for node in view.node_def:
                yield from _attr_names(VIEWS["BodyNodeDef"].FromString(node))
        case _:
            for entry in view.attr:
                yield VIEWS["AttrEntry"].FromString(entry).key
