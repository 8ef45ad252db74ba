"""The options of a comparison, and the presets of them that `metagraph diff --preset` names.

Each option is read where it acts: `compare` prepares both sides (`canonicalize_*`, `ignore_names`), `engine`
leaves out sections and unknown fields and decides about notes, and the modules of `rules` read the rest.
"""

from __future__ import annotations

import numbers
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from google.protobuf.message import Message

from reference_impl import schema

OutputShapes = Literal["exact", "compatible", "ignore"]
TensorEncoding = Literal["semantic", "strict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """How two messages are compared. The defaults are the rules of a conformance comparison.

    Attributes:
        check_node_order: compare the order of the nodes.
        check_op_order: compare the order of the op list.
        check_empty_parts: tell an empty `library {}` or `versions {}` from an unset one.
        output_shapes: how to compare the attribute `_output_shapes`: `exact`; `compatible`, so that an
            unknown rank or dimension matches any other; or `ignore`.
        ignore_attrs: glob patterns of attribute names that are not compared.
        ignore_default_attrs: treat an attribute that holds its op's default like an absent one.
        ignore_sections: parts of the message that are not compared, as field paths: `graph_def.library`.
        tensor_encoding: `semantic` compares the elements of tensors, `strict` their encoding as well.
        rtol: relative tolerance for floating-point numbers.
        atol: absolute tolerance for floating-point numbers.
        collection_types: the message type of a collection's `bytes_list`, by collection key: a message
            class, or the name of a TensorFlow message such as `VariableDef`. Extends the known keys.
        unordered_collections: glob patterns of collection keys whose item order is ignored.
        canonicalize_function_names: treat functions as the same if their generated names differ only in
            the number at the end.
        ignore_names: match the nodes by structure, and compare them whatever their names are. What had
            another name is listed in the notes.
        canonicalize_saves: ignore the meaningless differences between two saves of one model: the numbers of
            functions, arguments, gradients and looked-up resources in names, and the order in which variables
            are saved.
        normalize_devices: treat `/cpu:0` and `/device:CPU:0` as the same device.
        ignore_unknown_fields: do not compare fields that are not in the schema.
        allow_equal_defects: report a defect that makes a message invalid (a duplicate node name, a data
            input after a control input) only as a note if both sides have it.
        fail_on_notes: report notes as differences.

    Raises:
        ValueError: if an option has an invalid value.
        TypeError: if a list of patterns is a single string, or an option does not exist.
    """

    check_node_order: bool = False
    check_op_order: bool = False
    check_empty_parts: bool = False
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
    ignore_names: bool = False
    canonicalize_saves: bool = False
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
                raise TypeError(f"{name} must be a list of strings, not one string; use [{value!r}]")
            object.__setattr__(self, name, tuple(value))
            if wrong := [one for one in getattr(self, name) if not isinstance(one, str)]:
                raise TypeError(f"{name} must be a list of strings; {wrong[0]!r} is not a string")
        for name in ("rtol", "atol"):
            value = getattr(self, name)
            if not isinstance(value, numbers.Real):
                raise TypeError(f"{name} must be a number, not {type(value).__name__}")
            if not 0 <= cast("float", value) <= sys.float_info.max:
                raise ValueError(f"{name} must be a finite number of at least 0")
        for path in self.ignore_sections:
            _check_section(path)
        types = {key: _message_class(key, name) for key, name in self.collection_types.items()}
        object.__setattr__(self, "collection_types", MappingProxyType(types))

    @classmethod
    def conformance(cls) -> CompareOptions:
        """Return the options of the conformance run, which are the defaults: messages must mean the same."""
        return cls()

    @classmethod
    def strict(cls) -> CompareOptions:
        """Return options that also compare orders, empty parts and encodings, and make notes differences."""
        return cls(
            check_node_order=True,
            check_op_order=True,
            check_empty_parts=True,
            tensor_encoding="strict",
            fail_on_notes=True,
        )

    @classmethod
    def saved_model(cls) -> CompareOptions:
        """Return options for two saves of one model, in one process or in two."""
        return cls(canonicalize_saves=True)

    @classmethod
    def tf_compat(cls) -> CompareOptions:
        """Return options that ignore what TensorFlow's `assert_equal_graph_def` ignores.

        These are the function library, the versions, and attributes whose name begins with `_`.
        """
        return cls(ignore_attrs=("_*",), ignore_sections=("graph_def.library", "graph_def.versions"))


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")


def _message_class(key: str, name: type[Message] | str) -> type[Message]:
    if not isinstance(name, str):
        return name
    found = getattr(schema, name, None)
    if not (isinstance(found, type) and issubclass(found, Message)):
        problem = f"collection_types[{key!r}] = {name!r} is not a message of the schema"
        raise ValueError(problem)  # noqa: TRY004 - the name is wrong, not its type
    return found


def _check_section(path: str) -> None:
    """Refuse an unknown section, which would silently ignore nothing."""
    descriptor: Any = schema.MetaGraphDef.DESCRIPTOR
    for name in path.split("."):
        known = descriptor.fields_by_name if descriptor is not None else {}
        if name not in known:
            choices = f"use one of {', '.join(sorted(known))}" if known else "its parent has no fields"
            raise ValueError(f"ignore_sections: {path!r} has no field {name!r}; {choices}")
        descriptor = known[name].message_type
