"""The context of execution: a default graph, or eager (CALL-10, EAG-01, EAG-04)."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

_innermost: contextvars.ContextVar[Any] = contextvars.ContextVar("innermost_graph")
"""The graph of the innermost `as_default`; None inside `eager_execution`; unset outside of both.

It does not say Graph, so that graphs can build on this module and not the other way round.
"""


@contextlib.contextmanager
def entered_graph(graph: Any) -> Iterator[None]:
    """Make a graph the innermost one; inside of it execution is not eager (EAG-04)."""
    token = _innermost.set(graph)
    try:
        yield
    finally:
        _innermost.reset(token)


def eager_execution() -> contextlib.AbstractContextManager[None]:
    """Turn eager execution on inside a `with` block.

    There is no default graph then, so that an export raises RuntimeError unless it is given both
    graph_def and graph (EAG-01).
    """
    return entered_graph(None)


def executing_eagerly() -> bool:
    """Whether the innermost context is `eager_execution`."""
    return innermost_graph(outside=...) is None


def innermost_graph(outside: Any) -> Any:
    """The graph of the innermost context, None where that is eager, `outside` where there is none."""
    return _innermost.get(outside)
