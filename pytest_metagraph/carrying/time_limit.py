"""How long a worker may take for one answer."""

from __future__ import annotations

import math

DEFAULT_SECONDS = 30.0
"""The limit unless the user sets one; a worker's first answer may have to load a whole framework."""


def parse_seconds(text: str) -> float:
    """Read a time limit.

    Raises:
        ValueError: when it is no positive number of seconds.
    """
    seconds = float(text)
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ValueError(f"{text!r} is no positive number of seconds")
    return seconds
