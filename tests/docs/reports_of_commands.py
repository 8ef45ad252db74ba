"""The reports that commands of a document have written, and the commands of blocks that are not run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from markdown_blocks import blocks_of, commands_of

from pytest_metagraph.reports.errors import ReportError
from pytest_metagraph.reports.jsonl import read_report

_WRITES_A_REPORT = ("-report=", "--report ", "report merge ")


def invalid_reports(folder: Path) -> dict[str, str]:
    """Return why each report in a folder, or below it, is INVALID; empty if none is.

    A file of other JSON lines, such as the cases for an exporter, is not a report.
    """
    found = {}
    for path in sorted(folder.rglob("*.jsonl")):
        try:
            report = read_report(path)
        except ReportError:
            continue
        if report.status == "INVALID":
            found[str(path.relative_to(folder))] = report.no_score
    return found


def sequences_not_run(document: Path) -> Iterator[tuple[str, ...]]:
    """Yield the commands of each block that writes a report and that the test of code blocks does not run.

    These are console blocks for other machines, and the jobs of workflows for CI.
    """
    for block in blocks_of(document):
        commands: list[str] = []
        if block.language == "console" and block.not_run:
            commands = [command for command, _ in commands_of(block.content)]
        elif block.language == "yaml":
            commands = list(_scripts(yaml.safe_load(block.content)))
        if any(word in command for command in commands for word in _WRITES_A_REPORT):
            yield tuple(commands)


def _scripts(part: Any) -> Iterator[str]:
    """Yield the shell commands of a workflow of GitHub or GitLab, in order."""
    if isinstance(part, Mapping):
        for name, value in part.items():
            if name == "run":
                yield value
            elif name == "script":
                yield from value
            else:
                yield from _scripts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _scripts(value)
