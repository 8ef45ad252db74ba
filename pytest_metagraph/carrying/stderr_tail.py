"""The end of what a worker writes to its stderr."""

from __future__ import annotations

import io

_LIMIT = 16 * 1024
"""Bytes that are kept; a worker that writes more has its last words kept."""

_CHUNK = 64 * 1024


class StderrTail:
    """Reads a non-blocking pipe and keeps the end of what came through it.

    Args:
        pipe: the read end; it belongs to this object.
    """

    def __init__(self, pipe: io.RawIOBase) -> None:
        self._pipe = pipe
        self._kept = bytearray()
        self._dropped = 0

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._pipe.fileno()

    def read(self) -> bool:
        """Read all that is there now, up to a bound, so that an endless writer does not hold the reader.

        Returns:
            Whether more can come.
        """
        for _ in range(16):
            chunk = self._pipe.read(_CHUNK)
            if chunk is None:
                return True
            if not chunk:
                return False
            self._kept += chunk
            excess = max(len(self._kept) - _LIMIT, 0)
            self._dropped += excess
            del self._kept[:excess]
        return True

    def take(self) -> str:
        """What was kept since the last call, as text."""
        if not self._pipe.closed:
            self.read()
        text = self._kept.decode(errors="replace")
        if self._dropped:
            text = f"... {self._dropped:,} bytes before this are left out\n{text}"
        self._kept.clear()
        self._dropped = 0
        return text

    def close(self) -> None:
        """Close the pipe."""
        self._pipe.close()
