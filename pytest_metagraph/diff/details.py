"""Writes the whole difference to a file, where the rendered text has to leave something out."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from google.protobuf import text_format

from pytest_metagraph.diff.explained import ExplainedSides
from pytest_metagraph.diff.json_form import as_dict
from reference_impl.files import write_files
from reference_impl.schema import POOL, NodeDef


def write(diff: ExplainedSides) -> Path:
    """Write every difference, and the nodes that differ as text of both sides, to a new temporary folder.

    Returns:
        The path of the file, which is JSON in the form of `diff.schema.json`.

    Raises:
        OSError: when it can not be written; no folder stays then.
    """
    names = {one.key for one in diff.differences if one.section == "graph_def.node"}
    expected, actual = _texts(diff.expected.nodes, names), _texts(diff.actual.nodes, names)
    nodes = {name: {"expected": expected.get(name), "actual": actual.get(name)} for name in sorted(names)}
    text = json.dumps({**as_dict(diff), "nodes": nodes}, indent=2)
    with contextlib.ExitStack() as undo:
        folder = Path(tempfile.mkdtemp(prefix="metagraph-diff-"))
        undo.callback(folder.rmdir)
        path = folder / f"{diff.fingerprint}.json"
        write_files({str(path): text.encode()})
        undo.pop_all()
    return path


def _texts(nodes: Iterable[bytes], names: set[str]) -> dict[str, str]:
    parsed = (node for node in map(NodeDef.FromString, nodes) if node.name in names)
    return {node.name: text_format.MessageToString(node, descriptor_pool=POOL) for node in parsed}
