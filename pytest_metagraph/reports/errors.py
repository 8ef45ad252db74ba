"""The errors and problems of reports, with codes that programs can rely on."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pytest_metagraph._util.errors import MetagraphError


class ErrorCode(enum.StrEnum):
    """The reasons why reports cannot be used; stable, because programs depend on them."""

    UNREADABLE = "unreadable"
    NO_HEADER = "no_header"
    UNKNOWN_FORMAT = "unknown_format"
    BAD_LINE = "bad_line"
    INVALID_REPORT = "invalid_report"
    DIFFERENT_RUNS = "different_runs"
    MISSING_SHARDS = "missing_shards"
    DOUBLED_SHARDS = "doubled_shards"
    UNKNOWN_OUTPUT = "unknown_output"


class ReportError(MetagraphError):
    """A report, or a set of reports, cannot be used.

    Args:
        code: the kind of error.
        problem: the problem and its place, as a sentence.
        way_out: what to do about it, as a sentence; may be empty.
    """

    def __init__(self, code: ErrorCode, problem: str, way_out: str = "") -> None:
        super().__init__(f"{problem} {way_out}".rstrip())
        self.code = code
        self.problem = problem
        self.way_out = way_out


class ProblemCode(enum.StrEnum):
    """The reasons why a report is INVALID or PARTIAL; stable, because programs depend on them."""

    CUT_OFF = "cut_off"
    NO_FOOTER = "no_footer"
    PARTIAL = "partial"
    MISSING_CASES = "missing_cases"
    DOUBLED_CASES = "doubled_cases"
    OTHER_CASES = "other_cases"
    WRONG_FOOTER = "wrong_footer"
    WRONG_COUNTS = "wrong_counts"
    WRONG_TIMES = "wrong_times"
    WRONG_CATALOGUE = "wrong_catalogue"
    CONTRADICTORY_RESULTS = "contradictory_results"
    CONTRADICTORY_LOADING = "contradictory_loading"
    OTHER_CORPUS = "other_corpus"
    HARNESS_ERRORS = "harness_errors"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a report is INVALID or PARTIAL.

    Attributes:
        code: the kind of problem.
        sentence: the problem as a sentence, with numbers.
    """

    code: ProblemCode
    sentence: str
