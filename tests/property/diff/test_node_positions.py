"""The index of the actual side's nodes is the same whether or not it is derived from the expected side's."""

from __future__ import annotations

from hypothesis import event, given, settings
from hypothesis import strategies as st

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.rules.graphs import _index_nodes, _reindex_nodes, _unequal_positions
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
    """Draw two sides that are mostly the same, with nodes replaced, removed, added and moved."""
    left = draw(SIDES)
    right = list(left)
    for _ in range(draw(st.integers(0, 2))):
        position = draw(st.integers(0, len(right)))
        right[position : position + draw(st.integers(0, 1))] = draw(st.lists(NODES, max_size=1))
    return left, right


@settings(max_examples=500, deadline=None)
@given(sides=st.one_of(edited(), st.tuples(SIDES, SIDES)))
def test_derived_index_is_the_full_index(sides: tuple[list[bytes], list[bytes]]) -> None:
    """A derived index has the names, positions and defects of a full index."""
    left, right = sides
    positions = _unequal_positions(left, right)
    derived = _reindex_nodes(VIEW, _index_nodes(VIEW, left), positions, right)
    event("not derived" if derived is None else "derived")
    if derived is not None:
        assert derived == _index_nodes(VIEW, right)


@given(node=NODES)
def test_index_is_derived_without_duplicate_names(node: bytes) -> None:
    """The index can be derived after one node was changed, removed or added."""
    other = NodeDef(name="other").SerializeToString()
    for left, right in (([node, other], [node]), ([node], [node, other]), ([node], [other])):
        assert (
            _reindex_nodes(VIEW, _index_nodes(VIEW, left), _unequal_positions(left, right), right) is not None
        )


@given(left=SIDES, right=SIDES)
def test_unequal_positions(left: list[bytes], right: list[bytes]) -> None:
    """A position is unequal if the sides have different nodes there, or only one side has a node."""
    assert _unequal_positions(left, right) == [
        position
        for position in range(max(len(left), len(right)))
        if left[position : position + 1] != right[position : position + 1]
    ]
