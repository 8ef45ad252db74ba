"""Read and print versions of TensorFlow as users write them: `1.15`, `1.15.5`, `1.13-2.21`, `all`."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Collection, Iterable
from typing import Final

from pytest_metagraph.loadability.op_registries import UnknownVersionError, known_versions

Version = tuple[int, int]
"""A minor version as numbers, which compare as versions do."""

ALL: Final = "all"
"""The word for every version that graphs can be checked for."""

_CHECKED_SINCE: Final = "1.8"
"""The first version whose importer follows the rules; earlier versions had another importer."""

_VERSION = re.compile(r"(\d+\.\d+)(?:\.\d+(?:[-.]?\w+)?)?")
"""A minor version, or a release of it, candidates included."""

_LONGEST_LISTED = 2
"""The longest run of versions that is listed and not printed as a range."""


def version_numbers(text: str) -> Version:
    """Return a minor version such as `1.15` as numbers."""
    major, _, minor = text.partition(".")
    return int(major), int(minor)


@functools.cache
def checkable_versions() -> tuple[str, ...]:
    """Return the minor versions of TensorFlow that graphs can be checked for, ascending."""
    known = known_versions()
    return known[known.index(_CHECKED_SINCE) :]


def minor_version(text: object) -> str:
    """Return the minor version of a version of TensorFlow that graphs can be checked for.

    Args:
        text: a minor version or a release, such as `1.15` or `1.15.5`.

    Returns:
        The minor version, such as `1.15`.

    Raises:
        UnknownVersionError: if it is not a text with a version, or the check does not know the version.
    """
    read = _VERSION.fullmatch(text.strip()) if isinstance(text, str) else None
    if read is None:
        quotes = "" if isinstance(text, str) else ", a text in quotes"
        raise UnknownVersionError(
            f"{text!r} is not a version of TensorFlow; write it as 1.15 or 1.15.5{quotes}"
        )
    if read[1] not in checkable_versions():
        problem = (
            f"the importer of TensorFlow {read[1]} has other rules, which the check does not know"
            if read[1] in known_versions()
            else f"the check does not know TensorFlow {read[1]}"
        )
        raise UnknownVersionError(f"{problem}; use {format_versions(checkable_versions())}")
    return read[1]


def parse_versions(texts: str | Iterable[str]) -> tuple[str, ...]:
    """Return the minor versions that are requested by versions, ranges and the word `all`.

    Args:
        texts: each `1.15`, `1.15.5`, a range such as `1.13-2.21`, or `all`; also several with commas between.

    Returns:
        The minor versions, ascending, each once.

    Raises:
        UnknownVersionError: if a text is none of these, the check does not know a version, or a range runs
            from a later version to an earlier one.
    """
    words = [word for text in ([texts] if isinstance(texts, str) else texts) for word in text.split(",")]
    requested = {version for word in words for version in _versions_of(word.strip())}
    return tuple(version for version in checkable_versions() if version in requested)


def _versions_of(word: str) -> tuple[str, ...]:
    """Return the minor versions that one word requests."""
    known = checkable_versions()
    if word == ALL:
        return known
    ends = re.fullmatch(r"([\d.]+)\s*-\s*([\d.]+)", word)
    if ends is None:
        return (minor_version(word),)
    first, last = (known.index(minor_version(end)) for end in ends.groups())
    if first > last:
        raise UnknownVersionError(
            f"the range {word} runs from a later version to an earlier one; write {ends[2]}-{ends[1]}"
        )
    return known[first : last + 1]


def format_versions(versions: Collection[str]) -> str:
    """Return a set of minor versions as a reader would write it, such as `1.13, 1.15 to 2.21`.

    Args:
        versions: minor versions whose op registries are recorded, in any order.

    Returns:
        The versions, ascending; three or more that follow one another are a range. Empty if there are none.
    """
    runs: list[list[str]] = []
    following = False
    for version in known_versions():
        if version in versions:
            if not following:
                runs.append([])
            runs[-1].append(version)
        following = version in versions
    parts = (run if len(run) <= _LONGEST_LISTED else [f"{run[0]} to {run[-1]}"] for run in runs)
    return ", ".join(itertools.chain.from_iterable(parts))
