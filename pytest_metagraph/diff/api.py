"""The differ's functions: compare two messages, or assert that they are equal."""

from __future__ import annotations

from pytest_metagraph.diff import canonical_functions, unused_patterns
from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Location
from pytest_metagraph.diff.loading import load
from pytest_metagraph.diff.mismatch import raise_unless_equal
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.result import MetaGraphDiff
from pytest_metagraph.diff.rules import RULES

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
        right = canonical_functions.renamed(right, left, kind)
    run = Comparison(options, RULES, from_text=left.was_text or right.was_text)
    run.fields(Location(_ROOTS[kind]), left.view, right.view)
    unused_patterns.note(run, (left.view, right.view))
    return MetaGraphDiff(left, right, tuple(run.differences), tuple(run.notes), run.composites)
