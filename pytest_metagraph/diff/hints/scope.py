"""The names differ by one prefix: `export_scope`."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from pytest_metagraph.diff.compared import ComparedSides
from pytest_metagraph.diff.findings import Code
from pytest_metagraph.diff.hints.hint import Hint, HintCode
from pytest_metagraph.diff.hints.renames import consequences, explained
from pytest_metagraph.diff.hints.select import positions
from pytest_metagraph.diff.values import counted

_MOST = 0.9
_PROBES = 20


def find(diff: ComparedSides) -> Iterator[Hint]:
    """A scope that one side has stripped from the names of nodes."""
    expected = positions(diff, Code.NODE_MISSING, section="graph_def.node")
    actual = positions(diff, Code.NODE_EXTRA, section="graph_def.node")
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
