"""Load exported models, restore their checkpoints, and compare what they compute with what was written down.

Run as `python run_models.py FOLDER META REPORT` with any TensorFlow from 1.13. META is the name of the file
that is loaded from each folder of `export_models.py`; REPORT is the JSON file that gets `equal`, or what is
wrong, for each model.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf  # noqa: TID251 - a program for another interpreter

tf1 = getattr(tf.compat, "v1", tf)


def outcome(folder: Path, meta: str) -> str:
    """Return `equal`, or what differs or what TensorFlow refused."""
    values = np.load(str(folder / "values.npz"))
    with tf.Graph().as_default() as graph:
        try:
            saver = tf1.train.import_meta_graph(str(folder / meta))
            with tf1.Session(graph=graph) as session:
                saver.restore(session, str(folder / "model"))
                for number, run in enumerate(json.loads((folder / "runs.json").read_text())):
                    feeds = {name: values[key] for name, key in run["feeds"].items()}
                    fetched = session.run([_element(graph, name) for name in run["fetches"]], feeds)
                    for position, (name, value) in enumerate(zip(run["fetches"], fetched)):  # noqa: B905 - 3.7
                        key = f"value{number}_{position}"
                        if value is not None and not _same(np.asarray(value), values[key]):
                            return f"run {number}: {name} is {value}, not {values[key]}"
        except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises is the outcome
            return f"{type(error).__name__}: {error}"[:500]
    return "equal"


def _element(graph: Any, name: str) -> Any:
    """Return a tensor or an operation by its name."""
    return graph.get_tensor_by_name(name) if ":" in name else graph.get_operation_by_name(name)


def _same(value: Any, expected: Any) -> bool:
    """Return whether two arrays are equal; floating-point numbers up to the rounding of other kernels."""
    if value.shape != expected.shape:
        return False
    if value.dtype.kind == "f":
        return bool(np.allclose(value, expected, rtol=1e-5, atol=1e-6))
    return bool((value == expected).all())


if __name__ == "__main__":
    source, meta_name, report = sys.argv[1:]
    found = {folder.name: outcome(folder, meta_name) for folder in sorted(Path(source).iterdir())}
    Path(report).write_text(json.dumps(found), encoding="utf-8")
