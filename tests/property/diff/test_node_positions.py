"""The short way to the names of the actual side's nodes gives what the long way gives."""

from __future__ import annotations

from hypothesis import event, given, settings
from hypothesis import strategies as st

from pytest_metagraph.diff.rules.graphs import _index_nodes, _reindex_nodes, _unequal_positions
from pytest_metagraph.diff.shallow import VIEWS
from reference_impl.schema import NodeDef

VIEW = VIEWS["NodeDef"]
NODES = st.builds(
    lambda name, op, inputs: NodeDef(name=name, op=op, input=inputs).SerializeToString(),
    st.sampled_from(["a", "b", "c", "d", "a#2", "long" * 40]),
    st.sampled_from(["A", "B"]),
    st.sampled_from([[], ["x", "^y"], ["^y", "x"]]),
)
SIDES = st.lists(NODES, max_size=5)


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Two sides that are mostly the same: nodes replaced, removed, added and moved."""
    left = draw(SIDES)
    right = list(left)
    for _ in range(draw(st.integers(0, 2))):
        position = draw(st.integers(0, len(right)))
        right[position : position + draw(st.integers(0, 1))] = draw(st.lists(NODES, max_size=1))
    return left, right


@settings(max_examples=500, deadline=None)
@given(sides=st.one_of(edited(), st.tuples(SIDES, SIDES)))
def test_replaced_nodes_are_what_the_whole_side_says(sides: tuple[list[bytes], list[bytes]]) -> None:
    """Names, positions and defects are those of the whole side wherever the short way can be taken."""
    left, right = sides
    positions = _unequal_positions(left, right)
    short = _reindex_nodes(VIEW, _index_nodes(VIEW, left), positions, right)
    event("the long way" if short is None else "the short way")
    if short is not None:
        assert short == _index_nodes(VIEW, right)


@given(node=NODES)
def test_the_short_way_is_taken_where_no_name_is_repeated(node: bytes) -> None:
    """One changed, one removed or one added node needs no second look at the others."""
    other = NodeDef(name="other").SerializeToString()
    for left, right in (([node, other], [node]), ([node], [node, other]), ([node], [other])):
        assert (
            _reindex_nodes(VIEW, _index_nodes(VIEW, left), _unequal_positions(left, right), right) is not None
        )


@given(left=SIDES, right=SIDES)
def test_unequal_positions(left: list[bytes], right: list[bytes]) -> None:
    """A position is unequal where one side has another node than the other, or none."""
    assert _unequal_positions(left, right) == [
        position
        for position in range(max(len(left), len(right)))
        if left[position : position + 1] != right[position : position + 1]
    ]
