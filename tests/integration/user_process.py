"""Runs the kit in a process of its own, as a user does, in surroundings that a test chooses."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from conformance_cases import load_corpus
from reference_impl.schema import MetaGraphDef

PROJECT = Path(__file__).resolve().parents[2]
CASES = "--metagraph-case=matrix/towers/*"
QUICK = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "pytest_metagraph")
RUN = (*QUICK, "--pyargs", "conformance_cases")
EXPORTER = "--metagraph-exporter=reference"


def sample_graph() -> MetaGraphDef:
    """A graph of 32 nodes."""
    return load_corpus().matrix_graphs["towers"].message()


def run_python(
    *words: str, folder: Path, most_bytes: int = -1, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, as a user does.

    Args:
        words: what follows `python`.
        folder: the working directory.
        most_bytes: how large a file may grow; what is written beyond it fails as on a full disk.
        environment: what is changed of it.
    """

    def limit() -> None:
        if most_bytes >= 0:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        # Python does not notice that the bytecode that it writes is cut off by the limit.
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "PYTEST_ADDOPTS": "-p no:hypothesispytest",  # its import takes half the time of a small run
            **({"PYTHONDONTWRITEBYTECODE": "1"} if most_bytes >= 0 else {}),
            **environment,
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        preexec_fn=limit,
    )


def run_metagraph(
    *words: str, folder: Path, most_bytes: int = -1, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command `metagraph`; see `run_python`."""
    code = "import sys; from pytest_metagraph.cli import main; sys.exit(main())"
    return run_python("-c", code, *words, folder=folder, most_bytes=most_bytes, **environment)


def names_below(folder: Path) -> set[str]:
    """The names of all files and folders below a folder, but not the bytecode that Python adds."""
    return {path.name for path in folder.rglob("*") if "__pycache__" not in path.parts}
