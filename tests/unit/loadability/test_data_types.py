"""Lists of data types are short in memory, and otherwise lists like others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_metagraph.loadability.data_types import RepeatedTypes, type_list

RUNS = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 900)), max_size=6)


@given(runs=RUNS)
def test_a_list_of_data_types_has_each_as_often_as_its_run_says(runs: list[tuple[int, int]]) -> None:
    """Whether it is stored whole or as runs, a list has the items of its runs in order."""
    expected = [number for number, count in runs for _ in range(count)]
    for made in (type_list(runs), RepeatedTypes(runs)):
        assert len(made) == len(expected)
        assert list(made) == expected
        assert list(made[3:700:7]) == expected[3:700:7]


def test_a_long_list_is_stored_as_runs() -> None:
    """The last item of two billion is found, and the one after it is not there."""
    made = type_list([(1, 2_000_000_000), (3, 2)])
    assert (made[1_999_999_999], made[2_000_000_000], made[-1]) == (1, 3, 3)
    assert len(made) == 2_000_000_002
