"""Write the op registry of the TensorFlow of the interpreter that runs this file.

Run as `python registry_program.py OUT`, where OUT is the JSON file to write. The interpreter may be as old as
Python 3.6 and needs only that TensorFlow: this file is a program of its own and imports nothing of the kit.
"""

import base64
import importlib
import json
import sys
from typing import Any


def main(target: str) -> None:
    """Write the versions of the installed TensorFlow, its ops and the fields of its messages to a JSON file.

    Args:
        target: the path of the file.
    """
    importlib.import_module("tensorflow")  # registers its ops
    versions: Any = importlib.import_module("tensorflow.python.framework.versions")
    listing = _op_list()
    found = {
        "release": _text(versions.VERSION),
        "git": _text(versions.GIT_VERSION),
        "producer": versions.GRAPH_DEF_VERSION,
        "min_consumer": versions.GRAPH_DEF_VERSION_MIN_CONSUMER,
        "min_producer": versions.GRAPH_DEF_VERSION_MIN_PRODUCER,
        "names": sorted(_names()),
        "op_list": base64.b64encode(listing).decode("ascii"),
        "lazy_ops": sorted(_lazy_ops(listing)),
    }
    with open(target, "w") as file:  # noqa: PTH123 - one way for every Python 3
        file.write(json.dumps(found))


def _op_list() -> bytes:
    """Return the serialised OpList of all public ops; the module that exports it moved in TensorFlow 2.2."""
    for name in ("tensorflow.python.client.pywrap_tf_session", "tensorflow.python.pywrap_tensorflow"):
        try:
            module: Any = importlib.import_module(name)
            listing: bytes = module.TF_GetBuffer(module.TF_GetAllOpList())
        except (ImportError, AttributeError):
            continue
        return listing
    raise SystemExit("this TensorFlow does not export TF_GetAllOpList from a module that is known")


def _lazy_ops(listing: bytes) -> "set[str]":  # no set[str] before Python 3.9
    """Return the ops whose Python modules `import tensorflow` does not import; none since it has no list."""
    registered: Any = importlib.import_module("tensorflow.python.framework.op_def_registry")
    if not hasattr(registered, "get_registered_ops"):
        return set()
    op_list: Any = importlib.import_module("tensorflow.core.framework.op_def_pb2").OpList
    return {op.name for op in op_list.FromString(listing).op} - set(registered.get_registered_ops())


def _names() -> "list[str]":  # no list[str] before Python 3.9
    """Return the fields and enum values of MetaGraphDef and all messages in it, such as `NodeDef.device`."""
    root: Any = importlib.import_module("tensorflow.core.protobuf.meta_graph_pb2").MetaGraphDef.DESCRIPTOR
    found = {root.full_name}
    waiting = [root]
    names = set()
    while waiting:
        for field in waiting.pop().fields:
            names.add(field.full_name)
            if field.enum_type is not None:
                names.update(
                    field.enum_type.full_name + "." + name for name in field.enum_type.values_by_name
                )
            inner = field.message_type
            if inner is not None and inner.full_name not in found:
                found.add(inner.full_name)
                waiting.append(inner)
    return [name[len("tensorflow.") :] for name in names if name.startswith("tensorflow.")]


def _text(value: Any) -> str:
    """Return a version as text; some versions of TensorFlow store it as bytes."""
    return value.decode("ascii") if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main(sys.argv[1])
