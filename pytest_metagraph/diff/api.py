"""The differ's functions: compare two messages, assert that they are equal, explain why they are not."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from pytest_metagraph.diff import json_report, text_report
from pytest_metagraph.diff.compare import ROOTS, diff_messages
from pytest_metagraph.diff.differences import DifferenceCode
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.result import MetaGraphDiff
from pytest_metagraph.diff.sides import UnusableInputError

_DEFAULT = CompareOptions.conformance()


class MetaGraphMismatch(AssertionError):  # noqa: N818 - a failed assertion, named as the public API names it
    """Two messages differ. The text of the exception is the report.

    Attributes:
        diff: the result of the comparison.
    """

    __module__ = "pytest_metagraph"

    def __init__(self, diff: MetaGraphDiff, text: str) -> None:
        super().__init__(text)
        self.diff = diff


def diff_meta_graphs(
    *,
    actual: object,
    expected: object,
    options: CompareOptions = _DEFAULT,
    actual_label: str | None = None,
    expected_label: str | None = None,
    call: Mapping[str, Any] | None = None,
    tags: Collection[str] | None = None,
) -> MetaGraphDiff:
    """Compare two MetaGraphDefs by meaning.

    Args:
        actual: the MetaGraphDef to check: a message of any descriptor pool, bytes, or the path of a binary
            or text file. A SavedModel, as a message, a file or its folder, stands for its meta graphs, which
            are paired by their tags; of two folders, the assets are compared as well. It is not changed.
        expected: the correct MetaGraphDef, in any of these forms.
        options: how to compare; the default is `CompareOptions.conformance()`.
        actual_label: the name of the actual side in reports, instead of the path or the type of the object.
        expected_label: the name of the expected side in reports.
        call: the arguments of the export that made the actual message. No hint then blames an argument that
            was not given. None if the arguments are not known.
        tags: all tags of the one meta graph to compare, for SavedModels with several.

    Returns:
        The differences, sorted and explained.

    Raises:
        UnusableInputError: if a side cannot be read as a MetaGraphDef; the error names the side.
    """
    labels = (expected_label, actual_label)
    return diff_messages("MetaGraphDef", expected, actual, options, labels=labels, call=call, tags=tags)


def assert_meta_graph_equal(
    *,
    actual: object,
    expected: object,
    options: CompareOptions = _DEFAULT,
    actual_label: str | None = None,
    expected_label: str | None = None,
    tags: Collection[str] | None = None,
) -> None:
    """Compare two MetaGraphDefs as `diff_meta_graphs` does, and raise an error if they differ.

    Raises:
        MetaGraphMismatch: if they differ. Its text is the report, and its `diff` is the whole result.
        UnusableInputError: if a side cannot be read as a MetaGraphDef; the error names the side.
    """
    __tracebackhide__ = True
    labels = (expected_label, actual_label)
    raise_if_different(diff_messages("MetaGraphDef", expected, actual, options, labels=labels, tags=tags))


class AssertMetaGraph(Protocol):
    """The type of the fixture `assert_metagraph`, which is `assert_meta_graph_equal`."""

    def __call__(
        self,
        *,
        actual: object,
        expected: object,
        options: CompareOptions = _DEFAULT,
        actual_label: str | None = None,
        expected_label: str | None = None,
        tags: Collection[str] | None = None,
    ) -> None:
        """Raise an error unless two MetaGraphDefs mean the same; see `assert_meta_graph_equal`."""


def diff_graph_defs(*, actual: object, expected: object, options: CompareOptions = _DEFAULT) -> MetaGraphDiff:
    """Compare two GraphDefs; see `diff_meta_graphs`."""
    return diff_messages("GraphDef", expected, actual, options)


def assert_graph_def_equal(*, actual: object, expected: object, options: CompareOptions = _DEFAULT) -> None:
    """Raise an error if two GraphDefs differ; see `assert_meta_graph_equal`."""
    __tracebackhide__ = True
    raise_if_different(diff_messages("GraphDef", expected, actual, options))


def diff_node_defs(*, actual: object, expected: object, options: CompareOptions = _DEFAULT) -> MetaGraphDiff:
    """Compare two NodeDefs of a graph; see `diff_meta_graphs`."""
    return diff_messages("NodeDef", expected, actual, options)


def assert_node_def_equal(*, actual: object, expected: object, options: CompareOptions = _DEFAULT) -> None:
    """Raise an error if two NodeDefs differ; see `assert_meta_graph_equal`."""
    __tracebackhide__ = True
    raise_if_different(diff_messages("NodeDef", expected, actual, options))


def diff_function_defs(
    *, actual: object, expected: object, options: CompareOptions = _DEFAULT
) -> MetaGraphDiff:
    """Compare two FunctionDefs; see `diff_meta_graphs`."""
    return diff_messages("FunctionDef", expected, actual, options)


def assert_function_def_equal(
    *, actual: object, expected: object, options: CompareOptions = _DEFAULT
) -> None:
    """Raise an error if two FunctionDefs differ; see `assert_meta_graph_equal`."""
    __tracebackhide__ = True
    raise_if_different(diff_messages("FunctionDef", expected, actual, options))


def diff_function_def_libraries(
    *, actual: object, expected: object, options: CompareOptions = _DEFAULT
) -> MetaGraphDiff:
    """Compare two FunctionDefLibraries, function by function; see `diff_meta_graphs`."""
    return diff_messages("FunctionDefLibrary", expected, actual, options)


def assert_function_def_library_equal(
    *, actual: object, expected: object, options: CompareOptions = _DEFAULT
) -> None:
    """Raise an error if two FunctionDefLibraries differ; see `assert_meta_graph_equal`."""
    __tracebackhide__ = True
    raise_if_different(diff_messages("FunctionDefLibrary", expected, actual, options))


def explain_inequality(message_type: str, left: Any, right: Any) -> list[str] | None:
    """Explain why two messages of one type are not `==`.

    Args:
        message_type: the short name of their type, such as `GraphDef`.
        left: the message on the left of `==`, which the report calls actual.
        right: the message on the right of `==`, which the report calls expected.

    Returns:
        The lines of the report, or if both messages mean the same, of a report on their form. None if the
        type has no comparison or a message cannot be read.
    """
    if message_type not in ROOTS:
        return None
    title = f"{message_type} == {message_type}:"
    try:
        diff = diff_messages(message_type, right, left, _DEFAULT)
        if not diff.equal:
            return [f"{title} left is actual, right is expected", *diff.render().splitlines()]
        diff = diff_messages(message_type, right, left, CompareOptions.strict())
    except UnusableInputError:
        return None
    lines = [f"{title} both mean the same (assert_metagraph would pass), but they are not equal", ""]
    if type(left) is not type(right):
        return [*lines, "messages of different descriptor pools are never equal"]
    return [*lines, *(diff.render().splitlines() if not diff.equal else ["their encodings differ"])]


def raise_if_different(diff: MetaGraphDiff) -> None:
    """Raise an error with the report if there are differences.

    A report that does not name every entry refers to a file with all of them. Patterns of the options that
    match nothing are warned about, because nobody reads the notes of a comparison that passes.

    Raises:
        MetaGraphMismatch: if there are differences.
    """
    __tracebackhide__ = True  # pytest shows the caller's line and no line of the differ
    for note in diff.notes:
        if note.code is DifferenceCode.OPTION_UNUSED:
            text = f"{note.field}: the pattern {note.key!r} {note.actual}"
            warnings.warn(text, stacklevel=3)  # the caller of assert_..._equal
    if diff.equal:
        return
    text = diff.render()
    if not text_report.names_every_entry(diff):
        text += f"\n\n{_write_details(diff)}"
    raise MetaGraphMismatch(diff, text)


def _write_details(diff: MetaGraphDiff) -> str:
    """Return where the details are; a full disk must not hide that there are differences."""
    try:
        return f"All differences: {json_report.write_details(diff)}"
    except OSError as error:
        return f"The file with all differences cannot be written: {error.strerror}"
