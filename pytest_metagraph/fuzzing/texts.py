"""The texts that `metagraph fuzz`, `shrink` and `replay` print."""

from __future__ import annotations

import shlex
import sys
import textwrap
import time
from pathlib import Path

from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.fuzzing.evaluate import Evaluation
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.judging.call_text import call_lines
from pytest_metagraph.judging.verdicts import Judgement

_EVERY_SECONDS = 5.0


class Progress:
    """Shows the progress of a command on stderr, at most once every few seconds.

    Args:
        command: the name of the command.
    """

    def __init__(self, command: str) -> None:
        self._command = command
        self._next = time.monotonic() + _EVERY_SECONDS

    def __call__(self, text: str) -> None:
        """Show a text, unless another one was shown a moment ago."""
        if time.monotonic() >= self._next:
            sys.stderr.write(f"metagraph {self._command}: {text}\n")
            self._next = time.monotonic() + _EVERY_SECONDS


def title(client: ExporterClient) -> str:
    """Return the name and version of an exporter."""
    return f"{client.name} {client.version}".rstrip()


def client_option(exporter: str, command: str) -> str:
    """Return the option that names an exporter again.

    Args:
        exporter: the name of a Python function; empty if there is a command.
        command: the command of a worker.
    """
    return f"--command {shlex.quote(command)}" if command else f"--exporter {shlex.quote(exporter)}"


def replay_command(folder: Path, client_option: str) -> str:
    """Return the shell command that makes the call of a case folder again."""
    return f"metagraph replay {shlex.quote(str(folder))} {client_option}"


def size_text(evaluation: Evaluation) -> str:
    """Return the size of the exported graph, such as `1 node`."""
    count = len(evaluation.example.graph.graph_def.node)
    return f"{count} node{'' if count == 1 else 's'}"


def call_text(example: Example) -> str:
    """Return the call of an example, preceded by its earlier calls, on one line."""
    calls = (*(call.arguments for call in example.earlier), example.arguments)
    filenames = (*(call.filename for call in example.earlier), example.filename)
    return "; ".join(call_lines(calls, filenames, example.variant)) + (", eagerly" if example.eager else "")


def findings_text(judgement: Judgement) -> str:
    """Return the findings of a judgement, each with its detail."""
    lines: list[str] = []
    for finding in judgement.findings:
        lines.append(f"{finding.summary}.")
        if finding.detail:
            lines.append(textwrap.indent(finding.detail, "    "))
    return "\n".join(lines)
