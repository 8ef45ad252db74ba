"""The base class of the errors with which the kit refuses something that a user gave."""

from __future__ import annotations


class MetagraphError(Exception):
    """Something that the user gave cannot be used.

    Each entrance catches it once: the command line prints one line and exits with 2, pytest reports a usage
    error. The text is never empty and can be understood without a traceback.

    Args:
        message: what is wrong, including the value that is wrong.
        hint: what to do about it; empty if the message already says so.
    """

    __module__ = "pytest_metagraph"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.hint = hint
