"""The shell command that runs one case again; failures and reports end with it."""

from __future__ import annotations

import shlex


def command_for(command: str, case_id: str) -> str:
    """The shell command that runs one case alone.

    Args:
        command: the shell command that runs the whole tier.
        case_id: the case.
    """
    return f"{command} {shlex.quote(f'--metagraph-case={case_id}')}"
