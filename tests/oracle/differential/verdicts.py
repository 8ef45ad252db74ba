"""Runs the same calls on two sides and judges what they did."""

from __future__ import annotations

import collections
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from differential.calls import Call, Mode, Once
from differential.comparer import difference_report
from differential.sides import UNBOUND_COLLECTIONS, Outcome, Side
from pytest_metagraph.fuzzing.tensorflow_quirks import NEW_SAVER, builds_saver, crash_reason
from reference_impl.schema import MetaGraphDef

Tally = collections.Counter[str]
"""Counts by what was counted, such as `exports`, `messages equal` or `skipped: <reason>`."""


_EAGER_MARK = "_construction_context"
"""The attribute that eager TensorFlow adds to the functions of a graph that it exports live (EAG-03)."""


class DifferenceError(AssertionError):
    """The two sides did not do the same."""


def compare_sides(expected: Side, actual: Side, calls: Iterable[Call], *, keys: set[str]) -> Tally:
    """Make every call on both sides and demand the same outcome.

    Args:
        expected: the side that is right: TensorFlow.
        actual: the side under test.
        calls: made in order on the same two graphs, so that changes by one affect the next.
        keys: the collections of the graph.

    Returns:
        What was counted.

    Raises:
        DifferenceError: with every call whose outcomes differ, and how.
    """
    tally: Tally = collections.Counter()
    problems: list[str] = []
    for number, call in enumerate(calls):
        if call.clears_unbound_inputs:
            expected.clear_unbound_inputs()
            actual.clear_unbound_inputs()
        reason = reason_to_skip_call(call, keys)
        if reason:
            tally[f"skipped: {reason}"] += 1
            continue
        problem = _compare_call(expected, actual, call, tally)
        if problem:
            problems.append(f"call {number}: {call}\n{problem}")
            _reload(expected, actual)
    if problems:
        raise DifferenceError("\n\n".join(problems))
    return tally


def _reload(*sides: Side) -> None:
    """Give both sides the same graph again, so that one difference does not colour the calls after it."""
    for side in sides:
        side.reload()


def _compare_call(expected: Side, actual: Side, call: Call, tally: Tally) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "expected").mkdir()
        right = expected.export(call, Path(folder) / "expected")
        reason = reason_to_skip_outcome(right)
        if reason:
            tally[f"skipped: {reason}"] += 1
            _reload(expected, actual)
            return ""
        (Path(folder) / "actual").mkdir()
        seen = actual.export(call, Path(folder) / "actual")
    tally["exports"] += 1
    if call.mode is Mode.EAGER_WITHOUT_GRAPH_DEF:
        right, seen = _unmarked(right), _unmarked(seen)
    problem = outcome_report(right, seen, library_ordered=call.given_graph_def)
    if not problem:
        tally[f"errors equal: {right.error}" if right.error else "messages equal"] += 1
        tally["files equal"] += len(right.files)
    return problem


def _unmarked(outcome: Outcome) -> Outcome:
    """Return an outcome without the marks of functions that are made eagerly."""
    message = None if outcome.message is None else MetaGraphDef.FromString(outcome.message)
    for one in (message, *outcome.files.values()):
        if isinstance(one, MetaGraphDef):
            for function in one.graph_def.library.function:
                function.attr.pop(_EAGER_MARK, None)
    return outcome if message is None else replace(outcome, message=message.SerializeToString())


def reason_to_skip_call(call: Call, keys: set[str]) -> str:
    """Return why a call is not compared, before it is made; empty if it is.

    Args:
        call: the call.
        keys: the collections of the graph.
    """
    arguments = call.arguments
    if builds_saver(arguments, _exported_keys(call, keys)):
        return NEW_SAVER
    wrong = [name for name in ("graph_def", "saver_def", "meta_info_def") if _is_wrong_type(arguments, name)]
    if call.filtered and wrong:
        return "CALL-06, CALL-08: TensorFlow filters before it checks types, and may fail or leave traces"
    return ""


def _is_wrong_type(arguments: dict[str, Any], name: str) -> bool:
    """Whether an argument is given (CALL-05) and no message."""
    value = arguments.get(name)
    return bool(value) and not isinstance(value, Message)


def _exported_keys(call: Call, keys: set[str]) -> Collection[Any]:
    """Return the collections that a call requests, as far as it can be called."""
    listed = call.arguments.get("collection_list")
    if listed is None:
        return keys
    if isinstance(listed, Once):
        return listed.values
    return listed if isinstance(listed, Collection) else ()


def reason_to_skip_outcome(outcome: Outcome) -> str:
    """Return why TensorFlow's outcome is not compared; empty if it is."""
    return crash_reason(outcome.error, outcome.error_text)


def outcome_report(expected: Outcome, actual: Outcome, *, library_ordered: bool) -> str:
    """What differs between two outcomes of one call; empty if nothing does."""
    if expected.error != actual.error:
        return f"expected {_ending(expected)}, got {_ending(actual)}"
    parts: list[str] = []
    if expected.message is not None and actual.message is not None:
        parts.append(
            difference_report(
                expected=expected.message, actual=actual.message, library_ordered=library_ordered
            )
        )
    parts.extend(
        f"graph's {key} afterwards: expected {expected.unbound_inputs[key]}, got {actual.unbound_inputs[key]}"
        for key in UNBOUND_COLLECTIONS
        if expected.unbound_inputs[key] != actual.unbound_inputs[key]
    )
    if expected.meta_info_def != actual.meta_info_def:
        parts.append("the caller's meta_info_def was left in another state (META-01)")
    if expected.graph_def != actual.graph_def:
        parts.append("the caller's graph_def was left in another state (CALL-11)")
    parts.append(_files_report(expected, actual, library_ordered=library_ordered))
    return "\n".join(part for part in parts if part)


def _ending(outcome: Outcome) -> str:
    return f"{outcome.error} ({outcome.error_text[:200]})" if outcome.error else "a message"


def _files_report(expected: Outcome, actual: Outcome, *, library_ordered: bool) -> str:
    if expected.files.keys() != actual.files.keys():
        return f"files: expected {sorted(expected.files)}, got {sorted(actual.files)}"
    for name, right in expected.files.items():
        seen = actual.files[name]
        if right is None or seen is None:
            return "" if right is seen else f"file {name} has another form than was requested"
        if isinstance(right, MetaGraphDef):
            report = difference_report(
                expected=right.SerializeToString(),
                actual=seen.SerializeToString(),
                library_ordered=library_ordered,
            )
        else:
            report = _names_report(expected=right, actual=seen)
        if report:
            return f"file {name}:\n{report}"
    return ""


def _names_report(*, expected: Any, actual: Any) -> str:
    """Compare of two GraphDebugInfos which nodes they tell of; the two sides run different code (DBG-02)."""
    right, seen = (set(info.name_to_trace_id) for info in (expected, actual))
    return "" if right == seen else f"only one side tells of {sorted(right ^ seen)}"
