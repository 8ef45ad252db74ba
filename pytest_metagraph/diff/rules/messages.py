"""Rules for whole messages: versions, the function library, `google.protobuf.Any`."""

from __future__ import annotations

from typing import Any

from google.protobuf import message_factory

from pytest_metagraph.diff import describe
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Comparison, Rule
from pytest_metagraph.diff.loading import PARSE_ERRORS
from pytest_metagraph.diff.rules import combinators
from pytest_metagraph.diff.shallow import VIEWS
from reference_impl.schema import POOL


def version(field: str) -> Rule:
    """A rule for a version number: another version is the implementation's own, none is a difference.

    Args:
        field: the field's name.

    Returns:
        The field's rule.
    """

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, field), getattr(actual, field)
        if left == right:
            return
        if left and right:
            run.note(DifferenceCode.VERSION_CHANGED, where.inside(field), str(left), str(right))
        else:
            run.differ(DifferenceCode.VERSION_UNSET, where.inside(field), str(left), str(right))

    return rule


def any_message(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """Any: the URL's host means nothing; content of an unknown type, or damaged, is compared by its bytes."""
    run.unknown_fields(where, expected, actual)
    name = _type_name(expected)
    if name != _type_name(actual):
        run.differ(DifferenceCode.FIELD_CHANGED, where.inside("type_url"), expected.type_url, actual.type_url)
        return
    left, right = _unpacked(name, expected.value), _unpacked(name, actual.value)
    if left is not None and right is not None:
        run.messages(where.inside("value"), left, right)
    elif expected.value != actual.value:
        run.differ(
            DifferenceCode.FIELD_CHANGED,
            where.inside("value"),
            describe.shorten(repr(expected.value)),
            describe.shorten(repr(actual.value)),
        )


def _type_name(message: Any) -> str:
    name: str = message.type_url.rpartition("/")[2]
    return name


def _unpacked(name: str, data: bytes) -> Any:
    try:
        return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name)).FromString(data)
    except (KeyError, *PARSE_ERRORS):
        return None


def functions(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
    """FunctionDefLibrary.function: each function, whatever the order."""
    view = VIEWS["FunctionDef"]
    left = combinators.index(map(view.FromString, expected.function), _name)
    right = combinators.index(map(view.FromString, actual.function), _name)
    for name, function in left.items():
        at = Location(where.section, name)
        if name in right:
            run.messages(at, function, right[name])
        else:
            run.differ(DifferenceCode.FUNCTION_MISSING, at, _summary(function), None)
    for name, function in right.items():
        if name not in left:
            run.differ(DifferenceCode.FUNCTION_EXTRA, Location(where.section, name), None, _summary(function))


def _name(function: Any) -> str:
    name: str = function.signature.name
    return name


def _summary(function: Any) -> str:
    signature = function.signature
    arguments = f"{len(signature.input_arg)} inputs, {len(signature.output_arg)} outputs"
    return f"{arguments}, {len(function.node_def)} nodes"
