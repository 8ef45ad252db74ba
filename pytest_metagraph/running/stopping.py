"""Ends a run that can not go on, with the reason and the way out."""

from __future__ import annotations

from typing import NoReturn

import pytest

from pytest_metagraph.options.processes import is_xdist_worker


def stop_run(session: pytest.Session, reason: str) -> NoReturn:
    """End the run from inside of a test as a usage error.

    Raises:
        BaseException: pytest's own, always.
    """
    if is_xdist_worker(session.config):
        session.shouldstop = reason  # pytest.exit() in a worker is an internal error of xdist
        pytest.fail(reason, pytrace=False)
    pytest.exit(reason, returncode=pytest.ExitCode.USAGE_ERROR)
