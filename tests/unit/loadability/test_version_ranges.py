"""Versions of TensorFlow as users write them, and as messages print them."""

from __future__ import annotations

import pytest

from pytest_metagraph.loadability.op_registries import UnknownVersionError, known_versions
from pytest_metagraph.loadability.version_ranges import (
    checkable_versions,
    format_versions,
    minor_version,
    parse_versions,
)


@pytest.mark.parametrize("text", ["1.15", "1.15.5", " 1.15.0 ", "1.15.0-rc2", "1.15.0rc3"])
def test_a_release_is_one_of_its_minor_version(text: str) -> None:
    """A minor version, a release and a candidate of it are the same registry."""
    assert minor_version(text) == "1.15"


@pytest.mark.parametrize(
    ("texts", "versions"),
    [
        ("1.15", ("1.15",)),
        (["2.3.4", "1.15.5"], ("1.15", "2.3")),
        ("1.13-2.0", ("1.13", "1.14", "1.15", "2.0")),
        ("1.13.1-1.15.5", ("1.13", "1.14", "1.15")),
        ("1.15, 2.20-2.21,1.15", ("1.15", "2.20", "2.21")),
        ("2.9-2.10", ("2.9", "2.10")),
        ([], ()),
    ],
)
def test_versions_and_ranges_become_minor_versions(texts: str | list[str], versions: tuple[str, ...]) -> None:
    """Versions are ascending by number, and each occurs once."""
    assert parse_versions(texts) == versions


def test_all_is_every_version_that_can_be_checked() -> None:
    """The word `all` means every version whose importer the check knows, also together with others."""
    known = known_versions()
    assert parse_versions("all") == checkable_versions() == known[known.index("1.8") :]
    assert parse_versions(["1.15", "all"]) == checkable_versions()


def test_a_number_is_no_version() -> None:
    """A number cannot tell 1.1 from 1.10, so that the message says to write a text."""
    with pytest.raises(UnknownVersionError, match=r"^1\.15 is not a version .* a text in quotes$"):
        minor_version(1.15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.0", r"the check does not know TensorFlow 1\.0; use 1\.8 to 2\.21"),
        ("2.99-2.21", r"the check does not know TensorFlow 2\.99"),
        ("1.4-1.10", r"the importer of TensorFlow 1\.4 has other rules, .*; use 1\.8 to 2\.21"),
        ("2.21-1.13", r"from a later version to an earlier one; write 1\.13-2\.21"),
        ("newest", r"'newest' is not a version of TensorFlow; write it as 1\.15 or 1\.15\.5"),
        ("1", "'1' is not a version"),
        ("", "'' is not a version"),
        ("1.15-", "'1.15-' is not a version"),
        ("1.15\n2.3", "is not a version"),
    ],
)
def test_what_is_no_version_is_refused_with_a_way_out(text: str, message: str) -> None:
    """The message names the text and what to write instead."""
    with pytest.raises(UnknownVersionError, match=message):
        parse_versions(text)


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        ((), ""),
        (("2.21",), "2.21"),
        (("2.0", "1.15"), "1.15, 2.0"),
        (("1.14", "1.15", "2.0"), "1.14 to 2.0"),
        (("1.4", "1.13", "1.14", "1.15", "2.20", "2.21"), "1.4, 1.13 to 1.15, 2.20, 2.21"),
    ],
)
def test_three_versions_in_a_row_are_a_range(versions: tuple[str, ...], text: str) -> None:
    """Versions are printed in ascending order, whatever the order of the input."""
    assert format_versions(versions) == text
