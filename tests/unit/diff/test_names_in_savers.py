"""Which nodes belong to a saver is found by name, whatever the scopes are."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from pytest_metagraph.diff.hints import arguments

NAMES = st.text("a/_", max_size=6)


@given(NAMES, st.lists(NAMES.map(lambda name: f"{name}/"), max_size=8))
@example("a/b", ["a/", "a/a/", "a_/"])
@example("a", ["/"])
def test_a_name_lies_in_any_of_the_scopes(name: str, scopes: list[str]) -> None:
    """The quick search among outermost scopes finds what a comparison with each scope finds."""
    assert arguments._lies_in(name, arguments._outermost(scopes)) == name.startswith(tuple(scopes))
