"""Hints about names: scopes, renamed nodes, renamed functions, and the consequences of a rename."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.differences import NODE_SECTION, Difference, DifferenceCode
from pytest_metagraph.diff.generated_names import pair_function_names
from pytest_metagraph.diff.hints.call import (
    NAME,
    is_given,
    is_two_saves,
    may_be_absent,
    may_be_given,
    scope_of,
)
from pytest_metagraph.diff.hints.consequences import consequences_of_nodes
from pytest_metagraph.diff.hints.hint import Hint, HintCode, list_names, positions_by_key

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

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
    """Yield a hint if only one side has stripped a scope from the names of nodes (SCOPE-03)."""
    expected = positions_by_key(diff, DifferenceCode.NODE_MISSING, section=NODE_SECTION)
    actual = positions_by_key(diff, DifferenceCode.NODE_EXTRA, section=NODE_SECTION)
    directions = []
    if may_be_given(diff, "export_scope"):
        directions.append((HintCode.EXPORT_SCOPE, actual, expected, "was not stripped"))
    if may_be_absent(diff, "export_scope"):
        directions.append((HintCode.SCOPE_STRIPPED, expected, actual, "should not have been stripped"))
    for code, long, short, problem in directions:
        scope = scope_of(diff) if diff.call is not None and code is HintCode.EXPORT_SCOPE else ""
        scope = scope or _common_scope(long, short) or ""
        pairs = {stripped: scope + stripped for stripped in short if scope and scope + stripped in long}
        if not pairs:
            continue
        renamed = pairs if long is actual else {name: stripped for stripped, name in pairs.items()}
        nodes = {short[stripped] for stripped in pairs} | {long[name] for name in pairs.values()}
        outside = ""
        if (
            code is HintCode.EXPORT_SCOPE
            and diff.call is not None
            and (rest := actual.keys() - pairs.values())
        ):
            nodes |= {actual[name] for name in rest}
            outside = f" {counted(len(rest), 'node')} outside of it should not have been exported."
        names = {diff.differences[position].key for position in nodes}
        explained = _consequences(diff.differences, renamed) | consequences_of_nodes(diff, names)
        explained |= {at for at, one in enumerate(diff.differences) if scope in (one.actual or "")}
        explained -= nodes
        text = (
            f"export_scope: the scope {problem}. The names of {counted(len(pairs), 'node')} differ only in "
            f"the prefix {scope!r}.{outside}"
        )
        yield Hint(code, text, frozenset(nodes | explained), frozenset(explained))


def find_selection(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if nodes are missing, nodes were exported that should not be, or both (SCOPE-01)."""
    missing = positions_by_key(diff, DifferenceCode.NODE_MISSING, section=NODE_SECTION)
    extra = positions_by_key(diff, DifferenceCode.NODE_EXTRA, section=NODE_SECTION)
    extra |= positions_by_key(diff, DifferenceCode.NODE_DUPLICATE, section=NODE_SECTION)
    if not (missing or extra):
        return
    if missing and extra:
        code = HintCode.NODES_REPLACED
        what = f"Other nodes were exported, or under other names: {_some(extra)} instead of {_some(missing)}"
    elif missing:
        code, what = HintCode.NODES_MISSING, f"Nodes are missing: {_some(missing)}"
    else:
        code, what = HintCode.NODES_EXTRA, f"Nodes were exported that should not have been: {_some(extra)}"
    under = f", under the scope {scope_of(diff)!r}" if is_given(diff, "export_scope") else ""
    nodes = {*missing.values(), *extra.values()}
    explained = consequences_of_nodes(diff, {*missing, *extra})
    if not diff.actual.nodes:  # nothing was exported, and nothing else is then right
        explained = {*range(len(diff.differences))}
    explained -= nodes
    yield Hint(code, f"{what}{under}.", frozenset(nodes | explained), frozenset(explained))


def find_renamed_nodes(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if nodes have another name and are otherwise the same."""
    missing = positions_by_key(diff, DifferenceCode.NODE_MISSING, section=NODE_SECTION)
    extra = positions_by_key(diff, DifferenceCode.NODE_EXTRA, section=NODE_SECTION)
    if not (missing and extra):
        return
    renamed = _pair_nodes(_parse(diff.expected.nodes, missing), _parse(diff.actual.nodes, extra))
    if not renamed:
        return
    nodes = {missing[old] for old in renamed} | {extra[new] for new in renamed.values()}
    explained = _consequences(diff.differences, renamed)
    explained |= consequences_of_nodes(diff, {*renamed, *renamed.values()}) - nodes
    (old, new), *others = renamed.items()
    example = f"{old!r} -> {new!r}"
    subject = f"{len(renamed):,} nodes renamed, such as {example}" if others else f"Node renamed: {example}"
    text = f"{subject} (same op, attributes and inputs)."
    yield Hint(HintCode.NODE_RENAMED, text, frozenset(nodes | explained), frozenset(explained))


_CANONICALIZE_NAMES = "Set canonicalize_function_names to see whether anything else differs."
_CANONICALIZE_SAVES = (
    "Compare with --preset saved-model (CompareOptions.saved_model()), which ignores what differs between "
    "two saves of one model."
)


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
        f"Functions were renumbered: {counted(len(renamed), 'generated name')} changed only in the number "
        f"at the end. {_CANONICALIZE_SAVES if is_two_saves(diff) else _CANONICALIZE_NAMES}"
    )
    yield Hint(HintCode.FUNCTION_RENAMED, text, frozenset(functions | explained), frozenset(explained))


def _some(nodes: Collection[str]) -> str:
    return f"{counted(len(nodes), 'node')} ({list_names(nodes)})"


def _common_scope(long: Collection[str], short: Collection[str]) -> str | None:
    """Return the prefix, ending in a slash, that turns nearly all short names into long ones."""
    lengths = {len(name) for name in short}  # a name may have very many slashes
    for name in itertools.islice(long, _PROBES):
        for position, character in enumerate(name):
            if (
                character != "/"
                or len(name) - position - 1 not in lengths
                or name[position + 1 :] not in short
            ):
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
    contents = [(_content(node, {}), node.name) for node in extra]
    for _ in range(_MAX_ROUNDS):
        known = len(renamed)
        candidates: dict[object, deque[str]] = defaultdict(deque)
        taken = set(renamed.values())
        for content, name in contents:
            if name not in taken:
                candidates[content].append(name)
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
        rewritten = NAME.sub(lambda name: renamed.get(name[0], name[0]), expected)
        return expected != actual and rewritten == actual
    if difference.code not in _CONTROL_INPUT_CODES:
        return False
    # A control input that is replaced by another one.
    olds, news = set(NAME.findall(expected or "")), set(NAME.findall(actual or ""))
    return olds <= renamed.keys() and news <= new_names
