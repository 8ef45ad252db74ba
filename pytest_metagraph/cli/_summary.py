"""What a MetaGraphDef contains and where its bytes go, as plain data and as lines for people.

The message is a shallow view, whose nodes stay bytes: a large file then takes little more memory than its
content, and each node is read once.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph._util.text import scopes_around
from pytest_metagraph.cli._saved_models import signature_lines
from reference_impl.schema import DataType, MetaGraphDef, NodeDef
from reference_impl.serialization import header, without

_SHOWN = 8
"""The most entries of a kind that are shown to people."""

_KEPT = 100
"""The largest entries of each kind that are kept."""

_MOST_OF_A_SCOPE = 0.9
"""The share of a scope's bytes from which on the scope inside it is named instead."""


def summarise(view: Any, *, sizes: bool = False) -> dict[str, Any]:
    """Return what a message contains as plain data.

    Args:
        view: a shallow MetaGraphDef of `pytest_metagraph._util.shallow`.
        sizes: whether to add `sizes`: the `bytes` of the whole in a binary file, of its `parts`, and of the
            largest nodes, constants, scopes, functions and collections.

    Returns:
        Versions, tags, the numbers of nodes by op, scope and device, functions, collections, savers,
        signatures and the op list.
    """
    info, graph = view.meta_info_def, view.graph_def
    nodes = _Nodes(sizes=sizes)
    for data in graph.node:
        nodes.add(data)
    functions = [_function(data, nodes) for data in graph.library.function]
    collections = {key: _collection(view, key) for key in sorted(view.collection_def)}
    summary = {
        "tensorflow_version": info.tensorflow_version,
        "producer": graph.versions.producer,
        "tags": list(info.tags),
        "nodes": nodes.count,
        "ops": dict(nodes.ops.most_common()),
        "scopes": dict(nodes.top_scopes.most_common()),
        "devices": dict(nodes.devices.most_common()),
        "functions": {one["name"]: one["nodes"] for one in functions},
        "collections": {
            key: {"kind": one["kind"], "items": one["items"]} for key, one in collections.items()
        },
        "saver_def": _saver(view),
        "savers": collections["savers"]["items"] if "savers" in collections else None,
        "signatures": sorted(view.signature_def),
        "op_list": len(info.stripped_op_list.op),
        "stripped_default_attrs": info.stripped_default_attrs,
    }
    if sizes:
        summary["sizes"] = _sizes(view, nodes, functions, list(collections.values()))
    return summary


class _Nodes:
    """What the nodes of a graph are, and the largest of them."""

    def __init__(self, *, sizes: bool) -> None:
        self._sizes = sizes
        self.count = self.bytes = 0
        self.ops = Counter[str]()
        self.top_scopes = Counter[str]()
        self.devices = Counter[str]()
        self.scope_nodes = Counter[str]()
        self.scope_bytes = Counter[str]()
        self._largest: list[tuple[int, int, dict[str, Any]]] = []
        self._constants: list[tuple[int, int, str, bytes]] = []

    def add(self, data: bytes) -> None:
        """Count a node of the graph."""
        node = VIEWS["NodeDef"].FromString(data)
        self.count += 1
        self.ops[node.op] += 1
        scope = node.name.rpartition("/")[0]
        self.top_scopes[scope.partition("/")[0]] += 1
        self.devices[node.device] += 1
        if self._sizes:
            size = _with_header(len(data))
            self.bytes += size
            _keep(self._largest, (size, -self.count, {"name": node.name, "op": node.op, "bytes": size}))
            if node.op == "Const":
                self.add_constant(node.name, data)
            self.scope_nodes[scope] += 1
            self.scope_bytes[scope] += size

    def add_constant(self, name: str, data: bytes) -> None:
        """Remember a constant if it is one of the largest."""
        _keep(self._constants, (_with_header(len(data)), -self.count, name, data))

    def largest(self) -> list[dict[str, Any]]:
        """Return the largest nodes, largest first."""
        return [entry for _, _, entry in sorted(self._largest, reverse=True)]

    def constants(self) -> list[dict[str, Any]]:
        """Return the largest constants, those in function bodies under the name of the function."""
        return [
            {"name": name, **_tensor(data), "bytes": size}
            for size, _, name, data in sorted(self._constants, reverse=True)
        ]

    def scopes(self) -> list[dict[str, Any]]:
        """Return the largest scopes; one that is mostly a scope inside it is left out for that one."""
        sizes, counts = Counter[str](), Counter[str]()
        for own, size in self.scope_bytes.items():
            for scope in scopes_around(f"{own}/"):
                sizes[scope] += size
                counts[scope] += self.scope_nodes[own]
        mostly_one = {
            parent
            for scope, size in sizes.items()
            if (parent := scope.rpartition("/")[0]) and size >= _MOST_OF_A_SCOPE * sizes[parent]
        }
        return _largest_of(
            {"name": scope, "nodes": counts[scope], "bytes": size}
            for scope, size in sizes.items()
            if scope not in mostly_one
        )


def _keep(heap: list[Any], entry: Any) -> None:
    """Add an entry to a heap of the largest ones."""
    if len(heap) < _KEPT:
        heapq.heappush(heap, entry)
    elif entry > heap[0]:
        heapq.heapreplace(heap, entry)


def _function(data: bytes, nodes: _Nodes) -> dict[str, Any]:
    function = VIEWS["FunctionDef"].FromString(data)
    name = function.signature.name
    for node in function.node_def:
        if (body_node := VIEWS["BodyNodeDef"].FromString(node)).op == "Const":
            nodes.add_constant(f"{name}: {body_node.name}", node)
    return {"name": name, "nodes": len(function.node_def), "bytes": _with_header(len(data))}


