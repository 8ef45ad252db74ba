"""A strict comparison of two MetaGraphDefs, independent of `pytest_metagraph.diff`.

Two messages are equal when their canonical bytes are equal: presence, node order, float bits and
unknown fields all count. Only these are set aside: the two version strings; the order of the function
library where TensorFlow's own order is a hash order (LIB-02); the byte form of registered protos inside
collections, which hold maps in random order (DET-02).
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError, Message

from reference_impl.schema import (
    CondContextDef,
    MetaGraphDef,
    QueueRunnerDef,
    SaverDef,
    VariableDef,
    WhileContextDef,
)

REGISTERED_COLLECTIONS: dict[str, type[Message]] = {
    **dict.fromkeys(
        (
            "variables",
            "trainable_variables",
            "model_variables",
            "local_variables",
            "metric_variables",
            "moving_average_variables",
            "global_step",
        ),
        VariableDef,
    ),
    "savers": SaverDef,
    "queue_runners": QueueRunnerDef,
    "cond_context": CondContextDef,
    "while_context": WhileContextDef,
}
"""The collections whose entries are serialised protos (COL-11)."""

SHOWN_DIFFERENCES = 6
_SHOWN_CHARACTERS = 200


def difference_report(*, expected: bytes, actual: bytes, library_ordered: bool) -> str:
    """Compare two serialised MetaGraphDefs.

    Args:
        expected: what the one side exported; TensorFlow, as a rule.
        actual: what the other side exported.
        library_ordered: whether the order of library functions counts, as it does where the caller gave
            the GraphDef (LIB-02).

    Returns:
        An empty string where the two say the same; otherwise the first few differences, one a line.
    """
    left = canonical(expected, library_ordered=library_ordered)
    right = canonical(actual, library_ordered=library_ordered)
    if deterministic_bytes(left) == deterministic_bytes(right):
        return ""
    lines: list[str] = []
    _compare_messages("", left, right, lines)
    shown = lines[:SHOWN_DIFFERENCES] or ["only unknown fields differ"]
    if len(lines) > len(shown):
        shown.append(f"... and {len(lines) - len(shown)} more")
    return "\n".join(shown)


def canonical(data: bytes, *, library_ordered: bool) -> MetaGraphDef:
    """Parse a MetaGraphDef and bring into one form all that `difference_report` sets aside."""
    message = MetaGraphDef.FromString(data)
    if message.HasField("meta_info_def"):
        message.meta_info_def.ClearField("tensorflow_version")
        message.meta_info_def.ClearField("tensorflow_git_version")
    if not library_ordered and message.graph_def.HasField("library"):
        library = message.graph_def.library
        library.function.sort(key=lambda function: function.signature.name)
        library.gradient.sort(key=lambda gradient: (gradient.function_name, gradient.gradient_func))
    for key, kind in REGISTERED_COLLECTIONS.items():
        if key in message.collection_def:
            values = message.collection_def[key].bytes_list.value
            values[:] = [_canonical_entry(kind, value) for value in values]
    return message


def deterministic_bytes(message: Message) -> bytes:
    """The bytes of a message with its maps in key order."""
    return message.SerializeToString(deterministic=True)


def _canonical_entry(kind: type[Message], value: bytes) -> bytes:
    """One registered proto with its maps in key order; bytes that are not such a proto stay as they are."""
    try:
        return deterministic_bytes(kind.FromString(value))
    except DecodeError:
        return value


def _compare_messages(path: str, left: Message, right: Message, lines: list[str]) -> None:
    """Append a line for every leaf in which two messages of one type differ."""
    left_fields = {field.name: (field, value) for field, value in left.ListFields()}
    right_fields = {field.name: (field, value) for field, value in right.ListFields()}
    for name in sorted(left_fields.keys() | right_fields.keys()):
        where = f"{path}.{name}" if path else name
        if name not in right_fields:
            lines.append(f"{where}: missing; expected {_shown(left_fields[name][1])}")
        elif name not in left_fields:
            lines.append(f"{where}: not expected; got {_shown(right_fields[name][1])}")
        else:
            field, value = left_fields[name]
            _compare_field(where, field, value, right_fields[name][1], lines)


def _compare_field(where: str, field: Any, left: Any, right: Any, lines: list[str]) -> None:
    """Compare a field that both messages have set."""
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
    if is_map:
        _compare_maps(where, left, right, lines)
    elif field.is_repeated:
        _compare_lists(where, left, right, lines)
    else:
        _compare_values(where, left, right, lines)


def _compare_maps(where: str, left: Any, right: Any, lines: list[str]) -> None:
    """Compare two maps by key."""
    for key in sorted(set(left) | set(right), key=repr):
        entry = f"{where}[{key!r}]"
        if key not in right:
            lines.append(f"{entry}: missing; expected {_shown(left[key])}")
        elif key not in left:
            lines.append(f"{entry}: not expected; got {_shown(right[key])}")
        elif where == "collection_def" and key in REGISTERED_COLLECTIONS:
            kind = REGISTERED_COLLECTIONS[key]
            _compare_lists(f"{entry}({kind.DESCRIPTOR.name})", *_entries(kind, left[key], right[key]), lines)
        else:
            _compare_values(entry, left[key], right[key], lines)


def _entries(kind: type[Message], left: Any, right: Any) -> tuple[list[Any], list[Any]]:
    """The entries of a registered collection, parsed where both sides can be."""
    try:
        return (
            [kind.FromString(value) for value in left.bytes_list.value],
            [kind.FromString(value) for value in right.bytes_list.value],
        )
    except DecodeError:
        return [left], [right]


def _compare_lists(where: str, left: Any, right: Any, lines: list[str]) -> None:
    """Compare two repeated fields item by item, in order."""
    if len(left) != len(right):
        lines.append(f"{where}: expected {len(left)} items, got {len(right)}{_only_names(left, right)}")
    for index, (left_item, right_item) in enumerate(zip(left, right, strict=False)):
        name = getattr(left_item, "name", "")
        _compare_values(f"{where}[{index}{f' {name}' if name else ''}]", left_item, right_item, lines)


def _only_names(left: Any, right: Any) -> str:
    """Which named items only one side has, for a message about lists of unequal length."""
    left_names = {item.name for item in left if getattr(item, "name", "")}
    right_names = {item.name for item in right if getattr(item, "name", "")}
    missing, extra = sorted(left_names - right_names), sorted(right_names - left_names)
    return f" (missing {missing[:5]}, not expected {extra[:5]})" if missing or extra else ""


def _compare_values(where: str, left: Any, right: Any, lines: list[str]) -> None:
    """Compare two single values: messages field by field, all else by its own bits."""
    if isinstance(left, Message):
        if deterministic_bytes(left) != deterministic_bytes(right):
            known = len(lines)
            _compare_messages(where, left, right, lines)
            if len(lines) == known:
                lines.append(f"{where}: present or unknown fields differ")
    elif repr(left) != repr(right):  # repr tells -0.0 from 0.0 and takes nan for equal to nan
        lines.append(f"{where}: expected {_shown(left)}, got {_shown(right)}")


def _shown(value: Any) -> str:
    """A value on one line, cut to a readable length."""
    text = " ".join(str(value).split()) if isinstance(value, Message) else repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
