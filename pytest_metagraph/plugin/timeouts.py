"""Give up on an exporter that no longer answers."""

from __future__ import annotations

import pytest

from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import Verdict

MOST_TIMEOUTS = 10
"""The number of cases in a row that may time out before the run stops."""

_IN_A_ROW = pytest.StashKey[int]()


def stop_after_timeouts(config: pytest.Config, result: CaseResult) -> str:
    """Count the cases in a row that timed out, and return why the run stops; empty if it goes on.

    Each process counts its own cases. A timeout that the list of known failures has, and a case that the
    exporter did not run, leave the count as it is.

    Args:
        config: pytest's configuration, which keeps the count.
        result: the result of the latest case.
    """
    if not result.checks or result.verdict is Verdict.KNOWN_FAILURE:
        return ""
    timed_out = any(finding.code is FindingCode.TIMED_OUT for finding in result.findings)
    in_a_row = config.stash[_IN_A_ROW] = config.stash.get(_IN_A_ROW, 0) + 1 if timed_out else 0
    if in_a_row < MOST_TIMEOUTS:
        return ""
    return (
        f"{MOST_TIMEOUTS} cases in a row got no answer in time, so the run stopped; "
        "repair the exporter, or allow it more time with --metagraph-timeout=SECONDS"
    )
