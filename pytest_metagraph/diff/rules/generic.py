"""Rules for any message: one for each form of field, keyed and unordered lists, notes, Any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable
from operator import attrgetter
from typing import Any, AnyStr

from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor

from pytest_metagraph.diff.composite_values import Composite, map_value_field
from pytest_metagraph.diff.describe import describe, describe_list, one_line, quote, shorten
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Differ, Rule
from pytest_metagraph.diff.sides import PARSE_ERRORS
from reference_impl.schema import POOL
from reference_impl.schema.parsing import is_repeated


def default_rule(field: FieldDescriptor) -> Rule:
    """Return the rule for a field that has no rule of its own."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _map_rule(field)
    if is_repeated(field):
        return _repeated_rule(field)
    if field.has_presence:
        return _optional_rule(field)
    return _scalar_rule(field)


def keyed_list(field: str, key: Callable[[Any], str]) -> Rule:
    """Return a rule for a repeated field of messages that compares the entries with the same key.

    Args:
        field: the name of the field.
        key: returns the key of an entry. See `index_by_key` for entries with the same key.
    """

    def rule(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
        left, right = index_by_key(getattr(expected, field), key), index_by_key(getattr(actual, field), key)
        for name in sorted({*left, *right}):
            at = where.entry(field, name)
            if name not in right:
                differ.report(DifferenceCode.ITEM_MISSING, at, one_line(left[name]), None)
            elif name not in left:
                differ.report(DifferenceCode.ITEM_EXTRA, at, None, one_line(right[name]))
            else:
                differ.compare_messages(at, left[name], right[name])

    return rule


def op_list(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare OpList.op by the names of the ops, and their order if the options say so."""
    _op_entries(differ, where, expected, actual)
    if differ.options.check_op_order:
        names = ([op.name for op in side.op] for side in (expected, actual))
        compare_order(differ, where.inside("op"), *names)


def compare_order(differ: Differ, where: Location, expected: Iterable[str], actual: Iterable[str]) -> None:
    """Report the first position at which the names that both sides have are in a different order."""
    left, right = dict.fromkeys(expected), dict.fromkeys(actual)
    pairs = zip(filter(right.__contains__, left), filter(left.__contains__, right), strict=True)
    for position, (name, other) in enumerate(pairs):
        if name != other:
            differ.report(DifferenceCode.ORDER_CHANGED, where.at(position), name, other)
            return


def unordered_list(field: str) -> Rule:
    """Return a rule for a repeated scalar field that ignores the order of the items."""

    def rule(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
        left, right = Counter(getattr(expected, field)), Counter(getattr(actual, field))
        at = where.inside(field)
        for item in sorted((left - right).elements()):
            differ.report(DifferenceCode.ITEM_MISSING, at, shorten(quote(item)), None)
        for item in sorted((right - left).elements()):
            differ.report(DifferenceCode.ITEM_EXTRA, at, None, shorten(quote(item)))

    return rule


def noted(field: str) -> Rule:
    """Return a rule for a singular field that reports differences as notes."""

    def rule(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
        descriptor = expected.DESCRIPTOR.fields_by_name[field]
        if descriptor.has_presence:
            left = getattr(expected, field) if expected.HasField(field) else None
            right = getattr(actual, field) if actual.HasField(field) else None
        else:
            left, right = getattr(expected, field), getattr(actual, field)
        if left is right or left == right:
            return
        is_set = left is not None and right is not None
        if is_set and descriptor.message_type and differ.are_equal(left, right):
            return
        differ.note(
            DifferenceCode.FIELD_CHANGED,
            where.inside(field),
            describe(descriptor, left) if left is not None else None,
            describe(descriptor, right) if right is not None else None,
        )

    return rule


def empty_equals_unset(field: str) -> Rule:
    """Return a rule for a sub-message for which empty and unset are the same, unless the options differ."""

    def rule(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
        # Reading an unset sub-message returns an empty one and does not set it.
        left, right = getattr(expected, field), getattr(actual, field)
        differ.compare_messages(where.inside(field), left, right)
        is_set = expected.HasField(field)
        if differ.options.check_empty_parts and is_set != actual.HasField(field) and left == right:
            code = DifferenceCode.FIELD_MISSING if is_set else DifferenceCode.FIELD_EXTRA
            texts = ("present and empty", None) if is_set else (None, "present and empty")
            differ.report(code, where.inside(field), *texts)

    return rule


def version_number(field: str) -> Rule:
    """Return a rule for a version number: two versions may differ, but both sides must have one."""

    def rule(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, field), getattr(actual, field)
        if left == right:
            return
        if left and right:
            differ.note(DifferenceCode.VERSION_CHANGED, where.inside(field), str(left), str(right))
        else:
            differ.report(DifferenceCode.VERSION_UNSET, where.inside(field), str(left), str(right))

    return rule


def ignored(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Ignore a field that no reader looks at."""


def any_message(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare two Any messages by type name and content.

    The host of the type URL is ignored. Damaged content and content of an unknown type are compared
    as bytes.
    """
    differ.compare_unknown_fields(where, expected, actual)
    name = _type_name(expected)
    if name != _type_name(actual):
        at = where.inside("type_url")
        differ.report(DifferenceCode.FIELD_CHANGED, at, expected.type_url, actual.type_url)
        return
    at = where.inside("value")
    left, right = _unpack(name, expected.value), _unpack(name, actual.value)
    if left is not None and right is not None:
        differ.compare_messages(at, left, right)
    elif expected.value != actual.value:
        texts = shorten(repr(expected.value)), shorten(repr(actual.value))
        differ.report(DifferenceCode.FIELD_CHANGED, at, *texts)


_op_entries = keyed_list("op", attrgetter("name"))


def _scalar_rule(field: FieldDescriptor) -> Rule:
    name = field.name

    def rule(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, name), getattr(actual, name)
        if not differ.tolerance.equal(left, right):  # creating the location first would take longer than this
            differ.compare_values(where.inside(name), field, left, right)

    return rule


def _optional_rule(field: FieldDescriptor) -> Rule:
    """Return the rule for a field with presence: a sub-message, or a member of a oneof."""
    name = field.name

    def rule(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
        if expected.HasField(name):
            left = getattr(expected, name)
            if actual.HasField(name):
                differ.compare_values(where.inside(name), field, left, getattr(actual, name))
            else:
                differ.report(DifferenceCode.FIELD_MISSING, where.inside(name), describe(field, left), None)
        elif actual.HasField(name):
            text = describe(field, getattr(actual, name))
            differ.report(DifferenceCode.FIELD_EXTRA, where.inside(name), None, text)

    return rule


def _repeated_rule(field: FieldDescriptor) -> Rule:
    name = field.name

    def rule(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, name), getattr(actual, name)
        if len(left) == len(right):
            for index, (one, other) in enumerate(zip(left, right, strict=True)):
                differ.compare_values(where.inside(name).at(index), field, one, other)
        else:
            texts = describe_list(field, left), describe_list(field, right)
            composite = Composite(field, left, right)
            differ.report(DifferenceCode.LIST_CHANGED, where.inside(name), *texts, composite=composite)

    return rule


def _map_rule(field: FieldDescriptor) -> Rule:
    name = field.name
    value = map_value_field(field)

    def rule(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, name), getattr(actual, name)
        for key in sorted({*left, *right}):
            at = where.entry(name, key if isinstance(key, str) else repr(key))
            if key not in right:
                differ.report(DifferenceCode.ITEM_MISSING, at, describe(value, left[key]), None)
            elif key not in left:
                differ.report(DifferenceCode.ITEM_EXTRA, at, None, describe(value, right[key]))
            else:
                differ.compare_values(at, value, left[key], right[key])

    return rule


def _type_name(message: Any) -> str:
    name: str = message.type_url.rpartition("/")[2]
    return name


def _unpack(name: str, data: bytes) -> Any:
    """Return the content of an Any; None if its type is unknown or the content is damaged."""
    try:
        return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name)).FromString(data)
    except (KeyError, *PARSE_ERRORS):
        return None


def index_by_key(entries: Iterable[Any], key: Callable[[Any], str]) -> dict[str, Any]:
    """Return the entries by key; further entries with the same key as `key#2`, `key#3` and so on.

    Every entry gets a key of its own, even if a generated key is the real key of another entry.
    """
    found: dict[str, Any] = {}
    last_numbers: dict[str, int] = {}
    for entry in entries:
        name = key(entry)
        if name in found:
            name = numbered(name, next_number(name, found, last_numbers))
        found[name] = entry
    return found


def next_number(key: AnyStr, taken: Container[AnyStr], last_numbers: dict[AnyStr, int]) -> int:
    """Return the lowest number of at least 2 for which `key#number` is not taken.

    Args:
        key: a key that is taken.
        taken: all keys so far; no key may be removed between two calls.
        last_numbers: the last number returned for each key, which the next search starts from, so that
            any number of entries with one key takes linear time. It is updated.
    """
    number = last_numbers.get(key, 1) + 1
    while numbered(key, number) in taken:
        number += 1
    last_numbers[key] = number
    return number


def numbered(key: AnyStr, number: int) -> AnyStr:
    """Return the key `key#number`."""
    if isinstance(key, bytes):
        return b"%s#%d" % (key, number)
    return f"{key}#{number}"
