"""The requirement catalogue: every rule for an export, and where the rule comes from."""

from __future__ import annotations

import enum
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conformance_cases.capabilities import Capability, with_coarser

_CATALOGUE = Path(__file__).parent / "requirements.toml"


class Basis(enum.StrEnum):
    """Where a requirement comes from.

    `DOCUMENTED`: the public documentation promises it. `OBSERVED`: the documentation is silent, and
    TensorFlow does it. `CONFLICT`: the documentation promises one thing, and TensorFlow does another.
    """

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    CONFLICT = "conflict"


class Level(enum.StrEnum):
    """How binding a requirement is.

    `REQUIRED` decides about conformance: a user of the export would notice if it were broken. `RECOMMENDED`
    should be followed: some users would miss it. `INFORMATIVE` describes a quirk of TensorFlow or of its
    environment and is not tested.
    """

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    INFORMATIVE = "informative"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One rule.

    Attributes:
        id: its name, such as `SCOPE-05`, which never changes.
        sentence: what an export does, in words from which it can be implemented.
        basis: where the rule comes from.
        level: how binding it is.
        quote: the words of the documentation; empty if it is silent.
        tensorflow: what TensorFlow does instead; empty unless the basis is a conflict.
        missed_by: who would miss it, and when; empty unless the level is recommended.
        no_case: why no case can test the rule; empty if cases do.
        governs: the parts of a message, file or call that the rule decides, each as words from the whole to
            the detail; empty if others govern them more closely.
        in_own_cases: further parts that it decides only in the cases that are named after it.
        needs: the capabilities without which the rule is never blamed.
    """

    id: str
    sentence: str
    basis: Basis
    level: Level
    quote: str = ""
    tensorflow: str = ""
    missed_by: str = ""
    no_case: str = ""
    governs: tuple[tuple[str, ...], ...] = ()
    in_own_cases: tuple[tuple[str, ...], ...] = ()
    needs: frozenset[Capability] = frozenset()


@functools.cache
def load_requirements() -> Mapping[str, Requirement]:
    """Return the catalogue by id, in the order of its file; it is read once."""
    entries = tomllib.loads(_CATALOGUE.read_text(encoding="utf-8"))["requirement"]
    requirements = {}
    for entry in entries:
        requirements[entry["id"]] = Requirement(
            id=entry["id"],
            sentence=entry["sentence"],
            basis=Basis(entry["basis"]),
            level=Level(entry["level"]),
            quote=entry.get("quote", ""),
            tensorflow=entry.get("tensorflow", ""),
            missed_by=entry.get("missed_by", ""),
            no_case=entry.get("no_case", ""),
            governs=_parts(entry, "governs"),
            in_own_cases=_parts(entry, "in_own_cases"),
            needs=with_coarser(map(Capability, entry.get("needs", ()))),
        )
    return MappingProxyType(requirements)


def _parts(entry: Mapping[str, Any], key: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(part.split()) for part in entry.get(key, ()))
