"""Hints about a scope: what keeps it, what lies outside of it, and inputs that it leaves unbound."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.differences import NODE_SECTION, Difference, DifferenceCode
from pytest_metagraph.diff.hints.call import UNBOUND_INPUTS, may_be_given, scope_of, unbound_inputs_key
from pytest_metagraph.diff.hints.hint import Hint, HintCode, select

if TYPE_CHECKING:
    from pytest_metagraph.diff.result import MetaGraphDiff

_CLASS = "attr['_class']"
_FRAME_NAME = "attr['frame_name']"
_COLOCATION = re.compile(r"loc:@([^'\"]+)")
_UNBOUND = "$unbound_inputs_"
_DATA, _CONTROL_MISSING, _CONTROL_EXTRA = (
    DifferenceCode.INPUT_CHANGED,
    DifferenceCode.INPUT_MISSING,
    DifferenceCode.INPUT_EXTRA,
)


def find_kept_colocations(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if `_class` keeps the scope or colocations with nodes outside of it (CLS-02)."""
    scope = scope_of(diff)
    if not (scope and may_be_given(diff, "export_scope")):
        return
    keeps_scope, keeps_outside = set(), set()
    for position, one in _attr_differences(diff, _CLASS).items():
        expected, actual = set(_COLOCATION.findall(one.expected or "")), _COLOCATION.findall(one.actual or "")
        if any(name.startswith(scope) and name not in expected for name in actual):
            keeps_scope.add(position)
        elif expected < set(actual):
            keeps_outside.add(position)
    if keeps_scope:
        nodes = counted(len(keeps_scope | keeps_outside), "node")
        text = f"`_class` keeps the scope {scope!r} under export_scope: {nodes}."
        yield Hint(HintCode.CLASS_KEEPS_SCOPE, text, frozenset(keeps_scope | keeps_outside))
    elif keeps_outside:
        nodes = counted(len(keeps_outside), "node")
        text = f"`_class` keeps colocations with nodes outside of the scope {scope!r}: {nodes}."
        yield Hint(HintCode.CLASS_KEEPS_OUTSIDE, text, frozenset(keeps_outside))


