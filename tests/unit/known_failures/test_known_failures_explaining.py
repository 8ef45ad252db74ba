"""The text about the result of a listed case."""

from __future__ import annotations

from known_failure_samples import entry

from pytest_metagraph.known_failures.model import explain

OLD, NEW = "0" * 16, "f" * 16


def test_a_failure_as_listed_has_the_reason() -> None:
    """The text of a failure as listed is its kind, reason and link."""
    listed = entry("m/a", fingerprints=(OLD,), issue="https://example.org/1")
    assert explain(listed, OLD) == "bug: It is not done yet. (https://example.org/1)"


def test_any_failure_matches_an_entry_without_fingerprints() -> None:
    """An entry without fingerprints lists the case, whatever its failure."""
    assert explain(entry("m/a"), NEW) == "bug: It is not done yet."


def test_a_pass_names_the_entry_and_what_to_do() -> None:
    """The text of a listed case that passes names the entry and how to remove it."""
    text = explain(entry("m/a"), "")
    assert text.startswith("known.toml:10 lists this case as a known failure (bug: It is not done yet.), but")
    assert "--metagraph-update-known-failures" in text


def test_another_failure_shows_both_fingerprints() -> None:
    """The text of a changed failure contains the new fingerprint and the listed one."""
    text = explain(entry("m/a", fingerprints=(OLD,)), NEW)
    assert f"fails in another way: its fingerprint is {NEW}, not {OLD}." in text
