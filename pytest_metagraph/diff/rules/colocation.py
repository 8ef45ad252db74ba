"""The attribute `_class`: with which nodes a node is placed."""

from __future__ import annotations

from pytest_metagraph.diff.comparison import Comparison
from pytest_metagraph.diff.findings import Location
from reference_impl.schema import AttrValue


def colocations(run: Comparison, where: Location, expected: AttrValue, actual: AttrValue) -> None:
    """`_class`: a set of `loc:@node`, so that their order means nothing."""
    run.messages(where, _sorted(expected), _sorted(actual))


def _sorted(value: AttrValue) -> AttrValue:
    """A copy with the strings of its list as a set, in order."""
    copy = AttrValue()
    copy.CopyFrom(value)
    if copy.HasField("list"):
        strings = sorted(set(copy.list.s))
        del copy.list.s[:]
        copy.list.s.extend(strings)
    return copy
