"""Import graphs with the TensorFlow of this interpreter and report what each import says.

    python load_import_program.py REQUESTS RESULTS

REQUESTS is a file of JSON lines with `path`, the file of a binary message, and `kind`, `MetaGraphDef` or
`GraphDef`. RESULTS receives a JSON line for each: `path`, `loads`, `error` (the type of the exception) and
`text` (its message). Each line is written before the next file is read, so that it is known with which file
TensorFlow ended the process. The program runs in Python 3.6 and needs nothing but TensorFlow.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import tensorflow  # noqa: TID251, ICN001 - it runs inside the TensorFlow that it reports on

tf = tensorflow.compat.v1 if hasattr(tensorflow.compat, "v1") else tensorflow
TEXT = 4000


def import_file(path, kind):  # noqa: ANN001, ANN201 - for Python 3.6, like all of this file
    """Import one file into a graph of its own."""
    with tf.Graph().as_default():
        if kind == "MetaGraphDef":
            tf.train.import_meta_graph(path)
            return
        graph_def = tf.GraphDef()
        with open(path, "rb") as file:  # noqa: PTH123
            graph_def.ParseFromString(file.read())
        tf.import_graph_def(graph_def, name="")


def result_of(path, kind):  # noqa: ANN001, ANN201
    """Return what the import of one file says."""
    try:
        import_file(path, kind)
    except Exception as error:  # noqa: BLE001 - any error of an import is the result
        return {"path": path, "loads": False, "error": type(error).__name__, "text": str(error)[:TEXT]}
    return {"path": path, "loads": True, "error": "", "text": ""}


def main(requests, results):  # noqa: ANN001, ANN201
    """Import every requested file."""
    with open(requests) as lines:  # noqa: PTH123
        asked = [json.loads(line) for line in lines]
    tf.logging.set_verbosity(tf.logging.FATAL)
    with open(results, "a") as file:  # noqa: PTH123
        for request in asked:
            file.write(json.dumps(result_of(request["path"], request["kind"])) + "\n")
            file.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
