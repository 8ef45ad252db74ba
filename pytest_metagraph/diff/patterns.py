"""Glob patterns of the options, and which of them matched anything."""

from __future__ import annotations

import fnmatch
import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_metagraph.diff.comparison import Comparison


def ignored(run: Comparison, option: str, name: str) -> bool:
    """Whether a name matches one of an option's patterns; every pattern that does is remembered as used."""
    matched = matching(getattr(run.options, option), name)
    if matched:
        run.used_patterns.update((option, pattern) for pattern in matched)
    return bool(matched)


def matching(patterns: tuple[str, ...], name: str) -> list[str]:
    """The glob patterns that match a name; upper and lower case differ."""
    return [pattern for pattern in patterns if _compiled(pattern).match(name)]


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))
