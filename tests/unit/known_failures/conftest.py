"""Entries to test with."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from pytest_metagraph.known_failures.entries import Entry, Kind
from pytest_metagraph.records import Record


class MakeEntry(Protocol):
    """Makes an entry of the list `known.toml`."""

    def __call__(self, *patterns: str, number: int = 1, **attributes: Any) -> Entry:
        """An entry whose header is at ten times its number."""


class MakeRecord(Protocol):
    """Makes the result of one case."""

    def __call__(self, case: str, verdict: str, fingerprint: str = "") -> Record:
        """A record under the documented contract."""


@pytest.fixture
def entry() -> MakeEntry:
    """Makes an entry."""

    def make(*patterns: str, number: int = 1, **attributes: Any) -> Entry:
        place = f"known.toml:{number * 10}"
        return Entry(number, place, patterns, Kind.BUG, "It is not done yet.", **attributes)

    return make


@pytest.fixture
def record() -> MakeRecord:
    """Makes a record."""

    def make(case: str, verdict: str, fingerprint: str = "") -> Record:
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

    return make
