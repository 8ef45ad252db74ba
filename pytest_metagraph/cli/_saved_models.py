"""Read what `metagraph show` shows, and summarise what a SavedModel has besides its graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from google.protobuf import empty_pb2
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from pytest_metagraph._util.shallow import VIEWS
from reference_impl.file_kinds import Kind, WrongKindError, parse, recognise
from reference_impl.files import read_regular_file
from reference_impl.saved_models import each_meta_graph, message_file, meta_graph_bytes, tags_text
from reference_impl.schema import DataType, FunctionDefLibrary, GraphDef, MetaGraphDef, SavedModel

_KINDS: Final = (MetaGraphDef, GraphDef, SavedModel, FunctionDefLibrary)

_FINGERPRINT: Final = {
    1: "saved_model_checksum",
    2: "graph_def_program_hash",
    3: "signature_def_hash",
    4: "saved_object_graph_hash",
    5: "checkpoint_hash",
}
"""The numbers in the fingerprint of a SavedModel, by field."""

_MOST_FINGERPRINT_BYTES: Final = 1 << 16
_WIDTH: Final = 12
_SHOWN: Final = 8


class Content(NamedTuple):
    """A graph of a file.

    Attributes:
        kind: the message that the file contains, such as `SavedModel`.
        tags: the tags of the meta graph for people; empty if the file is not a SavedModel.
        view: a shallow MetaGraphDef, which of another message contains the graph or the functions only.
    """

    kind: str
    tags: str
    view: Any


def contents_of(path: Path, tags: Collection[str] | None) -> list[Content]:
    """Read the graph of a file, or each meta graph of a SavedModel.

    Args:
        path: the file, or the folder of a SavedModel.
        tags: all tags of the meta graph to read of a SavedModel; None for each.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it has no graph; the error names what it is instead.
    """
    data = read_regular_file(message_file(path))
    try:
        kind = recognise(data, _KINDS, str(path))
        if kind.message is not SavedModel:
            return [Content(kind.name, "", _view(data, kind))]
        if tags is None:
            graphs = each_meta_graph(data, kind)
        else:
            graphs = {tags_text(tags): meta_graph_bytes(data, kind, tags)}
        return [Content(kind.name, shown, _view(one, Kind(MetaGraphDef))) for shown, one in graphs.items()]
    except WrongKindError as error:
        raise ValueError(f"{str(path)!r} is {error.problem}") from error


def _view(data: bytes, kind: Kind) -> Any:
    if kind.as_text:
        data = parse(data, kind).SerializeToString()
    if kind.message is MetaGraphDef:
        return parse(data, Kind(VIEWS["MetaGraphDef"]))
    view = VIEWS["MetaGraphDef"]()
    part = view.graph_def if kind.message is GraphDef else view.graph_def.library
    part.CopyFrom(parse(data, Kind(type(part))))
    return view


def saved_model_parts(view: Any, folder: Path | None = None) -> dict[str, Any]:
    """Return what a MetaGraphDef of a SavedModel has besides its graph, as plain data.

    Args:
        view: a shallow MetaGraphDef.
        folder: the folder of the SavedModel, for its fingerprint.

    Returns:
        The signatures with the tensors that they take and give, the number of objects by kind, the variables
        by path, the assets, and the fingerprint; only what there is.
    """
    parts: dict[str, Any] = {}
    if view.signature_def:
        parts["signature_tensors"] = {
            key: {"inputs": _tensors(one.inputs), "outputs": _tensors(one.outputs)}
            for key, one in sorted(view.signature_def.items())
        }
    if view.asset_file_def:
        parts["assets"] = sorted(asset.filename for asset in view.asset_file_def)
    if view.HasField("object_graph_def"):
        parts |= _objects(view.object_graph_def)
    fingerprint = _fingerprint(folder / "fingerprint.pb") if folder is not None else {}
    return parts | ({"fingerprint": fingerprint} if fingerprint else {})


def _objects(graph: Any) -> dict[str, Any]:
    from pytest_metagraph.diff.rules.object_graphs import ObjectGraph  # noqa: PLC0415 - a MetaGraphDef needs no differ

    kinds = Counter(node.WhichOneof("kind") or "(no kind)" for node in graph.nodes)
    variables = {
        path: _tensor(node.variable.dtype, node.variable.shape)
        for path, node in ObjectGraph(graph).objects.items()
        if node.WhichOneof("kind") == "variable"
    }
    return {"objects": dict(kinds.most_common()), "variables": variables}


def _tensors(infos: Mapping[str, Any]) -> dict[str, str]:
    return {key: _tensor(info.dtype, info.tensor_shape) for key, info in sorted(infos.items())}


def _tensor(dtype: int, shape: Any) -> str:
    """Return a type and shape as `float[?,3]`; `float[...]` if the rank is not known."""
    known = dtype in DataType.values() and dtype != DataType.Value("DT_INVALID")
    name = DataType.Name(dtype).removeprefix("DT_").lower() if known else str(dtype or "(no type)")
    dims = (
        "..." if shape.unknown_rank else ",".join("?" if dim.size < 0 else str(dim.size) for dim in shape.dim)
    )
    return f"{name}[{dims}]"


def _fingerprint(path: Path) -> dict[str, int]:
    """Return the numbers of a fingerprint; none if there is no such file, or it is damaged."""
    try:
        data = read_regular_file(path, most_bytes=_MOST_FINGERPRINT_BYTES)
        fields: Any = UnknownFieldSet(empty_pb2.Empty.FromString(data))
    except (OSError, DecodeError):
        return {}
    return {_FINGERPRINT[one.field_number]: one.data for one in fields if one.field_number in _FINGERPRINT}


def signature_lines(parts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the signatures of `saved_model_parts` for people, one on each line."""
    title = "signatures"
    for key, tensors in parts.get("signature_tensors", {}).items():
        yield f"{title:<{_WIDTH}} {_signature(key, tensors)}"
        title = ""


def saved_model_lines(parts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the rest of `saved_model_parts` for people."""
    if "objects" in parts:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in parts["objects"].items())
        yield f"{'objects':<{_WIDTH}} {sum(parts['objects'].values()):,}: {kinds}"
        variables = [f"{path} {tensor}" for path, tensor in parts["variables"].items()]
        more = f", ... +{len(variables) - _SHOWN:,}" if len(variables) > _SHOWN else ""
        shown = ", ".join(variables[:_SHOWN]) or "-"
        yield f"{'variables':<{_WIDTH}} {len(variables):,}: {shown}{more}"
    if "assets" in parts:
        yield f"{'assets':<{_WIDTH}} {len(parts['assets']):,}: {', '.join(parts['assets'][:_SHOWN])}"
    if "fingerprint" in parts:
        numbers = (f"{name} {number}" for name, number in parts["fingerprint"].items())
        yield f"{'fingerprint':<{_WIDTH}} {next(numbers)}"
        for text in numbers:
            yield f"{'':<{_WIDTH}} {text}"


def _signature(key: str, tensors: Mapping[str, Mapping[str, str]]) -> str:
    inputs, outputs = (
        ", ".join(f"{name}: {tensor}" for name, tensor in tensors[side].items())
        for side in ("inputs", "outputs")
    )
    if not inputs and not outputs:
        return key
    return f"{key}({inputs}) -> {outputs or '-'}"
