"""Run the import program in another TensorFlow, again after each file with which it ended."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).with_name("load_import_program.py")
CRASH = "the process ended"


@dataclass(frozen=True)
class Import:
    """What a TensorFlow says of one file.

    Attributes:
        loads: whether the import succeeded.
        error: the type of the exception; empty if there was none, CRASH if the process ended.
        text: its message.
    """

    loads: bool
    error: str = ""
    text: str = ""


def imports(python: Path, files: Sequence[tuple[Path, str]], folder: Path) -> dict[Path, Import]:
    """Import files with the TensorFlow of an interpreter.

    Args:
        python: the interpreter.
        files: the files, each with `MetaGraphDef` or `GraphDef`.
        folder: where to put the requests and results.

    Returns:
        What TensorFlow says of each file.
    """
    found: dict[Path, Import] = {}
    left = list(files)
    while left:
        requests, results = folder / "requests.jsonl", folder / "results.jsonl"
        lines = (json.dumps({"path": str(path), "kind": kind}) for path, kind in left)
        requests.write_text("\n".join(lines), encoding="utf-8")
        results.write_text("", encoding="utf-8")
        command = [str(python), str(PROGRAM), str(requests), str(results)]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        said = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
        found |= {Path(one["path"]): Import(one["loads"], one["error"], one["text"]) for one in said}
        if len(said) == len(left):
            break
        if ended.returncode > 0:  # not by a signal: the program itself failed
            raise RuntimeError(f"{python}: {ended.stderr[-2000:]}")
        found[left[len(said)][0]] = Import(loads=False, error=CRASH, text=ended.stderr[-500:])
        left = left[len(said) + 1 :]
    return found
