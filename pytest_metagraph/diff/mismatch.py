"""What an assertion raises where two messages differ."""

from __future__ import annotations

import warnings

from pytest_metagraph.diff import details, rendering
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.result import MetaGraphDiff


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
        if note.code is Code.OPTION_UNUSED:
            text = f"{note.field}: the pattern {note.key!r} {note.actual}"
            warnings.warn(text, stacklevel=3)  # the caller of assert_..._equal
    if diff.equal:
        return
    text = diff.render()
    if not rendering.shows_all(diff):
        text += f"\n\n{_whole_difference(diff)}"
    raise MetaGraphMismatch(diff, text)


def _whole_difference(diff: MetaGraphDiff) -> str:
    """Where the whole difference is; a full disk does not hide that there is one."""
    try:
        return f"the whole difference: {details.write(diff)}"
    except OSError as error:
        return f"the whole difference can not be written: {error.strerror}"
