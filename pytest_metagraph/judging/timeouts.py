"""Give up on an exporter that no longer answers."""

from __future__ import annotations

from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import Verdict

MOST_TIMEOUTS = 10
"""The number of cases in a row that may time out before a run stops."""


class TimeoutCount:
    """Counts the cases in a row that timed out.

    A timeout that the list of known failures contains leaves the count as it is, and so does a case that
    is not tested.
    """

    def __init__(self) -> None:
        self._in_a_row = 0

    def reason_to_stop(self, result: CaseResult) -> str:
        """Count a case, and return why the run stops; empty if it goes on.

        Args:
            result: the result of the latest case.
        """
        if not result.checks or result.verdict is Verdict.KNOWN_FAILURE:
            return ""
        timed_out = any(finding.code is FindingCode.TIMED_OUT for finding in result.findings)
        self._in_a_row = self._in_a_row + 1 if timed_out else 0
        if self._in_a_row < MOST_TIMEOUTS:
            return ""
        return (
            f"{MOST_TIMEOUTS} cases in a row got no answer in time, so the run stopped; "
            "repair the exporter, or allow it more time with --metagraph-timeout=SECONDS (of pytest) or "
            "--timeout SECONDS (of metagraph)"
        )
