"""Entries with the same key: each of them is compared, and none replaces another."""

from __future__ import annotations

import pytest
from diff_rows import compared

from pytest_metagraph.diff.rules.generic import index_by_key


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a#2", "a#3"]),
        (["a", "a", "a#2"], ["a", "a#2", "a#2#2"]),
        (["a#2", "a", "a"], ["a#2", "a", "a#3"]),
        (["a", "a#3", "a", "a", "a"], ["a", "a#3", "a#2", "a#4", "a#5"]),
    ],
)
def test_every_entry_has_a_key(keys: list[str], expected: list[str]) -> None:
    """Every entry gets a key of its own, even if another entry has that key."""
    entries = list(enumerate(keys))
    index = index_by_key(entries, lambda entry: entry[1])
    assert index == dict(zip(expected, entries, strict=True))


def test_no_entry_is_lost() -> None:
    """A file whose name looks like a generated key does not hide the second file with a name."""
    files = "asset_file_def {{ filename: '{}' tensor_info {{ name: '{}' }} }}"
    expected = files.format("a", "x") + files.format("a", "y") + files.format("a#2", "z")
    actual = files.format("a", "x") + files.format("a", "other") + files.format("a#2", "z")
    (difference,) = compared(expected, actual).differences
    assert (difference.key, difference.field) == ("a#2", "tensor_info.name")
    assert (difference.expected, difference.actual) == ("'y'", "'other'")
