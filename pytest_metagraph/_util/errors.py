"""The base class of everything that the kit refuses: what is wrong, and what to do about it."""

from __future__ import annotations


class MetagraphError(Exception):
    """Something that the user gave cannot be used.

    Each entrance catches it once: the command line prints one line and exits with 2, pytest reports a usage
    error. Its text is never empty and never needs a traceback to be understood.

    Args:
        message: what is wrong, with the value that is wrong.
        hint: what to do about it; empty if the message says so already.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.hint = hint
