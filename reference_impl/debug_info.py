"""Where the exported nodes were created, as a GraphDebugInfo (DBG)."""

from __future__ import annotations

from collections.abc import Iterable

from reference_impl.graph import Graph
from reference_impl.schema import GraphDebugInfo
from reference_impl.stack_traces import StackFrame


def graph_debug_info(graph: Graph, names: Iterable[str]) -> GraphDebugInfo:
    """State the stack trace of each node that has one (DBG-02).

    Args:
        graph: the graph that knows where its nodes were created.
        names: full names of nodes, not stripped of a scope (DBG-04).

    Returns:
        A message whose traces are keyed `node@`: the name of a node, and behind the sign the name of the
        function it lies in, here none. Loaded nodes have no trace (DBG-03).
    """
    info = GraphDebugInfo()
    files: dict[str, int] = {}
    frames: dict[StackFrame, int] = {}
    for name in names:
        stack = graph.stack_of(name)
        if not stack:
            continue
        trace_id = len(info.name_to_trace_id)
        info.name_to_trace_id[f"{name}@"] = trace_id
        info.traces_by_id[trace_id].frame_id.extend(frames.setdefault(frame, len(frames)) for frame in stack)
    for frame, frame_id in frames.items():
        line = info.frames_by_id[frame_id]
        line.file_index = files.setdefault(frame.file, len(files))
        line.line, line.func, line.code = frame.line, frame.function, frame.code
    info.files.extend(files)
    return info
