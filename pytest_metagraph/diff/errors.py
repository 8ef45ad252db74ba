"""What the differ raises."""

from __future__ import annotations

from google.protobuf.message import DecodeError, EncodeError

PARSE_ERRORS = (DecodeError, ValueError, RecursionError)
"""What protobuf raises for damaged or hostile bytes and text, by its version and implementation."""

SERIALISE_ERRORS = (EncodeError, ValueError, RecursionError)
"""What protobuf raises for a message that can not be serialised: too large or too deep."""


class UnusableInputError(ValueError):
    """One side of a comparison can not be read as the message it should be.

    Attributes:
        side: which side it is, `expected` or `actual`.
        problem: what is wrong with it and the way out.
    """

    def __init__(self, side: str, problem: str) -> None:
        super().__init__(f"the {side} side can not be used: {problem}")
        self.side = side
        self.problem = problem
