"""Generated names: random parts of names, and the numbers that end the names of functions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pytest_metagraph.diff import describe
from pytest_metagraph.diff.loading import Side
from pytest_metagraph.diff.shallow import VIEWS
from reference_impl import schema
from reference_impl.schema.parsing import is_repeated

_HEX = rb"[0-9a-f]"
_UUID = rb"-".join(_HEX + b"{%d}" % count for count in (8, 4, 4, 4, 12))
_RANDOM = re.compile(rb"(?P<saver>_temp_)" + _HEX + rb"{32}/part|hash_table_" + _UUID)


def masked(text: bytes) -> bytes:
    """The text with its random parts replaced by `*`.

    Random are the folder of a sharded checkpoint (`_temp_<32 hexadecimal digits>/part`) and the shared
    name of a hash table (`hash_table_<uuid>`).
    """
    if b"_temp_" not in text and b"hash_table_" not in text:
        return text
    return _RANDOM.sub(lambda found: b"_temp_*/part" if found["saver"] else b"hash_table_*", text)


_GENERATED = re.compile(r"(?P<base>__(?:inference|forward|backward)_.*)_(?P<uid>\d+)")


def pair(expected: Iterable[str], actual: Iterable[str]) -> dict[str, str]:
    """Pair function names that differ only in the number at the end.

    Of several names of one readable part, the lowest number goes with the lowest, and so on: functions
    are numbered as they are traced.

    Args:
        expected: function names of the expected side that the actual side lacks.
        actual: function names of the actual side that the expected side lacks.

    Returns:
        The actual name by the expected name; only where both sides have equally many of a readable part.
    """
    left, right = _by_base(expected), _by_base(actual)
    return {
        old: new
        for base, olds in left.items()
        if len(olds) == len(news := right.get(base, []))
        for old, new in zip(olds, news, strict=True)
    }


def _by_base(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in names:
        if generated := _GENERATED.fullmatch(name):
            found[generated["base"]].append((int(generated["uid"]), name))
    return {base: [name for _, name in sorted(numbered)] for base, numbered in found.items()}


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
    names = pair(old - new, new - old)
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
            _rename_map(value, describe.map_value(field), names)
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
