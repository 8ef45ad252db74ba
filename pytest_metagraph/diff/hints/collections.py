"""Hints about collections: not pruned, named with the scope, of another kind, order or encoding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2
from google.protobuf.unknown_fields import UnknownFieldSet

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.describe import describe
from pytest_metagraph.diff.differences import Difference, DifferenceCode
from pytest_metagraph.diff.hints.call import NAME, is_given, may_be_given, scope_of, unbound_inputs_key
from pytest_metagraph.diff.hints.consequences import collection_names
from pytest_metagraph.diff.hints.hint import Hint, HintCode, list_keys, list_names, select
from pytest_metagraph.diff.rules.collections import NO_KIND
from pytest_metagraph.diff.sides import PARSE_ERRORS
from reference_impl import schema

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_PREFIX = "collection_def["
_ITEM_CODES = (DifferenceCode.ITEM_MISSING, DifferenceCode.ITEM_EXTRA)


def find_scope_in_collections(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if collections hold items outside of the scope, or names with it (COL-12 to COL-15)."""
    scope = scope_of(diff)
    if not (scope and may_be_given(diff, "export_scope")):
        return
    not_pruned: dict[str, set[int]] = {}
    keeps_scope: dict[str, set[int]] = {}
    for key, members in _by_collection(diff).items():
        expected, actual = _plain(diff.expected, key), _plain(diff.actual, key)
        inside = {name for name in actual if name.startswith(scope)}
        outside = {name for name in actual if name not in inside and not _is_part(name, expected)}
        if outside:
            about = {
                position for position, one in members.items() if _is_about(one, outside | inside, actual)
            }
            not_pruned |= {key: about} if about else {}
        else:
            kept = {position for position, one in members.items() if _keeps_scope(one, members, scope)}
            keeps_scope |= {key: kept} if kept else {}
    if not_pruned:
        # What is not selected is not stripped either.
        covered = frozenset().union(*not_pruned.values(), *keeps_scope.values())
        text = (
            f"Collections are not pruned under export_scope: {list_names(sorted(not_pruned))} "
            f"with items outside of the scope {scope!r}."
        )
        yield Hint(HintCode.COLLECTIONS_NOT_PRUNED, text, covered)
    elif keeps_scope:
        text = f"Names in collections keep the scope {scope!r}: {list_names(sorted(keeps_scope))}."
        yield Hint(HintCode.COLLECTIONS_KEEP_SCOPE, text, frozenset().union(*keeps_scope.values()))