def _tensor(data: bytes) -> dict[str, Any]:
    tensor = NodeDef.FromString(data).attr["value"].tensor
    known = tensor.dtype in DataType.values()
    dtype = DataType.Name(tensor.dtype).removeprefix("DT_").lower() if known else str(tensor.dtype)
    return {"dtype": dtype, "shape": [dim.size for dim in tensor.tensor_shape.dim]}


def _collection(view: Any, key: str) -> dict[str, Any]:
    collection = view.collection_def[key]
    kind = collection.WhichOneof("kind")
    return {
        "name": key,
        "kind": kind,
        "items": 0 if kind is None else len(getattr(collection, kind).value),
        "bytes": _with_header(_with_header(len(key.encode())) + _with_header(collection.ByteSize())),
    }


def _saver(view: Any) -> dict[str, str] | None:
    if not view.HasField("saver_def"):
        return None
    return {"save": view.saver_def.save_tensor_name, "restore": view.saver_def.restore_op_name}


def _sizes(
    view: Any, nodes: _Nodes, functions: list[dict[str, Any]], collections: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return how many bytes the parts of a message take."""
    graph, info = view.graph_def, view.meta_info_def
    library = sum(one["bytes"] for one in functions) + without(graph.library, "function").ByteSize()
    graph_bytes = nodes.bytes + without(graph, "node", "library").ByteSize()
    graph_bytes += _with_header(library) if graph.HasField("library") else 0
    total = without(view, "graph_def").ByteSize()
    total += _with_header(graph_bytes) if view.HasField("graph_def") else 0
    others = (
        "graph_def",
        "collection_def",
        "meta_info_def",
        "saver_def",
        "asset_file_def",
        "object_graph_def",
    )
    parts = {
        "graph_def.node": nodes.bytes,
        "graph_def.library": library,
        "collection_def": sum(one["bytes"] for one in collections),
        "meta_info_def.stripped_op_list": info.stripped_op_list.ByteSize(),
        "saver_def": view.saver_def.ByteSize(),
        "signature_def": without(view, *others).ByteSize(),
        "object_graph_def": view.object_graph_def.ByteSize(),
    }
    parts["everything else"] = total - sum(parts.values())
    return {
        "bytes": total,
        "parts": _largest_of({"name": name, "bytes": size} for name, size in parts.items() if size),
        "nodes": nodes.largest(),
        "constants": nodes.constants(),
        "scopes": nodes.scopes(),
        "functions": _largest_of(functions),
        "collections": _largest_of(collections),
    }


def _with_header(size: int) -> int:
    """Return how many bytes a message takes inside another one; a small field number takes one byte."""
    return len(header(1, size)) + size


def _largest_of(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return heapq.nsmallest(_KEPT, entries, key=lambda entry: (-entry["bytes"], entry["name"]))


# -- lines for people


def summarise_message(message: MetaGraphDef) -> dict[str, Any]:
    """Return what `summarise` returns, for a message that is not a view."""
    return summarise(VIEWS["MetaGraphDef"].FromString(message.SerializeToString()))


def summary(message: MetaGraphDef) -> Iterator[str]:
    """Yield the lines of the summary of a message."""
    return summary_lines(summarise_message(message))


def summary_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the result of `summarise` for people.

    Args:
        data: the result of `summarise`.
    """
    version = data["tensorflow_version"] or "unknown"
    is_whole = data.get("kind", "MetaGraphDef") in {"MetaGraphDef", "SavedModel"}
    if is_whole:
        yield f"{'written by':<12} TensorFlow {version}, producer {data['producer']}"
        yield _line("tags", data["tags"])
    else:
        yield f"{'kind':<12} {data['kind']}, producer {data['producer']}"
    yield _line("nodes", _counts(data["ops"]), data["nodes"])
    yield _line("scopes", _counts(data["scopes"]))
    yield _line("devices", _counts(data["devices"]))
    bodies = (f"{name} ({nodes})" for name, nodes in data["functions"].items())
    yield _line("functions", bodies, len(data["functions"]))
    if not is_whole:
        return
    collections = (
        f"{key} (no kind)" if one["kind"] is None else f"{key} {one['items']:,}"
        for key, one in data["collections"].items()
    )
    yield _line("collections", collections, len(data["collections"]))
    yield _line("savers", _savers(data))
    if "signature_tensors" in data:
        yield from signature_lines(data)
    else:
        yield _line("signatures", data["signatures"])
    stripped = "default attributes stripped" if data["stripped_default_attrs"] else "default attributes kept"
    yield f"{'op list':<12} {data['op_list']:,}: {stripped}"


def _line(title: str, items: Iterable[str], count: int | None = None) -> str:
    shown = list(items)
    more = f", ... +{len(shown) - _SHOWN:,}" if len(shown) > _SHOWN else ""
    number = "" if count is None else f"{count:,}: "
    return f"{title:<12} {number}{', '.join(shown[:_SHOWN]) or '-'}{more}"


def _counts(frequencies: Mapping[str, int]) -> Iterator[str]:
    return (f"{name or '(none)'} {count:,}" for name, count in frequencies.items())


def _savers(data: Mapping[str, Any]) -> Iterator[str]:
    if data["saver_def"] is not None:
        yield f"saver_def {data['saver_def']['save']} -> {data['saver_def']['restore']}"
    if data["savers"] is not None:
        yield f"{data['savers']:,} in the collection"
