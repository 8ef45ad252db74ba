"""Answer the requests of pytest-metagraph with the TensorFlow that is installed here.

It runs with TensorFlow 1.13 and newer, in Python 3.6 and newer, and needs nothing else:

    python metagraph_tensorflow.py                             a worker, for --metagraph-command
    python metagraph_tensorflow.py CASES ANSWERS [GLOB ...]    answers the cases of `metagraph cases` in files
    python metagraph_tensorflow.py --describe ANSWERS          writes the description of this TensorFlow alone
"""

import contextlib
import importlib
import inspect
import os
import platform
from typing import Any, Dict, Iterator

from pytest_metagraph.exporters.starters.worker.metagraph_worker import (
    Call,
    Exporter,
    NotLoadable,
    Serialized,
    Unsupported,
    field,
    main,
)

# Set before the import: TensorFlow logs while it loads, and looks for devices that no export needs.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

tf: Any = importlib.import_module("tensorflow")
tf1: Any = tf.compat.v1
context: Any = importlib.import_module("tensorflow.python.eager.context")
meta_graph: Any = importlib.import_module("tensorflow.python.framework.meta_graph")
op_def_registry: Any = importlib.import_module("tensorflow.python.framework.op_def_registry")
protobuf: Any = importlib.import_module("google.protobuf")
descriptor_pool: Any = importlib.import_module("google.protobuf.descriptor_pool")
message_factory: Any = importlib.import_module("google.protobuf.message_factory")
symbol_database: Any = importlib.import_module("google.protobuf.symbol_database")

PROTOS = (
    "framework.graph_debug_info",
    "framework.variable",
    "protobuf.control_flow",
    "protobuf.meta_graph",
    "protobuf.queue_runner",
    "protobuf.saver",
)
"""The modules of tensorflow.core whose messages an export contains, or writes beside it."""

NEWER_ARGUMENTS = ("save_debug_info",)
"""The arguments that TensorFlow 1.13 lacks; each is the name of a capability, too."""


class TensorFlow(Exporter):
    """The export_meta_graph of the installed TensorFlow."""

    name = "tensorflow"
    version = str(tf.__version__)

    def __init__(self) -> None:
        parameters = inspect.signature(tf1.train.export_meta_graph).parameters
        self.unsupported = tuple(name for name in NEWER_ARGUMENTS if name not in parameters)
        self.op_list = registered_ops()
        self.descriptor_set = registered_protos()
        self.environment = {
            "python": platform.python_version(),
            "protobuf": protobuf.__version__,
            "numpy": importlib.import_module("numpy").__version__,
            "platform": f"{platform.system()} {platform.machine()}",
        }
        self._data = b""
        self._graph: Any = None

    def load(self, graph: bytes) -> Any:
        """Load a graph, to which loading adds nothing; several calls in a row load it once."""
        if self._graph is None or graph != self._data:
            self._graph = None
            loaded = tf1.Graph()
            with loaded.as_default():
                try:
                    message = tf1.MetaGraphDef.FromString(graph)
                    # Without a name for the collection of unbound inputs, one of that name is loaded, too.
                    meta_graph.import_scoped_meta_graph(message, unbound_inputs_col_name=None)
                except Exception as error:
                    raise NotLoadable(f"{type(error).__name__}: {error}") from error
            self._data, self._graph = graph, loaded
        return self._graph

    def export(self, loaded: Any, call: Call) -> bytes:
        """Make the calls; undo what they do to the graph, for the next one."""
        always = {} if call.default_graph else {"graph": loaded}
        with self._restored(loaded), mode_of(loaded, call):
            for arguments in call.preceding:
                tf1.train.export_meta_graph(**self._converted(arguments), **always)
            message = tf1.train.export_meta_graph(**self._converted(call.arguments), **always)
        exported: bytes = message.SerializeToString(deterministic=True)
        return exported

    @contextlib.contextmanager
    def _restored(self, graph: Any) -> Iterator[None]:
        """Restore the collections of the graph; one that has new nodes is loaded again (UNB-07, SAV-06).

        The exporter `tensorflow` of the kit does the same; this file is copied to where the kit is not.
        """
        nodes = graph.version
        before = {key: graph.get_collection(key) for key in graph.get_all_collection_keys()}
        try:
            yield
        finally:
            if graph.version != nodes:
                self._graph = None
            for key in graph.get_all_collection_keys():
                graph.get_collection_ref(key)[:] = before.get(key, ())

    def _converted(self, arguments: Dict[str, Any]) -> Dict[str, Any]:
        for name in self.unsupported:
            if arguments.get(name):
                raise Unsupported(name)
        return {
            name: message_of(value) if isinstance(value, Serialized) else value
            for name, value in arguments.items()
            if name not in self.unsupported
        }


@contextlib.contextmanager
def mode_of(graph: Any, call: Call) -> Iterator[None]:
    """Enter the mode of a call: eager execution, also in TensorFlow 1 (EAG-01), or a graph.

    A graph that is passed is exported from inside another one, so that the argument decides.
    """
    if call.eager:
        with context.eager_mode():
            yield
    else:
        with (graph if call.default_graph else tf1.Graph()).as_default():
            yield


def message_of(value: Serialized) -> Any:
    """Return a message of this TensorFlow; how to get its class depends on the release of protobuf."""
    descriptor = descriptor_pool.Default().FindMessageTypeByName(value.type_name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor).FromString(value.data)
    return symbol_database.Default().GetPrototype(descriptor).FromString(value.data)


def registered_ops() -> bytes:
    """Return the OpList of this TensorFlow without its documentation; its module moved in TensorFlow 2.2.

    Up to TensorFlow 2.0, an export lists the ops of another registry, which has no internal ops.
    """
    for name in ("client.pywrap_tf_session", "pywrap_tensorflow"):
        try:
            module: Any = importlib.import_module("tensorflow.python." + name)
            listing = module.TF_GetBuffer(module.TF_GetAllOpList())
        except (ImportError, AttributeError):
            continue
        ops = tf1.MetaGraphDef.MetaInfoDef().stripped_op_list
        ops.ParseFromString(listing)
        if hasattr(op_def_registry, "get_registered_ops"):
            listed = op_def_registry.get_registered_ops()
            kept = [op for op in ops.op if op.name in listed or not op.name.startswith("_")]
            del ops.op[:]
            ops.op.extend(kept)
        for op in ops.op:
            op.ClearField("summary")
            for part in [op, *op.input_arg, *op.output_arg, *op.attr]:
                part.ClearField("description")
        stripped: bytes = ops.SerializeToString(deterministic=True)
        return stripped
    return b""


def registered_protos() -> bytes:
    """Return the FileDescriptorSet of the messages of an export, each file after those that it imports."""
    files: Dict[str, bytes] = {}

    def add(file: Any) -> None:
        if file.name not in files:
            for imported in file.dependencies:
                add(imported)
            files[file.name] = file.serialized_pb

    for name in PROTOS:
        with contextlib.suppress(ImportError):  # TensorFlow 1.13 has no debug info
            add(importlib.import_module(f"tensorflow.core.{name}_pb2").DESCRIPTOR)
    return b"".join(field(1, data) for data in files.values())


if __name__ == "__main__":
    tf.get_logger().setLevel("ERROR")
    main(TensorFlow())
