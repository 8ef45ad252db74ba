"""Measure the comparison of two SavedModels of about 100 MB, in multiples of SerializeToString of both.

Run `python tests/benchmarks/saved_models.py`. It prints a table in Markdown, and the exit status is 1 if the
differ's budget is exceeded. The preset for two saves of one model has no budget.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from differ_graphs import graph

from pytest_metagraph import CompareOptions, diff_meta_graphs
from reference_impl.schema import SavedModel

_FUNCTIONS, _NODES = 40, 2_000
_BUDGET = 2.0


def saved(first: int, device: str = "") -> SavedModel:
    """Return a SavedModel whose nodes are in functions, which are numbered from `first`."""
    model = SavedModel(saved_model_schema_version=1)
    whole = model.meta_graphs.add()
    body = graph(_NODES).graph_def.node
    body[1].input[0] = f"dense_{first}"
    for node in body[:: _FUNCTIONS * _NODES // 1_000] if device else ():
        node.device = device
    for number in range(_FUNCTIONS):
        function = whole.graph_def.library.function.add()
        function.signature.name = f"__inference_layer_{first + number}"
        function.signature.input_arg.add(name=f"dense_{first}")
        function.node_def.extend(body)
        node = whole.graph_def.node.add(name=f"call_{number}", op="StatefulPartitionedCall")
        node.attr["f"].func.name = function.signature.name
    return model


def _seconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def main() -> int:
    """Print the table."""
    one, changed, other = saved(100), saved(100, "/device:TPU:0"), saved(5_000)
    other_changed = saved(5_000, "/device:TPU:0")
    floor = _seconds(lambda: (one.SerializeToString(), other.SerializeToString()))
    status = 0
    sys.stdout.write("| what | time | ratio |\n|---|---:|---:|\n")
    for what, actual, options in (
        ("equal", one, CompareOptions()),
        ("1,000 nodes changed", changed, CompareOptions()),
        ("two saves, `--preset saved-model`", other, CompareOptions.saved_model()),
        ("the same, 1,000 nodes changed", other_changed, CompareOptions.saved_model()),
    ):
        seconds = _seconds(lambda a=actual, o=options: diff_meta_graphs(expected=one, actual=a, options=o))  # type: ignore[misc] # mypy infers no lambda with defaults
        sys.stdout.write(f"| {what} | {seconds:.2f} s | {seconds / floor:.1f} |\n")
        if not options.canonicalize_saves and seconds / floor > _BUDGET:
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
