"""Exports the cases of `metagraph cases` with a TensorFlow beside which the kit cannot be installed.

Run `python export_cases.py CASES ANSWERS` where that TensorFlow is installed. Globs of case ids after that
choose among the cases.
"""
# ruff: noqa: INP001 - a script that stands alone

import base64
import contextlib
import fnmatch
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # set before the import: TensorFlow logs while it loads

import tensorflow as tf  # noqa: TID251 - no part of the kit, which is not installed here
from tensorflow.python.framework import meta_graph  # noqa: TID251 - the same

tf1 = tf.compat.v1
MESSAGES = {
    "tensorflow.GraphDef": tf1.GraphDef,
    "tensorflow.MetaGraphDef.MetaInfoDef": tf1.MetaGraphDef.MetaInfoDef,
    "tensorflow.SaverDef": tf1.train.SaverDef,
}


def value_of(stated: Any, cases: Path) -> Any:
    """An argument from its JSON form."""
    if not isinstance(stated, dict):
        return stated
    if "message" in stated:
        return MESSAGES[stated["message"]].FromString((cases / stated["file"]).read_bytes())
    if "bytes" in stated:
        return base64.b64decode(stated["bytes"])
    return dict(stated["dict"])


def load(path: Path) -> tf.Graph:
    """The graph of a file, to which loading adds nothing."""
    graph = tf.Graph()
    with graph.as_default():
        message = tf1.MetaGraphDef.FromString(path.read_bytes())
        meta_graph.import_scoped_meta_graph(message, unbound_inputs_col_name=None)
    return graph


def export(case: dict[str, Any], variant: dict[str, Any], cases: Path, folder: Path) -> Any:
    """Make the calls of one variant on a graph of its own, with files in a folder."""
    graph = load(cases / case["graph"])
    always = {} if variant["default_graph"] else {"graph": graph}
    # Outside of any graph TensorFlow executes eagerly.
    with contextlib.nullcontext() if case["eager"] else graph.as_default():
        for call in case["preceding"]:
            arguments = {name: value_of(stated, cases) for name, stated in call["arguments"].items()}
            tf1.train.export_meta_graph(str(folder / call["filename"]), **arguments, **always)
        arguments = {name: value_of(stated, cases) for name, stated in case["arguments"].items()}
        return tf1.train.export_meta_graph(
            str(folder / case["filename"]) if variant["filename"] else None,
            as_text=variant["as_text"],
            save_debug_info=variant["save_debug_info"],
            **arguments,
            **always,
        )


def answer(case: dict[str, Any], variant: dict[str, Any], cases: Path, answers: Path) -> None:
    """Write what one variant gives: a message or an error, and the files beside it."""
    folder = answers / f"{case['answer']}.variants"
    files = folder / variant["name"]
    files.mkdir(parents=True)
    try:
        message = export(case, variant, cases, files)
    except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises is its answer
        stated = {"classes": [kind.__name__ for kind in type(error).__mro__], "text": str(error)}
        (folder / f"{variant['name']}.error.json").write_text(json.dumps(stated), encoding="utf-8")
    else:
        (folder / f"{variant['name']}.pb").write_bytes(message.SerializeToString())


def main(cases: Path, answers: Path, *globs: str) -> None:
    """Answer every variant of every case that matches a glob, or of all cases."""
    tf.get_logger().setLevel("ERROR")
    answers.mkdir(parents=True)
    corpus = json.loads((cases / "corpus.json").read_text(encoding="utf-8"))
    exporter = {"name": "tensorflow", "version": tf.__version__, "corpus": corpus["corpus"]}
    (answers / "exporter.json").write_text(json.dumps(exporter), encoding="utf-8")
    for line in (cases / "cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if globs and not any(fnmatch.fnmatch(case["case"], glob) for glob in globs):
            continue
        for variant in case["variants"]:
            answer(case, variant, cases, answers)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
