"""GraphDebugInfo: where in the code each exported node was added (DBG)."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import FrameType

from reference_impl.schema import GraphDebugInfo

MOST_FRAMES = 10
"""The number of frames of a node's stack that are kept (DBG-03)."""

_OWN_FRAMES = 2  # `caller_frames` and Graph.add_node


@dataclass(frozen=True, slots=True)
class StackFrame:
    """One frame of a stack.

    Attributes:
        file: the path of the source file.
        line: the line number, from 1.
        function: the name of the function, or `<module>`.
        is_loaded: whether the frame comes from a file, whose source is not looked up.
    """

    file: str
    line: int
    function: str
    is_loaded: bool = False

    @property
    def code(self) -> str:
        """The source line, stripped; empty if the source is not available."""
        return "" if self.is_loaded else linecache.getline(self.file, self.line).strip()


NO_ORIGIN = StackFrame("<no recorded origin>", 0, "")
"""The stack of a node that was read from a file, for readers of debug info who look the node up."""


def caller_frames() -> Sequence[StackFrame]:
    """Return the stack of the code that called `Graph.add_node`.

    Returns:
        At most `MOST_FRAMES` frames, outermost first, ending with the caller.
    """
    frames: list[StackFrame] = []
    frame: FrameType | None = sys._getframe(_OWN_FRAMES)  # noqa: SLF001 - inspect.stack() reads every source
    while frame is not None and len(frames) < MOST_FRAMES:
        frames.append(StackFrame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return tuple(reversed(frames))


def loaded_stacks(info: GraphDebugInfo) -> dict[str, Sequence[StackFrame]]:
    """Return the stack of each node whose origin a loaded GraphDef contains (DBG-07).

    Args:
        info: the debug info of the GraphDef, whose traces are keyed by the names of nodes.

    Returns:
        By node, at most `MOST_FRAMES` frames, outermost first, ending with the innermost. A trace or frame
        that is not in the message is left out.
    """
    frames = {
        number: StackFrame(info.files[frame.file_index], frame.line, frame.func, is_loaded=True)
        for number, frame in info.frames_by_id.items()
        if 0 <= frame.file_index < len(info.files)
    }
    return {
        name: [frames[number] for number in info.traces_by_id[trace].frame_id if number in frames][
            -MOST_FRAMES:
        ]
        for name, trace in info.name_to_trace_id.items()
        if trace in info.traces_by_id
    }


def graph_debug_info(stack_of: Callable[[str], Sequence[StackFrame]], names: Iterable[str]) -> GraphDebugInfo:
    """Collect the stack trace of each node that has one (DBG-02).

    Args:
        stack_of: returns where the code added a node; empty if that is not known (DBG-03).
        names: full names of nodes, from which no scope is stripped (DBG-04).

    Returns:
        A message whose traces are keyed `node@`: the name of a node, then the name of the function that
        contains it, which is empty here.
    """
    info = GraphDebugInfo()
    files: dict[str, int] = {}
    frames: dict[StackFrame, int] = {}
    for name in names:
        stack = stack_of(name)
        if not stack:
            continue
        trace_id = len(info.name_to_trace_id)
        info.name_to_trace_id[f"{name}@"] = trace_id
        info.traces_by_id[trace_id].frame_id.extend(frames.setdefault(frame, len(frames)) for frame in stack)
    for frame, frame_id in frames.items():
        line = info.frames_by_id[frame_id]
        line.file_index = files.setdefault(frame.file, len(files))
        line.line, line.func = frame.line, frame.function
        if code := frame.code:
            line.code = code
    info.files.extend(files)
    return info
