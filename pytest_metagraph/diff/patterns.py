"""Glob patterns of the options."""

from __future__ import annotations

import fnmatch
import functools
import re


def matching(patterns: tuple[str, ...], name: str) -> list[str]:
    """The glob patterns that match a name; upper and lower case differ."""
    return [pattern for pattern in patterns if _compiled(pattern).match(name)]


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))
