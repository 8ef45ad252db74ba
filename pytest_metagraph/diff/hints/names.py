"""Hints about names: scopes, renamed nodes, renamed functions, and the consequences of a rename."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_metagraph.diff.describe import count
from pytest_metagraph.diff.differences import NODE_SECTION, Difference, DifferenceCode
from pytest_metagraph.diff.generated_names import pair_function_names
from pytest_metagraph.diff.hints.hint import Hint, HintCode, positions_by_key
from pytest_metagraph.diff.shallow import VIEWS

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_NAME = re.compile(r"[^\s'\",\[\]{}^@:]+")

_RENAME_CODES = frozenset(
    {
        DifferenceCode.NODE_MISSING,
        DifferenceCode.NODE_EXTRA,
        DifferenceCode.FUNCTION_MISSING,
        DifferenceCode.FUNCTION_EXTRA,
    }
)
"""The codes of a rename itself; its consequences have other codes."""

_CONTROL_INPUT_CODES = frozenset({DifferenceCode.INPUT_MISSING, DifferenceCode.INPUT_EXTRA})

_MIN_SHARE = 0.9
"""The share of the shorter names that a scope must turn into longer names."""

_PROBES = 20
"""The number of longer names that are searched for a scope."""

_MAX_ROUNDS = 10
"""The length to which a chain of renamed nodes, each an input of the next, is followed."""


def find_scope(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if one side has stripped a scope from the names of nodes and the other has not."""
    expected = positions_by_key(diff, DifferenceCode.NODE_MISSING, section=NODE_SECTION)
    actual = positions_by_key(diff, DifferenceCode.NODE_EXTRA, section=NODE_SECTION)
    for long, short, problem in (
        (actual, expected, "was not stripped"),
        (expected, actual, "should not have been stripped"),
    ):
        scope = _common_scope(long, short)
        if scope is None:
            continue
        pairs = {stripped: scope + stripped for stripped in short if scope + stripped in long}
        renamed = pairs if long is actual else {name: stripped for stripped, name in pairs.items()}
        explained = _consequences(diff.differences, renamed)
        nodes = {short[stripped] for stripped in pairs} | {long[name] for name in pairs.values()}
        text = (
            f"export_scope: the scope {problem}. The names of {count(len(pairs), 'node')} differ only in the "
            f"prefix {scope!r}.{_explains(explained)}"
        )
        yield Hint(HintCode.EXPORT_SCOPE, text, frozenset(nodes | explained), frozenset(explained))


def find_renamed_nodes(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if nodes have another name and are otherwise the same."""
    missing = positions_by_key(diff, DifferenceCode.NODE_MISSING, section=NODE_SECTION)
    extra = positions_by_key(diff, DifferenceCode.NODE_EXTRA, section=NODE_SECTION)
    if not (missing and extra):
        return
    renamed = _pair_nodes(_parse(diff.expected.nodes, missing), _parse(diff.actual.nodes, extra))
    if not renamed:
        return
    explained = _consequences(diff.differences, renamed)
    nodes = {missing[old] for old in renamed} | {extra[new] for new in renamed.values()}
    (old, new), *others = renamed.items()
    example = f"{old!r} -> {new!r}"
    subject = f"{len(renamed):,} nodes renamed, such as {example}" if others else f"Node renamed: {example}"
    text = f"{subject} (same op, attributes and inputs).{_explains(explained)}"
    yield Hint(HintCode.NODE_RENAMED, text, frozenset(nodes | explained), frozenset(explained))


def find_renamed_functions(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if the generated names of functions differ only in the number at the end."""
    missing = positions_by_key(diff, DifferenceCode.FUNCTION_MISSING)
    extra = positions_by_key(diff, DifferenceCode.FUNCTION_EXTRA)
    renamed = pair_function_names(missing, extra)
    if not renamed:
        return
    explained = _consequences(diff.differences, renamed)
    functions = {missing[old] for old in renamed} | {extra[new] for new in renamed.values()}
    text = (
        f"Functions were renumbered: {count(len(renamed), 'generated name')} changed only in the number "
        "at the end. Set canonicalize_function_names to see whether anything else differs."
    )
    yield Hint(HintCode.FUNCTION_RENAMED, text, frozenset(functions | explained), frozenset(explained))


def _common_scope(long: Collection[str], short: Collection[str]) -> str | None:
    """Return the prefix, ending in a slash, that turns nearly all short names into long ones."""
    for name in itertools.islice(long, _PROBES):
        for position, character in enumerate(name):
            if character != "/" or name[position + 1 :] not in short:
                continue
            scope = name[: position + 1]
            if sum(scope + stripped in long for stripped in short) >= _MIN_SHARE * len(short):
                return scope
    return None


def _parse(nodes: Iterable[bytes], names: Collection[str]) -> list[Any]:
    parsed = map(VIEWS["NodeDef"].FromString, nodes)
    return [node for node in parsed if node.name in names]


def _pair_nodes(missing: list[Any], extra: list[Any]) -> dict[str, str]:
    """Return the actual name of each renamed node by its expected name.

    After each round, nodes are searched again with the names of their inputs that are known by then.
    """
    renamed: dict[str, str] = {}
    for _ in range(_MAX_ROUNDS):
        known = len(renamed)
        candidates: dict[object, deque[str]] = defaultdict(deque)
        taken = set(renamed.values())
        for node in extra:
            if node.name not in taken:
                candidates[_content(node, {})].append(node.name)
        for node in missing:
            if node.name not in renamed and (same := candidates.get(_content(node, renamed))):
                renamed[node.name] = same.popleft()
        if len(renamed) == known:
            break
    return renamed


def _content(node: Any, renamed: Mapping[str, str]) -> object:
    """Return what a rename leaves unchanged, with the inputs under their actual names."""
    return (
        node.op,
        node.device,
        tuple(_actual_input(name, renamed) for name in node.input),
        tuple(node.attr),
    )


def _actual_input(name: str, renamed: Mapping[str, str]) -> str:
    mark = "^" if name.startswith("^") else ""
    node, colon, output = name.removeprefix("^").partition(":")
    return f"{mark}{renamed.get(node, node)}{colon}{output}"


def _consequences(differences: Sequence[Difference], renamed: Mapping[str, str]) -> set[int]:
    """Return the positions of the differences that a rename explains.

    Args:
        differences: all differences.
        renamed: the actual name of each renamed node or function by its expected name.
    """
    new_names = set(renamed.values())
    return {
        position
        for position, difference in enumerate(differences)
        if difference.code not in _RENAME_CODES and _follows(difference, renamed, new_names)
    }


def _follows(difference: Difference, renamed: Mapping[str, str], new_names: set[str]) -> bool:
    expected, actual = difference.expected, difference.actual
    if expected is not None and actual is not None:
        rewritten = _NAME.sub(lambda name: renamed.get(name[0], name[0]), expected)
        return expected != actual and rewritten == actual
    if difference.code not in _CONTROL_INPUT_CODES:
        return False
    # A control input that is replaced by another one.
    olds, news = set(_NAME.findall(expected or "")), set(_NAME.findall(actual or ""))
    return olds <= renamed.keys() and news <= new_names


def _explains(explained: Collection[int]) -> str:
    return f" Explains {count(len(explained), 'difference')} below." if explained else ""
