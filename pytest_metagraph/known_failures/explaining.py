"""What a list says about one judged case, for the reports and for the person who reads a failure."""

from __future__ import annotations

from pytest_metagraph.known_failures.entries import Entry


def explain(entry: Entry, fingerprint: str) -> str:
    """Say how a case and the entry about it go together.

    Args:
        entry: the entry.
        fingerprint: what is wrong with the case; empty where it passes.
    """
    if not fingerprint:
        return (
            f"{entry.place} lists this case as a known failure ({entry.text}), but it passes. "
            "Take it out of the list, by hand or with --metagraph-update-known-failures."
        )
    if not entry.tolerates(fingerprint):
        listed = " or ".join(entry.fingerprints)
        return (
            f"{entry.place} lists this case as a known failure ({entry.text}), but it fails in another way: "
            f"its fingerprint is {fingerprint}, listed is {listed}."
        )
    return entry.text
