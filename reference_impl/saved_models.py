"""Read the meta graphs of SavedModels: `saved_model.pb`, alone or in the folder that TensorFlow wrote."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, TypeVar

from google.protobuf.message import DecodeError

from reference_impl.file_kinds import Kind, WrongKindError, parse
from reference_impl.schema import MetaGraphDef, SavedModel
from reference_impl.wire_format import NotWireFormatError, first_fields

MetaInfoDef = MetaGraphDef.MetaInfoDef

AnyPath = TypeVar("AnyPath", bound=str | os.PathLike[str])

_META_GRAPHS: Final = SavedModel.META_GRAPHS_FIELD_NUMBER
_WITHOUT: Final = "a SavedModel without meta graphs; save the model again"
_FILES: Final = ("saved_model.pb", "saved_model.pbtxt")


def message_file(path: AnyPath) -> AnyPath | Path:
    """Return the file that a path stands for: that of the SavedModel in a folder; any other path as it is.

    Raises:
        OSError: if it is a folder without a SavedModel, or cannot be looked up.
        ValueError: if the path contains a NUL character.
    """
    folder = Path(path)
    if not folder.is_dir():
        return path
    for name in _FILES:
        if (folder / name).exists():
            return folder / name
    raise IsADirectoryError(errno.EISDIR, f"it is a folder without a {_FILES[0]}", str(folder))


def meta_graph_with(saved_model: SavedModel, tags: Collection[str] | None) -> MetaGraphDef:
    """Return one meta graph of a SavedModel.

    Args:
        saved_model: the SavedModel.
        tags: all tags of the meta graph; None for the only one that there is.

    Raises:
        WrongKindError: if there is no such meta graph, or several without tags to choose by.
    """
    meta_graphs = saved_model.meta_graphs
    return meta_graphs[_chosen([meta_graph.meta_info_def for meta_graph in meta_graphs], tags)]


def is_saved_model_file(path: Path) -> bool:
    """Return whether TensorFlow reads a file of this name as a SavedModel."""
    return path.name in _FILES


def put_meta_graph(saved_model: SavedModel, meta_graph: MetaGraphDef) -> bool:
    """Put a meta graph into a SavedModel, in the place of the one with the same tags.

    Args:
        saved_model: the SavedModel, which is changed; it may be empty.
        meta_graph: the meta graph, which is copied.

    Returns:
        Whether there was one with the same tags.
    """
    saved_model.saved_model_schema_version = saved_model.saved_model_schema_version or 1
    for existing in saved_model.meta_graphs:
        if set(existing.meta_info_def.tags) == set(meta_graph.meta_info_def.tags):
            existing.CopyFrom(meta_graph)
            return True
    saved_model.meta_graphs.add().CopyFrom(meta_graph)
    return False


def meta_graph_bytes(data: bytes, kind: Kind, tags: Collection[str] | None) -> bytes:
    """Return one serialised meta graph of a SavedModel, without parsing the others or the one itself.

    Args:
        data: the content of the file.
        kind: the result of `recognise`, which is a SavedModel.
        tags: as for `meta_graph_with`.

    Raises:
        WrongKindError: as `meta_graph_with` does, and if the file is damaged.
    """
    if kind.as_text:
        return meta_graph_with(parse(data, kind), tags).SerializeToString(deterministic=True)
    meta_graphs = _meta_graphs(data)
    return bytes(meta_graphs[_chosen([info for info, _ in meta_graphs], tags)][1])


def each_meta_graph(data: bytes, kind: Kind) -> dict[str, bytes]:
    """Return every serialised meta graph of a SavedModel by its tags as `tags_text` writes them.

    Args:
        data: the content of the file.
        kind: the result of `recognise`, which is a SavedModel.

    Raises:
        WrongKindError: if there is none, or the file is damaged.
    """
    if kind.as_text:
        data = parse(data, kind).SerializeToString(deterministic=True)
    meta_graphs = _meta_graphs(data)
    if not meta_graphs:
        raise WrongKindError(_WITHOUT)
    names = names_by_tags([info.tags for info, _ in meta_graphs])
    return {name: bytes(value) for name, (_, value) in zip(names, meta_graphs, strict=True)}


def names_by_tags(tags: Sequence[Collection[str]]) -> list[str]:
    """Return a name for each meta graph: its tags, with a number from the second one of the same tags on."""
    texts = [tags_text(one) for one in tags]
    counts = [texts[:position].count(text) for position, text in enumerate(texts)]
    return [f"{text}#{count + 1}" if count else text for text, count in zip(texts, counts, strict=True)]


def several_meta_graphs(tags: Collection[str]) -> str:
    """Return the problem that one of several meta graphs has to be chosen.

    Args:
        tags: the tags of each meta graph, as `tags_text` returns them.
    """
    return (
        f"a SavedModel with {len(tags)} meta graphs, tagged {'; '.join(tags)}; choose one by its tags "
        "(--tags or tags=)"
    )


def _meta_graphs(data: bytes) -> list[tuple[MetaInfoDef, memoryview]]:
    try:
        fields = [field.value for field in first_fields(data) if field.number == _META_GRAPHS]
        return [(_meta_info(value), value) for value in fields]
    except (NotWireFormatError, DecodeError) as error:
        raise WrongKindError(f"not a valid SavedModel: truncated or damaged ({error})") from error


def _meta_info(meta_graph: memoryview) -> MetaInfoDef:
    for field in first_fields(meta_graph, 1):  # its number is the lowest
        if field.number == MetaGraphDef.META_INFO_DEF_FIELD_NUMBER:
            return MetaInfoDef.FromString(bytes(field.value))
    return MetaInfoDef()


def _chosen(infos: Sequence[MetaInfoDef], tags: Collection[str] | None) -> int:
    """Return the position of the meta graph with these tags."""
    if not infos:
        raise WrongKindError(_WITHOUT)
    if tags is None and len(infos) == 1:
        return 0
    there = [tags_text(info.tags) for info in infos]
    if tags is None:
        raise WrongKindError(several_meta_graphs(there))
    for position, info in enumerate(infos):
        if set(info.tags) == set(tags):
            return position
    raise WrongKindError(
        f"a SavedModel without a meta graph tagged {tags_text(tags)}; choose {'; '.join(there)} (--tags or "
        "tags=)"
    )


def tags_text(tags: Collection[str]) -> str:
    """Return the tags of a meta graph for people, such as `gpu,serve`."""
    return ",".join(sorted(tags)) or "(no tags)"
