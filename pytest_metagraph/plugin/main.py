"""Run the corpus from Python, for the command `metagraph run`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_metagraph.plugin.session import CORPUS_PACKAGE


def run_corpus(words: Sequence[str]) -> int:
    """Run the corpus with pytest in this process.

    Args:
        words: options of pytest and of the plugin.

    Returns:
        The exit status of pytest.
    """
    return int(pytest.main(["-p", "pytest_metagraph", "--pyargs", CORPUS_PACKAGE, *words]))
