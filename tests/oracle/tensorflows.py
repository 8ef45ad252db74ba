"""Find the environments of other TensorFlows that oracle tests run programs in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "METAGRAPH_TENSORFLOWS"
"""The environment variable that names a folder with one virtual environment per release, such as `1.15.5`."""


def interpreter_of(version: str) -> Path:
    """Return the interpreter that has a TensorFlow of a minor version.

    Args:
        version: the minor version, such as `1.15`.

    Returns:
        The interpreter; the test is skipped when there is none.
    """
    folder = os.environ.get(VARIABLE)
    if folder is None:
        pytest.skip(f"{VARIABLE} does not name a folder with virtual environments of TensorFlow releases")
    found = sorted(Path(folder).glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"'{folder}' has no virtual environment of TensorFlow {version}")
    return found[-1]
