"""A node is missing and one with the same op, attributes and inputs is extra: a rename."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.renames import consequences, explained
from pytest_metagraph.diff.hints.select import positions
from pytest_metagraph.diff.shallow import VIEWS

_ROUNDS = 10
"""How long a chain of renamed nodes is followed, each the input of the next."""


def find(diff: ComparedSides) -> Iterator[Hint]:
    """Nodes that have another name and are the same otherwise."""
    missing = positions(diff, Code.NODE_MISSING, section="graph_def.node")
    extra = positions(diff, Code.NODE_EXTRA, section="graph_def.node")
    if not (missing and extra):
        return
    renamed = _renamed(_parsed(diff.expected.nodes, missing), _parsed(diff.actual.nodes, extra))
    if not renamed:
        return
    follow = consequences(diff.differences, renamed)
    nodes = {missing[old] for old in renamed} | {extra[new] for new in renamed.values()}
    yield Hint(HintCode.NODE_RENAMED, _text(renamed, follow), frozenset(nodes | follow), frozenset(follow))


def _text(renamed: Mapping[str, str], follow: set[int]) -> str:
    (old, new), *others = renamed.items()
    one = f"{old!r} -> {new!r}"
    subject = f"{len(renamed):,} nodes renamed, such as {one}" if others else f"Node renamed: {one}"
    return f"{subject} (same op, attributes and inputs).{explained(follow)}"


def _parsed(nodes: Iterable[bytes], names: Mapping[str, int]) -> list[Any]:
    parsed = map(VIEWS["NodeDef"].FromString, nodes)
    return [node for node in parsed if node.name in names]


def _renamed(missing: list[Any], extra: list[Any]) -> dict[str, str]:
    """The actual name by the expected name, found again after each round under the names known so far."""
    renamed: dict[str, str] = {}
    for _ in range(_ROUNDS):
        known = len(renamed)
        candidates: dict[object, list[str]] = defaultdict(list)
        taken = set(renamed.values())
        for node in extra:
            if node.name not in taken:
                candidates[_content(node, {})].append(node.name)
        for node in missing:
            if node.name not in renamed and (same := candidates.get(_content(node, renamed))):
                renamed[node.name] = same.pop(0)
        if len(renamed) == known:
            break
    return renamed


def _content(node: Any, renamed: Mapping[str, str]) -> object:
    """What is the same of a renamed node, its inputs under the names of the actual side."""
    return (node.op, node.device, tuple(_input(name, renamed) for name in node.input), tuple(node.attr))


def _input(name: str, renamed: Mapping[str, str]) -> str:
    mark = "^" if name.startswith("^") else ""
    node, colon, output = name.removeprefix("^").partition(":")
    return f"{mark}{renamed.get(node, node)}{colon}{output}"
