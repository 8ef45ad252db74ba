"""The differ's functions: compare two messages, assert that they are equal, explain why they are not."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from pytest_metagraph.diff import generated_names, report
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Comparison
from pytest_metagraph.diff.loading import UnusableInputError, load
from pytest_metagraph.diff.options import CompareOptions, unused_patterns
from pytest_metagraph.diff.result import MetaGraphDiff
from pytest_metagraph.diff.rules import RULES


class MetaGraphMismatch(AssertionError):  # noqa: N818 - a failed assertion, named as the public API names it
    """Two messages differ. The text of the exception is the rendered difference.

    Attributes:
        diff: the whole difference.
    """

    def __init__(self, diff: MetaGraphDiff, text: str) -> None:
        super().__init__(text)
        self.diff = diff


def raise_unless_equal(diff: MetaGraphDiff) -> None:
    """Raise where something differs; what the text has to leave out is in a file that it names.

    Warns of each pattern of the options that matched nothing: nobody reads the notes of a comparison that
    passes, and an ignore that ignores nothing hides a typing error.

    Raises:
        MetaGraphMismatch: when the two sides differ.
    """
    __tracebackhide__ = True  # pytest shows the caller's line, and nothing of the differ
    for note in diff.notes:
        if note.code is DifferenceCode.OPTION_UNUSED:
            text = f"{note.field}: the pattern {note.key!r} {note.actual}"
            warnings.warn(text, stacklevel=3)  # the caller of assert_..._equal
    if diff.equal:
        return
    text = diff.render()
    if not report.shows_all(diff):
        text += f"\n\n{_whole_difference(diff)}"
    raise MetaGraphMismatch(diff, text)


def _whole_difference(diff: MetaGraphDiff) -> str:
    """Where the whole difference is; a full disk does not hide that there is one."""
    try:
        return f"the whole difference: {report.write(diff)}"
    except OSError as error:
        return f"the whole difference can not be written: {error.strerror}"


_DEFAULT = CompareOptions.conformance()

_ROOTS = {"MetaGraphDef": "", "GraphDef": "graph_def", "NodeDef": "node", "FunctionDef": "function"}
"""The section in which the comparison of each message starts."""

_Labels = tuple[str | None, str | None]
"""How reports name the expected and the actual side."""


def diff_meta_graphs(
    *,
    actual: object,
    expected: object,
    options: CompareOptions = _DEFAULT,
    actual_label: str | None = None,
    expected_label: str | None = None,
) -> MetaGraphDiff:
    """Compare two MetaGraphDefs by their meaning.

    Args:
        actual: what is examined: a message of any pool, bytes, or the path of a binary or text file. It
            is not changed.
        expected: what it should be, in any of these forms.
        options: how to compare; the default is `CompareOptions.conformance()`.
        actual_label: how reports name the actual side, instead of the path or the kind of object.
        expected_label: the same for the expected side.

    Returns:
        Everything that differs, sorted and explained.

    Raises:
        UnusableInputError: when a side can not be read as a MetaGraphDef; it names the side.
    """
    return _diff("MetaGraphDef", expected, actual, options, (expected_label, actual_label))


def assert_meta_graph_equal(
    *,
    actual: object,
    expected: object,
    options: CompareOptions = _DEFAULT,
    actual_label: str | None = None,
    expected_label: str | None = None,
) -> None:
    """Compare two MetaGraphDefs as `diff_meta_graphs` does, and raise unless they are equal.

    Raises:
        MetaGraphMismatch: when they differ; its text is the rendered difference, its `diff` the whole.
        UnusableInputError: when a side can not be read as a MetaGraphDef; it names the side.
    """
    __tracebackhide__ = True
    raise_unless_equal(_diff("MetaGraphDef", expected, actual, options, (expected_label, actual_label)))


def diff_graph_defs(*, actual: object, expected: object, options: CompareOptions = _DEFAULT) -> MetaGraphDiff:
    """Compare two GraphDefs; see `diff_meta_graphs`."""
    return _diff("GraphDef", expected, actual, options)


def assert_graph_def_equal(*, actual: object, expected: object, options: CompareOptions = _DEFAULT) -> None:
    """Raise unless two GraphDefs are equal; see `assert_meta_graph_equal`."""
    __tracebackhide__ = True
    raise_unless_equal(_diff("GraphDef", expected, actual, options))


def diff_node_defs(*, actual: object, expected: object, options: CompareOptions = _DEFAULT) -> MetaGraphDiff:
    """Compare two NodeDefs of a graph; see `diff_meta_graphs`."""
    return _diff("NodeDef", expected, actual, options)


def assert_node_def_equal(*, actual: object, expected: object, options: CompareOptions = _DEFAULT) -> None:
    """Raise unless two NodeDefs are equal; see `assert_meta_graph_equal`."""
    __tracebackhide__ = True
    raise_unless_equal(_diff("NodeDef", expected, actual, options))


def diff_function_defs(
    *, actual: object, expected: object, options: CompareOptions = _DEFAULT
) -> MetaGraphDiff:
    """Compare two FunctionDefs; see `diff_meta_graphs`."""
    return _diff("FunctionDef", expected, actual, options)


def assert_function_def_equal(
    *, actual: object, expected: object, options: CompareOptions = _DEFAULT
) -> None:
    """Raise unless two FunctionDefs are equal; see `assert_meta_graph_equal`."""
    __tracebackhide__ = True
    raise_unless_equal(_diff("FunctionDef", expected, actual, options))


def _diff(
    kind: str, expected: object, actual: object, options: CompareOptions, labels: _Labels = (None, None)
) -> MetaGraphDiff:
    left = load(expected, kind, "expected", labels[0])
    right = load(actual, kind, "actual", labels[1])
    if options.canonicalize_function_names:
        right = generated_names.renamed(right, left, kind)
    run = Comparison(options, RULES, from_text=left.was_text or right.was_text)
    run.fields(Location(_ROOTS[kind]), left.view, right.view)
    notes = (*run.notes, *unused_patterns(options, run.used_patterns, (left.view, right.view)))
    return MetaGraphDiff(left, right, tuple(run.differences), notes, run.composites)


_FUNCTIONS: dict[str, Callable[..., MetaGraphDiff]] = {
    "MetaGraphDef": diff_meta_graphs,
    "GraphDef": diff_graph_defs,
    "NodeDef": diff_node_defs,
    "FunctionDef": diff_function_defs,
}


def explain_inequality(kind: str, left: Any, right: Any) -> list[str] | None:
    """Say in what two messages of one kind differ.

    Args:
        kind: their short name, such as `GraphDef`.
        left: what stands on the left of `==`; reports call it actual.
        right: what stands on its right; reports call it expected.

    Returns:
        Lines, as few for a large graph as for a small one. Where both mean the same, what makes them
        unequal nevertheless. None for a kind that has no comparison, or a message that can not be read.
    """
    compare = _FUNCTIONS.get(kind)
    if compare is None:
        return None
    try:
        diff = compare(actual=left, expected=right)
        if not diff.equal:
            return [f"{kind} == {kind}: left is actual, right is expected", *diff.render().splitlines()]
        diff = compare(actual=left, expected=right, options=CompareOptions.strict())
    except UnusableInputError:
        return None
    lines = [f"{kind} == {kind}: both mean the same, which assert_metagraph tells, but", ""]
    if type(left) is not type(right):
        return [*lines, "the messages are of two descriptor pools and never equal"]
    reasons = diff.render().splitlines() if not diff.equal else ["one is written in another form"]
    return [*lines, *reasons]
