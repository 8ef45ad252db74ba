"""The installed TensorFlow's own export_meta_graph, as an exporter of the kit."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import descriptor_pool, message, message_factory

from conformance_cases.recorder import tensorflow_calls
from pytest_metagraph.exporters.request import ExportRequest, NotLoadable


def export(request: ExportRequest) -> Any:
    """Answer a request with `tf.compat.v1.train.export_meta_graph`.

    TensorFlow has no contracts. Under the contract "documented" it fails the cases in which the documentation
    promises something else.

    Returns:
        TensorFlow's MetaGraphDef.

    Raises:
        NotLoadable: if TensorFlow cannot import the graph of the request.
        Exception: what TensorFlow's export_meta_graph raises.
    """
    graph = _load(request.serialised_graph)
    always = {} if request.default_graph else {"graph": graph}
    with _restored(graph), contextlib.ExitStack() as context:
        if not request.eager:
            # Outside any graph, TensorFlow 2 executes eagerly. An explicit graph is exported from inside
            # another one, so that the argument decides and not the context.
            default = graph if request.default_graph else tensorflow_calls.tf.Graph()
            context.enter_context(default.as_default())
        for arguments in request.preceding:
            _export({**arguments, **always})
        return _export({**request.arguments, **always})


export.version = tensorflow_calls.tf.__version__  # type: ignore[attr-defined] # a function takes attributes


@functools.lru_cache(maxsize=4)  # cases are sorted by graph
def _load(data: bytes) -> Any:
    try:
        return tensorflow_calls.load_without_saver(
            tensorflow_calls.tf.compat.v1.MetaGraphDef.FromString(data)
        )
    except Exception as error:
        raise NotLoadable(f"{type(error).__name__}: {error}") from error


@contextlib.contextmanager
def _restored(graph: Any) -> Iterator[None]:
    """Undo what an export does to the graph.

    An export clears and refills the collection of unbound inputs (UNB-07, UNB-08), and it may build a Saver
    (SAV-06). Collections can be restored. Nodes cannot be removed, so the graph is loaded again if there are
    new ones.
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
    return tensorflow_calls.tf.compat.v1.train.export_meta_graph(**converted)


def _to_tensorflow(value: Any) -> Any:
    """Return a message of the kit as TensorFlow's message of the same name, and other values unchanged."""
    if not isinstance(value, message.Message):
        return value
    descriptor = descriptor_pool.Default().FindMessageTypeByName(value.DESCRIPTOR.full_name)
    return message_factory.GetMessageClass(descriptor).FromString(value.SerializeToString())
