"""Import graphs with the TensorFlow of this interpreter, use each of them, and report what fails.

    python load_later_program.py REQUESTS RESULTS

REQUESTS is a file of JSON lines with `path`, the file of a binary MetaGraphDef, and `use`: `restore` saves
the variables and restores them, `run:NAME` fetches a tensor, and `tensor:NAME` looks one up. RESULTS receives
a JSON list of texts: empty if the use works, otherwise how it fails, after `import: ` if the import fails.
The program runs in Python 3.6 and needs nothing but TensorFlow.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import tensorflow  # noqa: TID251, ICN001 - it runs inside the TensorFlow that it reports on

tf = tensorflow.compat.v1 if hasattr(tensorflow.compat, "v1") else tensorflow


def result_of(path, use):  # noqa: ANN001, ANN201 - for Python 3.6, like all of this file
    """Import one file and use it; return how that fails."""
    action, _, name = use.partition(":")
    with tf.Graph().as_default() as graph:
        try:
            saver = tf.train.import_meta_graph(path)
        except Exception as error:  # noqa: BLE001 - any error is the result
            return "import: " + str(error)
        try:
            if action == "tensor":
                graph.get_tensor_by_name(name)
                return ""
            with tf.Session() as session:
                if action == "run":
                    session.run(name)
                else:
                    session.run("assign")
                    saver.restore(session, saver.save(session, path + ".ckpt"))
        except Exception as error:  # noqa: BLE001 - any error is the result
            return type(error).__name__ + ": " + str(error)
    return ""


def main(requests, results):  # noqa: ANN001, ANN201
    """Use every requested file."""
    with open(requests) as lines:  # noqa: PTH123
        asked = [json.loads(line) for line in lines]
    tf.logging.set_verbosity(tf.logging.FATAL)
    with open(results, "w") as file:  # noqa: PTH123
        json.dump([result_of(request["path"], request["use"]) for request in asked], file)


if __name__ == "__main__":
    main(*sys.argv[1:])
