"""The installed TensorFlow's own export_meta_graph."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import descriptor_pool, message, message_factory

from conformance_cases.recorder import oracle
from pytest_metagraph.exporters.request import ExportRequest


def export(request: ExportRequest) -> Any:
    """Answer a request with `tf.compat.v1.train.export_meta_graph`.

    TensorFlow knows no contracts: under the documented one it fails where the documentation promises
    something else than it does.

    Returns:
        TensorFlow's MetaGraphDef.

    Raises:
        Exception: what TensorFlow raises.
    """
    graph = _load(request.graph.SerializeToString(deterministic=True))
    always = {} if request.default_graph else {"graph": graph}
    with _as_loaded(graph), contextlib.ExitStack() as context:
        if not request.eager:
            # Outside of any graph TensorFlow 2 executes eagerly. An explicit graph is exported from inside
            # another one, so that the argument decides and not the context.
            default = graph if request.default_graph else oracle.tf.Graph()
            context.enter_context(default.as_default())
        for arguments in request.preceding:
            _export({**arguments, **always})
        return _export({**request.arguments, **always})


export.version = oracle.tf.__version__  # type: ignore[attr-defined] # a function takes attributes


@functools.lru_cache(maxsize=4)  # cases come sorted by graph
def _load(data: bytes) -> Any:
    return oracle.load_without_saver(oracle.tf.compat.v1.MetaGraphDef.FromString(data))


@contextlib.contextmanager
def _as_loaded(graph: Any) -> Iterator[None]:
    """Take back what an export does to the graph.

    It clears and refills the collection of unbound inputs (UNB-07, UNB-08), and it may build a Saver
    (SAV-06). Collections can be put back; nodes can not be removed, so the graph is then loaded anew.
    """
    nodes = graph.version
    before = {key: graph.get_collection(key) for key in graph.get_all_collection_keys()}
    try:
        yield
    finally:
        if graph.version != nodes:
            _load.cache_clear()
        for key in graph.get_all_collection_keys():
            graph.get_collection_ref(key)[:] = before.get(key, ())


def _export(arguments: Mapping[str, Any]) -> Any:
    converted = {name: _to_tensorflow(value) for name, value in arguments.items()}
    return oracle.tf.compat.v1.train.export_meta_graph(**converted)


def _to_tensorflow(value: Any) -> Any:
    """A message of the kit as TensorFlow's message of the same name; other values as they are."""
    if not isinstance(value, message.Message):
        return value
    descriptor = descriptor_pool.Default().FindMessageTypeByName(value.DESCRIPTOR.full_name)
    return message_factory.GetMessageClass(descriptor).FromString(value.SerializeToString())
