"""What is said about a case that is listed."""

from __future__ import annotations

from known_failure_samples import entry

from pytest_metagraph.known_failures.model import explain

OLD, NEW = "0" * 16, "f" * 16


def test_a_failure_as_listed_has_the_reason() -> None:
    """Kind, reason and link are what a reader of a report needs."""
    listed = entry("m/a", fingerprints=(OLD,), issue="https://example.org/1")
    assert explain(listed, OLD) == "bug: It is not done yet. (https://example.org/1)"


def test_any_failure_fits_an_entry_without_fingerprints() -> None:
    """Without fingerprints, the case is listed and not the symptom."""
    assert explain(entry("m/a"), NEW) == "bug: It is not done yet."


def test_a_pass_names_the_entry_and_the_way_out() -> None:
    """The reader learns where the entry is and how it leaves the list."""
    text = explain(entry("m/a"), "")
    assert text.startswith("known.toml:10 lists this case as a known failure (bug: It is not done yet.), but")
    assert "--metagraph-update-known-failures" in text


def test_another_failure_shows_both_fingerprints() -> None:
    """The reader sees what was listed and what came."""
    text = explain(entry("m/a", fingerprints=(OLD,)), NEW)
    assert f"fails in another way: its fingerprint is {NEW}, listed is {OLD}" in text
