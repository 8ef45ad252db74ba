"""What can come back from an exporter, as data: no carrier lets an exporter's failure escape."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TypeAlias

from reference_impl.schema import MetaGraphDef


@dataclass(frozen=True)
class Exported:
    """A MetaGraphDef came back.

    Attributes:
        message: the answer, in the kit's own pool.
    """

    message: MetaGraphDef = field(repr=False)

    @functools.cached_property
    def serialised(self) -> bytes:
        """The deterministic bytes of the message: equal for equal messages of this process."""
        return self.message.SerializeToString(deterministic=True)


@dataclass(frozen=True, slots=True)
class Raised:
    """The call was rejected with an exception.

    Attributes:
        classes: names of the exception's class and its bases, up to and including the first class that
            Python itself defines. A `class Rejected(ValueError)` counts as a ValueError, but a
            NotImplementedError does not count as a RuntimeError.
        text: the exception's message.
        traceback: the end of its traceback, for a person to read.
    """

    classes: tuple[str, ...]
    text: str
    traceback: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NotSupported:
    """The exporter says that it can not do this.

    Attributes:
        capability: what it lacks.
    """

    capability: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No answer came within the time limit.

    Attributes:
        seconds: the time limit.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Crashed:
    """The exporter ended instead of answering, which is no rejection.

    Attributes:
        detail: the last thing that is known of it, such as the end of its traceback or of its stderr.
    """

    detail: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something came back that is no MetaGraphDef.

    Attributes:
        reason: what is wrong with it, as a sentence.
    """

    reason: str


Answer: TypeAlias = Exported | Raised | NotSupported | TimedOut | Crashed | Malformed
"""Every answer that a carrier can bring."""
