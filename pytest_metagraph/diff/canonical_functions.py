"""Gives functions of the actual side the generated names that the expected side has for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_metagraph.diff import function_names, values
from pytest_metagraph.diff.loading import Side
from pytest_metagraph.diff.shallow import VIEWS
from reference_impl import schema
from reference_impl.schema.fields import is_repeated


def renamed(actual: Side, expected: Side, kind: str) -> Side:
    """Rename functions that differ from the expected ones only in the number that ends a generated name.

    Args:
        actual: the side to rename in; it is not changed.
        expected: the side whose names are taken.
        kind: the message's short name.

    Returns:
        The actual side under the expected side's names wherever a whole string names such a function:
        ops, attributes, gradients, map keys. The side itself where no function is to be renamed.
    """
    old, new = _functions(actual, kind), _functions(expected, kind)
    names = function_names.pair(old - new, new - old)
    if not names:
        return actual
    message = getattr(schema, kind).FromString(actual.view.SerializeToString())
    _rename(message, names)
    return replace(actual, view=VIEWS[kind].FromString(message.SerializeToString(deterministic=True)))


def _functions(side: Side, kind: str) -> set[str]:
    if kind == "FunctionDef":
        return {side.view.signature.name}
    graph = getattr(side.view, "graph_def", side.view)
    library = graph.library.function if kind != "NodeDef" else ()
    return {VIEWS["FunctionDef"].FromString(function).signature.name for function in library}


def _rename(message: Any, names: Mapping[str, str]) -> None:
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _rename_map(value, values.map_value(field), names)
        elif field.message_type is not None:
            for inner in value if is_repeated(field) else (value,):
                _rename(inner, names)
        elif is_repeated(field):
            for index, item in enumerate(value):
                if (new := _new_name(item, names)) is not None:
                    value[index] = new
        elif (new := _new_name(value, names)) is not None:
            setattr(message, field.name, new)


def _rename_map(entries: Any, value_field: Any, names: Mapping[str, str]) -> None:
    for key in list(entries):
        if value_field.message_type is not None:
            _rename(entries[key], names)
        elif (new := _new_name(entries[key], names)) is not None:
            entries[key] = new
        if (new_key := _new_name(key, names)) is not None:
            if value_field.message_type is not None:
                entries[new_key].CopyFrom(entries[key])
            else:
                entries[new_key] = entries[key]
            del entries[key]


def _new_name(value: Any, names: Mapping[str, str]) -> str | bytes | None:
    """The other name of a function; None for anything else."""
    if isinstance(value, bytes):
        new = names.get(value.decode(errors="replace"))
        return None if new is None else new.encode()
    return names.get(value) if isinstance(value, str) else None
