"""What an exporter client returns for a request: every outcome of a call, as data.

A failure of the exporter is an answer, never an exception of the client. Its texts can be stored in reports,
wherever they come from: they are cut and escaped here.
"""

from __future__ import annotations

import builtins
import functools
from dataclasses import dataclass, field
from typing import TypeAlias

from pytest_metagraph._util.text import storable
from reference_impl.schema import MetaGraphDef


@dataclass(frozen=True)
class Exported:
    """The call returned a MetaGraphDef.

    Attributes:
        message: the returned message, in the kit's own pool.
    """

    message: MetaGraphDef = field(repr=False)

    @classmethod
    def of(cls, data: bytes) -> Exported:
        """Return the answer for the deterministic bytes of a message, which are not made again.

        Raises:
            DecodeError: if they are not a MetaGraphDef.
        """
        answer = cls(MetaGraphDef.FromString(data))
        answer.__dict__["serialised"] = data
        return answer

    @functools.cached_property
    def serialised(self) -> bytes:
        """The deterministic bytes of the message: equal for equal messages of this process."""
        return self.message.SerializeToString(deterministic=True)


@dataclass(frozen=True, slots=True)
class Raised:
    """The call raised an exception.

    Attributes:
        classes: the names of the exception's class and its bases, up to and including the first class that
            Python itself defines. A `class Rejected(ValueError)` counts as a ValueError, but a
            NotImplementedError does not count as a RuntimeError.
        text: the message of the exception.
        traceback: the end of its traceback, for people to read.
    """

    classes: tuple[str, ...]
    text: str
    traceback: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Leave out what a worker names after the first class of Python.

        A ValueError is not a TypeError as well.
        """
        _make_storable(self, "text", "traceback")
        object.__setattr__(self, "classes", tuple(map(storable, self.classes)))
        for count, name in enumerate(self.classes, start=1):
            known = getattr(builtins, name, None)
            if isinstance(known, type) and issubclass(known, BaseException):
                object.__setattr__(self, "classes", self.classes[:count])
                return


@dataclass(frozen=True, slots=True)
class NotSupported:
    """The exporter does not support what the request needs.

    Attributes:
        capability: the missing capability.
    """

    capability: str

    def __post_init__(self) -> None:
        """Make the text storable."""
        _make_storable(self, "capability")


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """The exporter could not load the graph of the request, so it did not make the call.

    Attributes:
        reason: why not, in the exporter's words.
    """

    reason: str

    def __post_init__(self) -> None:
        """Make the text storable."""
        _make_storable(self, "reason")


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No answer came within the time limit.

    Attributes:
        seconds: the time limit.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Crashed:
    """The exporter ended instead of answering; that is not the same as raising an exception.

    Attributes:
        detail: what is known about the end, such as the last lines of its traceback or of its stderr.
    """

    detail: str

    def __post_init__(self) -> None:
        """Make the text storable."""
        _make_storable(self, "detail")


@dataclass(frozen=True, slots=True)
class Malformed:
    """The exporter answered with something that is not a MetaGraphDef.

    Attributes:
        reason: what is wrong with the answer, as a sentence.
    """

    reason: str

    def __post_init__(self) -> None:
        """Make the text storable."""
        _make_storable(self, "reason")


@dataclass(frozen=True, slots=True)
class UnknownGraph(Malformed):
    """A worker does not have the graph of a request; that is malformed if the request contained it."""


def _make_storable(answer: object, *names: str) -> None:
    for name in names:
        object.__setattr__(answer, name, storable(getattr(answer, name)))


Answer: TypeAlias = Exported | Raised | NotSupported | NotLoaded | TimedOut | Crashed | Malformed
"""Every answer that a client can return."""
