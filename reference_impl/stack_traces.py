"""Where in the code a node was created (DBG-02, DBG-03)."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

MOST_FRAMES = 10
"""How many frames of a node's stack are kept (DBG-03)."""

_OWN_FRAMES = 2  # this module's function, and Graph.add_node


@dataclass(frozen=True, slots=True)
class StackFrame:
    """One frame of a stack.

    Attributes:
        file: the path of the source file.
        line: the line number, from 1.
        function: the name of the function, or `<module>`.
    """

    file: str
    line: int
    function: str

    @property
    def code(self) -> str:
        """The source line, stripped; empty where the source can not be had."""
        return linecache.getline(self.file, self.line).strip()


def caller_frames() -> Sequence[StackFrame]:
    """The stack of the code that called `Graph.add_node`.

    Returns:
        At most `MOST_FRAMES` frames, outermost first, ending with the caller.
    """
    frames: list[StackFrame] = []
    frame: FrameType | None = sys._getframe(_OWN_FRAMES)  # noqa: SLF001 - inspect.stack() reads every source
    while frame is not None and len(frames) < MOST_FRAMES:
        frames.append(StackFrame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return tuple(reversed(frames))
