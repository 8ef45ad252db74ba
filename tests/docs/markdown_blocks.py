"""Run the code blocks of a Markdown document.

The info string says what a block means:

- `python`: runs in one namespace for the whole document. With `title="name.py"` it is written to that file in
  the document's folder instead, for later blocks to use;
- `console`: each line after `$ ` runs in a shell in the document's folder. The lines below it are its output,
  in which `...` matches anything. Durations and lines of progress, which depend on the machine, do not count.
  A block for other machines has `not-run="REASON"` after its language;
- `toml`, `yaml`, `json`: has to parse, and is written to the file of its title like a Python block;
- `text`: an excerpt, not run.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

_TITLE = re.compile(r'title="([^"]+)"')
_NOT_RUN = re.compile(r'not-run="([^"]+)"')
_DURATION = re.compile(r"(?<=\bin )\d+\.\d\ds(?: \(\d+:\d\d:\d\d\))?")
_PROGRESS = re.compile(r"^metagraph: .* \.\.\. \d+ s\n", re.MULTILINE)
_PARSERS = {"toml": tomllib.loads, "yaml": yaml.safe_load, "json": json.loads}
KNOWN_LANGUAGES = {"python", "console", "text", *_PARSERS}


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        language: the first word of its info string.
        info: the rest of it.
        content: the text inside the fences.
        line: the line of its opening fence, from 1.
    """

    language: str
    info: str
    content: str
    line: int

    @property
    def title(self) -> str:
        """The file that the block is written to; empty if it has none."""
        found = _TITLE.search(self.info)
        return found.group(1) if found else ""

    @property
    def not_run(self) -> str:
        """Why it is for other machines; empty if it is run."""
        found = _NOT_RUN.search(self.info)
        return found.group(1) if found else ""


def blocks_of(document: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a document, in order."""
    for token in MarkdownIt().parse(document.read_text(encoding="utf-8")):
        if token.type == "fence" and token.map is not None:
            language, _, info = token.info.partition(" ")
            yield Block(language, info, token.content, token.map[0] + 1)


class DocumentRunner:
    """Runs the blocks of one document in its own folder."""

    def __init__(self, document: Path, folder: Path, environment: dict[str, str]) -> None:
        self._document = document
        self._folder = folder
        self._environment = environment
        self._namespace: dict[str, Any] = {"__name__": "__document__"}

    def run(self, block: Block) -> None:
        """Run one block.

        Raises:
            AssertionError: if it is not a valid block, or its commands print something else than documented.
        """
        where = f"{self._document.name}:{block.line}"
        assert block.language in KNOWN_LANGUAGES, f"{where}: unknown language {block.language!r}"
        assert block.not_run or "not-run" not in block.info, f'{where}: say why: not-run="REASON"'
        if block.language in _PARSERS:
            _PARSERS[block.language](block.content)
        if block.title:
            target = self._folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.content, encoding="utf-8")
        elif block.language == "python":
            exec(compile(block.content, where, "exec"), self._namespace)  # noqa: S102 - the documents are ours
        elif block.language == "console" and not block.not_run:
            for command, expected in commands_of(block.content):
                self._run_command(where, command, expected)

    def _run_command(self, where: str, command: str, expected: str) -> None:
        finished = subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,  # no timeout: a block must not fail because the machine is slow
        )
        checker = doctest.OutputChecker()
        printed = _PROGRESS.sub("", finished.stdout)
        matches = checker.check_output(
            _DURATION.sub("0s", expected),
            _DURATION.sub("0s", printed),
            doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        )
        assert matches, f"{where}: $ {command}\n--- documented\n{expected}\n--- printed\n{printed}"


def commands_of(content: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a console block, each with the output below it."""
    command: list[str] = []
    output: list[str] = []
    for line in content.splitlines():
        if line.startswith("$ "):
            if command:
                yield "\n".join(command), _joined(output)
            command, output = [line[2:]], []
        elif command[-1].endswith("\\") and not output:
            command.append(line)
        else:
            output.append(line)
    if command:
        yield "\n".join(command), _joined(output)


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def command_environment(home: Path) -> dict[str, str]:
    """Return the environment of a console block: this interpreter's scripts first, and a fixed terminal.

    The documents show a developer's machine, so the variable CI is not set. The plugin of hypothesis, whose
    import takes half the time of a small run, stays out.
    """
    scripts = str(Path(sys.executable).parent)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    inherited.pop("CI", None)
    return {
        **inherited,
        "PATH": os.pathsep.join([scripts, os.environ["PATH"]]),
        "HOME": str(home),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTEST_ADDOPTS": "-p no:hypothesispytest",
    }
