"""Names that TensorFlow generates: random ones, and numbered names of traced functions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.explain import map_value_field
from pytest_metagraph.diff.sides import Side
from reference_impl import schema
from reference_impl.schema.parsing import is_repeated

_HEX = rb"[0-9a-f]"
_UUID = rb"-".join(_HEX + b"{%d}" % length for length in (8, 4, 4, 4, 12))
_RANDOM = re.compile(rb"(?P<saver>_temp_)" + _HEX + rb"{32}/part|hash_table_" + _UUID)
_TRACED = re.compile(r"(?P<base>__(?:inference|forward|backward)_.*)_(?P<uid>\d+)")


def mask_random_parts(text: bytes) -> bytes:
    """Return the text with its random parts replaced by `*`.

    Random parts are the folder of a sharded checkpoint (`_temp_<32 hexadecimal digits>/part`) and the
    shared name of a hash table (`hash_table_<uuid>`).
    """
    if b"_temp_" not in text and b"hash_table_" not in text:
        return text
    return _RANDOM.sub(lambda found: b"_temp_*/part" if found["saver"] else b"hash_table_*", text)


def pair_function_names(expected: Iterable[str], actual: Iterable[str]) -> dict[str, str]:
    """Pair generated function names that differ only in the number at the end.

    Functions are numbered in the order in which they are traced. If several names have the same base, the
    lowest numbers are paired with each other, then the next ones, and so on.

    Args:
        expected: function names that only the expected side has.
        actual: function names that only the actual side has.

    Returns:
        The actual name by expected name. A base is left out if the sides have different numbers of names.
    """
    left, right = _names_by_base(expected), _names_by_base(actual)
    return {
        old: new
        for base, olds in left.items()
        if len(olds) == len(news := right.get(base, []))
        for old, new in zip(olds, news, strict=True)
    }


def rename_functions(actual: Side, expected: Side, message_type: str) -> Side:
    """Rename functions whose generated name differs from the expected one only in the number at the end.

    Args:
        actual: the side to rename functions in; it is not changed.
        expected: the side whose names are used.
        message_type: the short name of the message type.

    Returns:
        The actual side with the expected names in every string that is the name of such a function: ops,
        attributes, gradients, map keys. The same object if there is nothing to rename.
    """
    old, new = _function_names(actual, message_type), _function_names(expected, message_type)
    names = pair_function_names(old - new, new - old)
    if not names:
        return actual
    message = getattr(schema, message_type).FromString(actual.view.SerializeToString())
    rename_in_message(message, names)
    view = VIEWS[message_type].FromString(message.SerializeToString(deterministic=True))
    return replace(actual, view=view)


def _names_by_base(names: Iterable[str]) -> dict[str, list[str]]:
    numbered: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in names:
        if traced := _TRACED.fullmatch(name):
            numbered[traced["base"]].append((int(traced["uid"]), name))
    return {base: [name for _, name in sorted(found)] for base, found in numbered.items()}


def _function_names(side: Side, message_type: str) -> set[str]:
    if message_type == "FunctionDef":
        return {side.view.signature.name}
    graph = getattr(side.view, "graph_def", side.view)
    library = graph.library.function if message_type != "NodeDef" else ()
    return {VIEWS["FunctionDef"].FromString(function).signature.name for function in library}


def rename_in_message(message: Any, names: Mapping[str, str]) -> None:
    """Replace every string of a message that is a key of `names`: fields, items, map keys and bytes."""
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _rename_in_map(value, map_value_field(field), names)
        elif field.message_type is not None:
            for inner in value if is_repeated(field) else (value,):
                rename_in_message(inner, names)
        elif is_repeated(field):
            for index, item in enumerate(value):
                if (new := _new_name(item, names)) is not None:
                    value[index] = new
        elif (new := _new_name(value, names)) is not None:
            setattr(message, field.name, new)


def _rename_in_map(entries: Any, value_field: Any, names: Mapping[str, str]) -> None:
    for key in list(entries):
        if value_field.message_type is not None:
            rename_in_message(entries[key], names)
        elif (new := _new_name(entries[key], names)) is not None:
            entries[key] = new
        if (new_key := _new_name(key, names)) is not None:
            if value_field.message_type is not None:
                entries[new_key].CopyFrom(entries[key])
            else:
                entries[new_key] = entries[key]
            del entries[key]


def _new_name(value: Any, names: Mapping[str, str]) -> str | bytes | None:
    """Return the new name of a function; None if the value is not the name of a renamed function."""
    if isinstance(value, bytes):
        new = names.get(value.decode(errors="replace"))
        return None if new is None else new.encode()
    return names.get(value) if isinstance(value, str) else None