def find_removed_items(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if collections name nodes that were removed with their saver (SAV-08)."""
    if not is_given(diff, "clear_extraneous_savers"):
        return
    exported = {VIEWS["NodeDef"].FromString(node).name for node in diff.actual.nodes}
    found = {
        key: {*members}
        for key, members in _by_collection(diff).items()
        if _plain(diff.actual, key).keys() - _plain(diff.expected, key).keys() - exported
    }
    if found:
        text = f"Collections are not pruned: {list_names(sorted(found))} with nodes that were not exported."
        yield Hint(HintCode.COLLECTIONS_NOT_PRUNED, text, frozenset().union(*found.values()))


def find_overstripped(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if names in collections have lost more than the scope (COL-12 to COL-15)."""
    if not may_be_given(diff, "export_scope"):
        return
    found = {
        position
        for members in _by_collection(diff).values()
        for position, one in members.items()
        if one.actual and one.expected and one.expected.endswith(f"/{one.actual[1:]}")
    }
    if found:
        text = f"Names in collections have lost more than the scope: {counted(len(found), 'name')}."
        yield Hint(HintCode.COLLECTIONS_OVERSTRIPPED, text, frozenset(found))


def find_empty(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if collections without items were exported (COL-03)."""
    collections = getattr(diff.actual.view, "collection_def", {})
    extra = select(diff, DifferenceCode.COLLECTION_EXTRA)
    empty = {position: one for position, one in extra.items() if not _items(collections[one.key])}
    if empty:
        text = f"Collections without items were exported: {list_keys(empty.values())}. They are left out."
        yield Hint(HintCode.COLLECTIONS_EMPTY, text, frozenset(empty))


def find_kinds(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if collections have another kind (COL-04, COL-11)."""
    changed = select(diff, DifferenceCode.COLLECTION_KIND)
    if changed:
        first = next(iter(changed.values()))
        text = (
            f"Collections are written as another kind: {list_names(one.key for one in changed.values())}, "
            f"such as {first.actual} instead of {first.expected}."
        )
        yield Hint(HintCode.COLLECTION_KIND, text, frozenset(changed))


def find_order(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if only the order of a collection differs (COL-10)."""
    ordered = {
        key: set(members)
        for key, members in _by_collection(diff, with_unbound=True).items()
        if all(one.code is DifferenceCode.ORDER_CHANGED for one in members.values())
    }
    if ordered:
        keys = sorted(ordered)
        text = (
            f"Only the order of the items differs in {list_names(keys)}. If it has no meaning, ignore it: "
            f"`--unordered-collection {keys[0]}`, or the option `unordered_collections`."
        )
        yield Hint(HintCode.COLLECTION_ORDER, text, frozenset().union(*ordered.values()))


def find_encodings(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if items in bytes are messages that differ only in the order of their fields."""
    encoded = {
        key: set(members)
        for key, members in _by_collection(diff).items()
        if all(not one.subject and one.section != "collection_def" for one in members.values())
        and _differ_in_encoding(_bytes(diff.expected, key), _bytes(diff.actual, key))
    }
    if encoded:
        keys = sorted(encoded)
        text = (
            f"Items of {list_names(keys)} look like messages that differ only in their encoding. Name their "
            f"type: `--collection-type {keys[0]}=MESSAGE`, or the option `collection_types`."
        )
        yield Hint(HintCode.BYTES_ENCODING, text, frozenset().union(*encoded.values()))


def find_lost_fields(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if items lack fields that they should have, such as `trainable` (COL-18)."""
    lost = {
        position: one
        for members in _by_collection(diff).values()
        for position, one in members.items()
        if one.subject and _is_lost(one)
    }
    if lost:
        fields = {f"{one.subject}.{one.field.partition('[')[0]}" for one in lost.values()}
        text = f"Fields of items were lost: {list_names(sorted(fields))} ({counted(len(lost), 'place')})."
        yield Hint(HintCode.ITEM_FIELDS_LOST, text, frozenset(lost))


def _by_collection(diff: MetaGraphDiff, *, with_unbound: bool = False) -> dict[str, dict[int, Difference]]:
    """Return the differences of each collection by its key; unbound inputs have hints of their own."""
    found: dict[str, dict[int, Difference]] = defaultdict(dict)
    for position, one in enumerate(diff.differences):
        if one.code is DifferenceCode.COLLECTION_KIND and one.expected != NO_KIND:
            continue  # the items of two kinds cannot be compared
        if one.section == "collection_def":
            found[one.key][position] = one
        elif one.section.startswith(_PREFIX):
            found[one.section[len(_PREFIX) + 1 : -2]][position] = one
    if not with_unbound:
        found.pop(unbound_inputs_key(diff), None)
    return found


def _plain(side: Any, key: str) -> dict[str, None]:
    """Return the names in a collection without their output, in order."""
    return dict.fromkeys(name.partition(":")[0] for name in collection_names(side, key))


def _is_part(name: str, expected: Iterable[str]) -> bool:
    """Return whether a name is an expected one, or the end of one."""
    return any(other == name or other.endswith(f"/{name}") for other in expected)


def _items(collection: Any) -> Any:
    kind = collection.WhichOneof("kind")
    return getattr(collection, kind).value if kind else ()


def _is_about(one: Difference, names: set[str], actual: Iterable[str]) -> bool:
    """Return whether a difference is about an item with one of the names, or is the whole collection.

    An item whose name the actual side does not have was compared with another one at its position.
    """
    if one.section == "collection_def" or one.code in {*_ITEM_CODES, DifferenceCode.ORDER_CHANGED}:
        return True
    named = NAME.findall(one.key.partition(" ")[2])
    return not names.isdisjoint(NAME.findall(one.actual or "")) or (bool(named) and named[0] not in actual)


def _keeps_scope(one: Difference, members: Mapping[int, Difference], scope: str) -> bool:
    expected, actual = one.expected or "", one.actual or ""
    if one.code is DifferenceCode.ITEM_MISSING:
        extra = {other.actual for other in members.values() if other.code is DifferenceCode.ITEM_EXTRA}
        return any(scope in (text or "") for text in extra)
    if expected and actual:
        return expected != actual and actual.replace(scope, "") == expected.replace(scope, "")
    return scope in actual


def _bytes(side: Any, key: str) -> list[bytes]:
    collections = getattr(side.view, "collection_def", {})
    return list(collections[key].bytes_list.value) if key in collections else []


def _differ_in_encoding(expected: list[bytes], actual: list[bytes]) -> bool:
    if len(expected) != len(actual) or expected == actual:
        return False
    pairs = [(left, right) for left, right in zip(expected, actual, strict=True) if left != right]
    forms = [(_fields(left), _fields(right)) for left, right in pairs]
    return all(left is not None and left == right for left, right in forms)


def _fields(data: bytes) -> list[tuple[int, str]] | None:
    """Return the fields of an unknown message, sorted; None if the bytes are not a message."""
    try:
        found: Any = UnknownFieldSet(empty_pb2.Empty.FromString(data))
    except PARSE_ERRORS:
        return None
    return sorted((one.field_number, repr(one.data)) for one in found)


def _is_lost(one: Difference) -> bool:
    """Return whether the actual side has the default in the place of a value."""
    if one.code in {DifferenceCode.FIELD_MISSING, DifferenceCode.ITEM_MISSING}:
        return bool(one.field)
    if one.code is DifferenceCode.LIST_CHANGED:
        return one.actual == "[]"
    message = getattr(schema, one.subject, None)
    field = message.DESCRIPTOR.fields_by_name.get(one.field) if message is not None else None
    if one.code is not DifferenceCode.FIELD_CHANGED or field is None or field.message_type is not None:
        return False
    return one.actual == describe(field, field.default_value)
