"""Entries and results to test with."""

from __future__ import annotations

from typing import Any

from pytest_metagraph.judging.records import Record
from pytest_metagraph.known_failures.model import Entry, FailureKind


def entry(*patterns: str, number: int = 1, **attributes: Any) -> Entry:
    """An entry of the list `known.toml`, whose header is at ten times its number."""
    return Entry(
        number, f"known.toml:{number * 10}", patterns, FailureKind.BUG, "It is not done yet.", **attributes
    )


def record(case: str, verdict: str, fingerprint: str = "") -> Record:
    """The result of a case under the documented contract."""
    return Record(
        case=case,
        graph="g",
        exporter="adapter:export",
        contract="documented",
        verdict=verdict,
        checks=1,
        failed_checks=int(bool(fingerprint)),
        fingerprint=fingerprint,
        summary="A ValueError was raised where a message was expected" if fingerprint else "",
    )
