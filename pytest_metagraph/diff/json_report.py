"""The result of a comparison as plain data, as JSON, and as a file with the nodes that differ."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Collection, Iterable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf import text_format

from pytest_metagraph.diff.differences import NODE_SECTION
from reference_impl.atomic_write import write_file
from reference_impl.schema import POOL, NodeDef

if TYPE_CHECKING:
    from pytest_metagraph.diff.differences import Difference
    from pytest_metagraph.diff.result import MetaGraphDiff

_FORMAT_VERSION = 1
"""Increased when a field is removed or changes its meaning, but not when a field is added."""


def to_dict(diff: MetaGraphDiff) -> dict[str, Any]:
    """Return the whole result as plain data in the form of `diff.schema.json`."""
    return {
        "format_version": _FORMAT_VERSION,
        "equal": diff.equal,
        "fingerprint": diff.fingerprint,
        "expected": diff.expected.label,
        "actual": diff.actual.label,
        "groups": [
            {
                "code": group.code.value,
                "section": group.section,
                "field": group.field,
                "count": len(group.members),
                "differences": list(group.members),
            }
            for group in diff.groups
        ],
        "hints": [
            {"code": hint.code.value, "text": hint.text, "differences": sorted(hint.covers)}
            for hint in diff.hints
        ],
        "differences": [
            {**_difference_to_dict(difference), **_explanation(diff, position)}
            for position, difference in enumerate(diff.differences)
        ],
        "notes": list(map(_difference_to_dict, diff.notes)),
    }


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `MetaGraphDiff.to_json()`."""
    text = resources.files(__package__).joinpath("diff.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def write_details(diff: MetaGraphDiff) -> Path:
    """Write the whole result, with the nodes that differ as text, to a new temporary folder.

    Returns:
        The path of the file, which is JSON in the form of `diff.schema.json`.

    Raises:
        OSError: if the file cannot be written; the folder is removed.
    """
    nodes = _nodes_that_differ(diff)
    for tags, part in diff.meta_graphs.items():
        nodes |= {f"{tags}: {name}": both for name, both in _nodes_that_differ(part).items()}
    text = json.dumps({**to_dict(diff), "nodes": nodes}, indent=2)
    with contextlib.ExitStack() as undo:
        folder = Path(tempfile.mkdtemp(prefix="metagraph-diff-"))
        undo.callback(folder.rmdir)
        path = folder / f"{diff.fingerprint}.json"
        write_file(path, text.encode())
        undo.pop_all()
    return path


def _nodes_that_differ(diff: MetaGraphDiff) -> dict[str, dict[str, str | None]]:
    names = {one.key for one in diff.differences if one.section == NODE_SECTION}
    expected, actual = _node_texts(diff.expected.nodes, names), _node_texts(diff.actual.nodes, names)
    return {name: {"expected": expected.get(name), "actual": actual.get(name)} for name in sorted(names)}


def _difference_to_dict(difference: Difference) -> dict[str, Any]:
    return {**difference._asdict(), "code": difference.code.value}


def _explanation(diff: MetaGraphDiff, position: int) -> dict[str, Any]:
    lines = diff.explanations.get(position)
    return {"explanation": list(lines)} if lines else {}


def _node_texts(nodes: Iterable[bytes], names: Collection[str]) -> dict[str, str]:
    parsed = (node for node in map(NodeDef.FromString, nodes) if node.name in names)
    return {node.name: text_format.MessageToString(node, descriptor_pool=POOL) for node in parsed}
