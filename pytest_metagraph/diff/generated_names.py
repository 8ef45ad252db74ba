"""Names that TensorFlow generates: random ones, and numbered names of traced functions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.composite_values import map_value_field
from pytest_metagraph.diff.sides import Side
from reference_impl import schema
from reference_impl.schema.parsing import is_repeated

SAVING_FUNCTIONS = ("__inference__traced_save", "__inference__traced_restore")
"""How the names of the functions begin that save and restore the variables of a SavedModel."""

_HEX = rb"[0-9a-f]"
_UUID = rb"-".join(_HEX + b"{%d}" % length for length in (8, 4, 4, 4, 12))
_RANDOM = re.compile(rb"(?P<saver>_temp_)" + _HEX + rb"{32}/part|hash_table_" + _UUID)
_TEXT_TYPES = frozenset({FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES})
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
    rewrite_texts(message, lambda text: names.get(text, text))


def rewrite_texts(message: Any, rewrite: Callable[[str], str]) -> None:
    """Apply a function to every text of a message: fields, items, map keys, and bytes that are text.

    Args:
        message: the message to change; the elements of tensors stay as they are.
        rewrite: returns the new text.
    """
    for field, value in message.ListFields():
        is_text = field.type in _TEXT_TYPES
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _rewrite_map(value, map_value_field(field), rewrite)
        elif field.message_type is not None and field.message_type.name != "TensorProto":
            for inner in value if is_repeated(field) else (value,):
                rewrite_texts(inner, rewrite)
        elif is_text and is_repeated(field):
            for index, item in enumerate(value):
                if (new := _rewritten(item, rewrite)) != item:
                    value[index] = new
        elif is_text and (new := _rewritten(value, rewrite)) != value:
            setattr(message, field.name, new)


def _rewrite_map(entries: Any, value_field: Any, rewrite: Callable[[str], str]) -> None:
    keys = {key: rewrite(key) for key in entries if isinstance(key, str)}
    moved = {}  # all at once, because one entry may get the key that another one had
    for key in list(entries):
        if value_field.message_type is not None:
            rewrite_texts(entries[key], rewrite)
        elif value_field.type in _TEXT_TYPES:
            entries[key] = _rewritten(entries[key], rewrite)
        if keys.get(key, key) != key:
            moved[keys[key]] = _copy_of(entries[key])
    for key in [key for key, new in keys.items() if new != key]:
        del entries[key]
    for key, value in moved.items():
        if value_field.message_type is not None:
            entries[key].CopyFrom(value)
        else:
            entries[key] = value


def _copy_of(value: Any) -> Any:
    return type(value).FromString(value.SerializeToString()) if isinstance(value, Message) else value


def _rewritten(value: Any, rewrite: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return rewrite(value)
    try:
        return rewrite(value.decode()).encode()
    except UnicodeError:  # not a text
        return value
