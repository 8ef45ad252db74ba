"""The files of MetaGraphDefs: their names, and how they are read (FILE, DBG-01)."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from reference_impl.contracts import Contract
from reference_impl.schema import POOL, MetaGraphDef, parse_message

_URL_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def read_meta_graph_file(path: str | os.PathLike[str]) -> MetaGraphDef:
    """Read a MetaGraphDef from a binary or a text file, whichever the content shows it to be.

    Args:
        path: the file.

    Returns:
        The message.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if the content is not a MetaGraphDef.
    """
    data = Path(path).read_bytes()
    parsed = _parse_binary(data) or _parse_text(data)
    if parsed is None:
        raise ValueError(
            f"'{os.fspath(path)}' ({len(data)} bytes) is not a MetaGraphDef, neither as binary nor as text. "
            "Check that the file is complete, and that it is not a SavedModel, a GraphDef or a checkpoint."
        )
    return parsed


def checked_filename(filename: Any) -> str:
    """Return a filename as text if it is a path of the local file system (FILE-03).

    Raises:
        TypeError: if it is neither a str nor an os.PathLike of str.
        ValueError: if it is a URL.
    """
    path = os.fspath(filename)
    if not isinstance(path, str):
        raise TypeError(f"filename must be a str or an os.PathLike of str, not {type(filename).__name__}")
    if _URL_SCHEME.match(path):
        raise ValueError(f"filename {path!r} is a URL; only paths of the local file system can be written")
    return path


def debug_info_path(filename: str, contract: Contract) -> str:
    """Return the path of the debug info that belongs to a file (DBG-01).

    Args:
        filename: the file of the MetaGraphDef, such as `folder/model.meta`.
        contract: `folder/model_debug.meta` as documented, `folder/model.debug` as TensorFlow does.
    """
    root, extension = os.path.splitext(filename)  # noqa: PTH122 - keeps the text of the path as it is
    return f"{root}.debug" if contract is Contract.TENSORFLOW else f"{root}_debug{extension}"


def _parse_binary(data: bytes) -> MetaGraphDef | None:
    with contextlib.suppress(ValueError):
        parsed = parse_message(data, MetaGraphDef)
        # Nearly any short text parses as a message of unknown fields: a real one has a known field.
        if parsed.ListFields() or not data:
            return parsed
    return None


def _parse_text(data: bytes) -> MetaGraphDef | None:
    with contextlib.suppress(UnicodeDecodeError, text_format.ParseError):
        return text_format.Parse(data.decode(), MetaGraphDef(), descriptor_pool=POOL)
    return None