def find_lost_colocations(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if colocations are missing (CLS-01, CLS-02)."""
    lost = {
        position
        for position, one in _attr_differences(diff, _CLASS).items()
        if one.actual is None
        or set(_COLOCATION.findall(one.actual)) < set(_COLOCATION.findall(one.expected or ""))
    }
    if lost:
        text = f"Colocations were lost: `_class` is missing or lacks entries on {counted(len(lost), 'node')}."
        yield Hint(HintCode.CLASS_LOST, text, frozenset(lost))


def find_kept_frames(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if frame names keep the scope (FRM-01)."""
    scope = scope_of(diff)
    if not (scope and may_be_given(diff, "export_scope")):
        return
    kept = frozenset(
        position
        for position, one in _attr_differences(diff, _FRAME_NAME).items()
        if one.expected and one.actual and one.actual == one.expected[:1] + scope + one.expected[1:]
    )
    if kept:
        text = f"frame_name keeps the scope {scope!r} under export_scope: {counted(len(kept), 'node')}."
        yield Hint(HintCode.FRAMES_KEEP_SCOPE, text, kept)


_INPUT_TEXTS = {
    HintCode.INPUTS_KEEP_SCOPE: "Inputs keep the scope although the names of nodes do not: {}.",
    HintCode.UNBOUND_INPUTS_NOT_RENAMED: (
        "Inputs from outside of the scope keep their names: {}. They begin with $unbound_inputs_."
    ),
    HintCode.UNBOUND_INPUTS_DROPPED: (
        "Inputs from outside of the scope are missing: {}. They stay, under a name with $unbound_inputs_."
    ),
    HintCode.UNBOUND_INPUTS_MISNAMED: (
        "Inputs from outside of the scope are named wrongly: {}. The name is $unbound_inputs_ and the old "
        "name, with the output index, and with ^ in front for a control input."
    ),
    HintCode.INPUTS_UNBOUND: "Inputs from within the export are named like ones from outside: {}.",
}


def find_inputs(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield hints about inputs under a scope: unbound ones, and ones that keep the scope (UNB-01)."""
    scope = scope_of(diff)
    if not may_be_given(diff, "export_scope"):
        return
    found: dict[HintCode, set[int]] = defaultdict(set)
    by_node: dict[str, dict[int, Difference]] = defaultdict(dict)
    for position, one in select(diff, _CONTROL_MISSING, _CONTROL_EXTRA, _DATA, section=NODE_SECTION).items():
        by_node[one.key][position] = one
    for differences in by_node.values():
        for code, position in _input_causes(differences, scope):
            found[code].add(position)
    for code, positions in found.items():
        follows = _unbound_collection(diff) if code is not HintCode.INPUTS_KEEP_SCOPE else frozenset()
        text = _INPUT_TEXTS[code].format(counted(len(positions), "input"))
        yield Hint(code, text, frozenset(positions) | follows, follows)


def find_unbound_collection(diff: MetaGraphDiff) -> Iterator[Hint]:
    """Yield a hint if the collection of unbound inputs differs (UNB-02 to UNB-08)."""
    covered = _unbound_collection(diff)
    if covered:
        text = (
            f"The collection {unbound_inputs_key(diff)!r} differs: it lists each use of a data input from "
            "outside of the scope, in the order of nodes and inputs, if it is asked for."
        )
        yield Hint(HintCode.UNBOUND_INPUTS_COLLECTION, text, covered)


def _attr_differences(diff: MetaGraphDiff, field: str) -> dict[int, Difference]:
    codes = (DifferenceCode.ATTR_CHANGED, DifferenceCode.ATTR_MISSING, DifferenceCode.ATTR_EXTRA)
    found = select(diff, *codes, section=NODE_SECTION)
    return {position: one for position, one in found.items() if one.field == field}


def _input_causes(differences: dict[int, Difference], scope: str) -> Iterator[tuple[HintCode, int]]:
    """Yield what is wrong with the inputs of one node, each with the position of a difference."""
    missing = {one.expected or "": at for at, one in differences.items() if one.code is _CONTROL_MISSING}
    extra = {one.actual or "": at for at, one in differences.items() if one.code is _CONTROL_EXTRA}
    for position, one in differences.items():
        if one.code is _DATA and (code := _input_cause(one.expected or "", one.actual or "", scope)):
            yield code, position
    for name, position in missing.items():
        pairs = {other: code for other in extra if (code := _input_cause(name, other, scope))}
        exact = [(other, code) for other, code in pairs.items() if _same_input(name, other, scope)]
        chosen = exact or list(pairs.items())
        if chosen:
            other, code = chosen[0]
            yield code, position
            yield code, extra[other]
        elif name.startswith(f"^{_UNBOUND}"):
            yield HintCode.UNBOUND_INPUTS_DROPPED, position


def _same_input(expected: str, actual: str, scope: str) -> bool:
    """Return whether two inputs are the same but for the scope and the mark of unbound inputs."""
    plain = [name.replace(_UNBOUND, "").replace("^", "") for name in (expected, actual)]
    return plain[0] == plain[1] or bool(scope and plain[0] == plain[1].removeprefix(scope))


def _input_cause(expected: str, actual: str, scope: str) -> HintCode | None:
    left, right = expected.removeprefix("^"), actual.removeprefix("^")
    if scope and right == scope + left:
        return HintCode.INPUTS_KEEP_SCOPE
    if expected.startswith("["):  # all inputs of a node that has lost some
        is_shorter = actual.count(",") < expected.count(",") or actual == "[]"
        return HintCode.UNBOUND_INPUTS_DROPPED if is_shorter and _UNBOUND in expected else None
    if left.startswith(_UNBOUND):
        if left.removeprefix(_UNBOUND) == right:
            return HintCode.UNBOUND_INPUTS_NOT_RENAMED
        return HintCode.UNBOUND_INPUTS_MISNAMED
    return HintCode.INPUTS_UNBOUND if _UNBOUND in right else None


def _unbound_collection(diff: MetaGraphDiff) -> frozenset[int]:
    keys = {unbound_inputs_key(diff), UNBOUND_INPUTS}
    sections = {f"collection_def[{key!r}]" for key in keys}
    return frozenset(
        position
        for position, one in enumerate(diff.differences)
        if one.section in sections
        or (
            one.section == "collection_def"
            and one.key in keys
            and one.code is not DifferenceCode.COLLECTION_KIND
        )
    )
