"""The texts that `metagraph fuzz`, `shrink` and `replay` print."""

from __future__ import annotations

import shlex
import textwrap
from pathlib import Path

from pytest_metagraph._util.text import counted
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.fuzzing.evaluate import Evaluation
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.judging.call_text import call_lines
from pytest_metagraph.judging.verdicts import Judgement


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
    return counted(len(evaluation.example.graph.graph_def.node), "node")


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
