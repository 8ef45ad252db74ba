"""Hints about names: scopes, renamed nodes, generated function names, and what follows from a rename."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff import generated_names
from pytest_metagraph.diff.differences import Difference, DifferenceCode
from pytest_metagraph.diff.hints.hint import Hint, HintCode, positions
from pytest_metagraph.diff.shallow import VIEWS

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff


_NAME = re.compile(r"[^\s'\",\[\]{}^@:]+")
_CAUSES = frozenset(
    {
        DifferenceCode.NODE_MISSING,
        DifferenceCode.NODE_EXTRA,
        DifferenceCode.FUNCTION_MISSING,
        DifferenceCode.FUNCTION_EXTRA,
    }
)
_CONTROL_INPUTS = frozenset({DifferenceCode.INPUT_MISSING, DifferenceCode.INPUT_EXTRA})


def consequences(differences: Sequence[Difference], renamed: Mapping[str, str]) -> set[int]:
    """The positions of the differences that a rename explains.

    Args:
        differences: all differences.
        renamed: the actual name of each renamed thing, by its expected name.
    """
    new_names = set(renamed.values())
    return {
        position
        for position, difference in enumerate(differences)
        if difference.code not in _CAUSES and _follows(difference, renamed, new_names)
    }


def explained(follow: set[int]) -> str:
    """What a hint says of the differences that follow from its cause; nothing where there are none."""
    return f" Explains {counted(len(follow), 'difference')} below." if follow else ""


def _follows(difference: Difference, renamed: Mapping[str, str], new_names: set[str]) -> bool:
    expected, actual = difference.expected, difference.actual
    if expected is not None and actual is not None:
        read = _NAME.sub(lambda name: renamed.get(name[0], name[0]), expected)
        return expected != actual and read == actual
    if difference.code not in _CONTROL_INPUTS:
        return False
    # A control input that another one takes the place of.
    olds, news = set(_NAME.findall(expected or "")), set(_NAME.findall(actual or ""))
    return olds <= renamed.keys() and news <= new_names


_MOST = 0.9
_PROBES = 20


def find_scope(diff: MetaGraphDiff) -> Iterator[Hint]:
    """A scope that one side has stripped from the names of nodes."""
    expected = positions(diff, DifferenceCode.NODE_MISSING, section="graph_def.node")
    actual = positions(diff, DifferenceCode.NODE_EXTRA, section="graph_def.node")
    for long, short, verb in ((actual, expected, "unstripped"), (expected, actual, "stripped too often")):
        scope = _common_scope(long, short)
        if scope is None:
            continue
        pairs = {stripped: scope + stripped for stripped in short if scope + stripped in long}
        renamed = pairs if long is actual else {name: stripped for stripped, name in pairs.items()}
        follow = consequences(diff.differences, renamed)
        nodes = {short[stripped] for stripped in pairs} | {long[name] for name in pairs.values()}
        text = (
            f"export_scope looks {verb}: the names of {counted(len(pairs), 'node')} differ only in the "
            f"prefix {scope!r}.{explained(follow)}"
        )
        yield Hint(HintCode.EXPORT_SCOPE, text, frozenset(nodes | follow), frozenset(follow))


def _common_scope(long: Collection[str], short: Collection[str]) -> str | None:
    """The prefix, ending in a slash, that makes long names of nearly all short ones."""
    for name in itertools.islice(long, _PROBES):
        for position, character in enumerate(name):
            if character != "/" or name[position + 1 :] not in short:
                continue
            scope = name[: position + 1]
            if sum(scope + stripped in long for stripped in short) >= _MOST * len(short):
                return scope
    return None


_ROUNDS = 10
"""How long a chain of renamed nodes is followed, each the input of the next."""


def find_renamed_nodes(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Nodes that have another name and are the same otherwise."""
    missing = positions(diff, DifferenceCode.NODE_MISSING, section="graph_def.node")
    extra = positions(diff, DifferenceCode.NODE_EXTRA, section="graph_def.node")
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


def find_generated_function_names(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Functions whose names are equal but for the number."""
    missing, extra = (
        positions(diff, DifferenceCode.FUNCTION_MISSING),
        positions(diff, DifferenceCode.FUNCTION_EXTRA),
    )
    renamed = generated_names.pair(missing, extra)
    if not renamed:
        return
    follow = consequences(diff.differences, renamed)
    functions = {missing[old] for old in renamed} | {extra[new] for new in renamed.values()}
    text = (
        f"The generated name of {counted(len(renamed), 'function')} differs only in the number at its end; "
        "compare with canonicalize_function_names to see whether anything else does."
    )
    yield Hint(HintCode.FUNCTION_RENAMED, text, frozenset(functions | follow), frozenset(follow))
