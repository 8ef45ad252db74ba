"""End a run that the kit refuses as a usage error of pytest: before the collection, or inside a test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NoReturn

import pytest

from pytest_metagraph._util.errors import MetagraphError, path_problem
from pytest_metagraph._util.text import printable
from pytest_metagraph.plugin.session_facts import is_xdist_worker


@contextlib.contextmanager
def usage_errors(prefix: str = "") -> Iterator[None]:
    """Report what the kit refuses as a usage error, before anything is collected.

    Raises:
        pytest.UsageError: if the block raises a MetagraphError, or an OSError, such as for a name that is too
            long or in a folder that may not be read.
    """
    try:
        yield
    except (MetagraphError, OSError) as error:
        text = path_problem(error) if isinstance(error, OSError) else str(error)
        raise pytest.UsageError(printable(f"{prefix}{text}", keep_newlines=True)) from error


def stop_run(session: pytest.Session, reason: str) -> NoReturn:
    """End the run from inside a test as a usage error.

    Raises:
        BaseException: pytest's own, always.
    """
    reason = printable(reason, keep_newlines=True)
    if is_xdist_worker(session.config):
        session.shouldstop = reason  # pytest.exit() in a worker is an internal error of pytest-xdist
        raise pytest.fail.Exception(reason, pytrace=False) from None
    pytest.exit(reason, returncode=pytest.ExitCode.USAGE_ERROR)
