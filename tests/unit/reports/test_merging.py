"""Shards: how a tier is cut, and how its reports are joined or refused."""

from __future__ import annotations

from typing import Any

import pytest
import report_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from pytest_metagraph._util.option_values import WHOLE_TIER, Shard
from pytest_metagraph.judging.result import ReportedExporter
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.merging import merge
from pytest_metagraph.reports.model import Report, ReportedShard

RESULTS = [samples.result(name, Verdict.FAIL if name == "d" else Verdict.PASS) for name in "abcde"]
ANOTHER = {name: rule for name, rule in samples.REQUIREMENTS.items() if name != "MSG-01"}
"""Another catalogue."""
OTHER_OPS = ReportedExporter("adapter:export", "0.3", ("eager",), registry_digest="0123456789abcdef")
"""The same exporter with an op list."""


def shard(index: int, count: int = 2, **changes: Any) -> Report:
    """The report of one shard of five cases."""
    part = Shard(index, count).part(RESULTS)
    return samples.report(*part, shard=ReportedShard(index, count), **{"tier_cases": len(RESULTS), **changes})


def test_all_shards_make_the_report_of_a_run_without_shards() -> None:
    """The merged report is the one that a run of the whole tier writes, in any order of the shards."""
    expected = samples.report(*RESULTS)
    assert merge({"2": shard(2), "1": shard(1)}) == expected
    assert merge({str(index): shard(index, 3) for index in (3, 1, 2)}) == expected


def test_a_merged_report_spans_the_time_of_its_shards() -> None:
    """It starts with the first shard."""
    merged = merge({"1": shard(1, started="2026-01-02T00:00:00+00:00"), "2": shard(2)})
    assert merged.header.started == "2026-01-02T00:00:00+00:00"


def test_what_every_shard_says_of_the_list_is_said_once() -> None:
    """Problems with the list of known failures outlive the merge, without repetition."""
    results = [samples.result("a"), samples.result("b")]
    shards = {
        str(index): samples.report(
            *Shard(index, 2).part(results),
            shard=ReportedShard(index, 2),
            tier_cases=2,
            list_problems=("stale",),
        )
        for index in (1, 2)
    }
    merged = merge(shards)
    assert merged.list_problems == ("stale",)
    assert merged.footer is not None
    assert merged.footer.verdict == "fail"


def test_shards_that_contradict_each_other_about_a_graph_are_refused() -> None:
    """Each shard is valid alone; together they export a graph that the exporter says it cannot load."""
    results = [samples.result("a"), samples.result("b", Verdict.NOT_LOADABLE, graph="towers")]
    shards = {
        str(index): samples.report(
            *Shard(index, 2).part(results), shard=ReportedShard(index, 2), tier_cases=2
        )
        for index in (1, 2)
    }
    assert all(part.is_valid for part in shards.values())
    with pytest.raises(ReportError, match="cannot load the same graph: towers") as raised:
        merge(shards)
    assert raised.value.code is ErrorCode.INVALID_REPORT


def test_a_shard_is_valid_and_has_no_score() -> None:
    """The report of a shard names the shard instead of a score."""
    assert shard(1).is_valid
    assert shard(1).no_score == "This is shard 1/2 of the tier; merge all shards for a score."


@pytest.mark.parametrize(
    ("reports", "code", "words"),
    [
        ([], ErrorCode.MISSING_SHARDS, "no report"),
        ([shard(1)], ErrorCode.MISSING_SHARDS, "shard 2/2"),
        ([shard(1, 4), shard(3, 4)], ErrorCode.MISSING_SHARDS, "shard 2/4, 4/4"),
        ([shard(1), shard(2), shard(2)], ErrorCode.DOUBLED_SHARDS, "shard 2/2"),
        ([samples.report(*RESULTS), samples.report(*RESULTS)], ErrorCode.DOUBLED_SHARDS, "shard 1/1"),
        ([shard(1), shard(2, 3)], ErrorCode.DIFFERENT_RUNS, "2, 3"),
        ([shard(1), shard(2, corpus_digest="0")], ErrorCode.DIFFERENT_RUNS, "corpus"),
        ([shard(1), shard(2, requirements=ANOTHER)], ErrorCode.DIFFERENT_RUNS, "catalogue"),
        ([shard(1), shard(2, contract="tensorflow")], ErrorCode.DIFFERENT_RUNS, "contract"),
        ([shard(1), shard(2, oracle="bad:export")], ErrorCode.DIFFERENT_RUNS, "oracle"),
        ([shard(1), shard(2, check_loads="1.15")], ErrorCode.DIFFERENT_RUNS, "must load in"),
        ([shard(1), shard(2, exporter=OTHER_OPS)], ErrorCode.DIFFERENT_RUNS, "exporter"),
        ([shard(1), shard(2, level="recommended")], ErrorCode.DIFFERENT_RUNS, "level"),
        ([shard(1), shard(2, tier="full")], ErrorCode.DIFFERENT_RUNS, "tier"),
        ([shard(1), shard(2, kit_version="0")], ErrorCode.DIFFERENT_RUNS, "version of the kit"),
        ([shard(1), shard(2, exporter=samples.exporter("other"))], ErrorCode.DIFFERENT_RUNS, "exporter"),
        ([shard(1), shard(2, expected_digest="0")], ErrorCode.INVALID_REPORT, "report-1 is INVALID"),
        ([shard(1, tier_cases=6), shard(2, tier_cases=6)], ErrorCode.INVALID_REPORT, "for 1 of 6 cases"),
    ],
)  # fmt: skip
def test_what_is_not_one_run_is_refused(reports: list[Report], code: ErrorCode, words: str) -> None:
    """Each refusal has a code, and names the report or shard."""
    with pytest.raises(ReportError) as caught:
        merge({f"report-{number}": report for number, report in enumerate(reports)})
    assert caught.value.code is code
    assert words in str(caught.value)


def test_shards_that_share_a_case_are_refused() -> None:
    """Two valid shards with the same case cannot be merged."""
    both = [samples.report(*RESULTS[:3], shard=ReportedShard(index, 2), tier_cases=6) for index in (1, 2)]
    with pytest.raises(ReportError, match="There is more than one result for 3 cases: a, b, c"):
        merge({"1": both[0], "2": both[1]})


@given(st.lists(st.integers(), max_size=30), st.integers(1, 8))
def test_shards_partition_a_tier(items: list[int], count: int) -> None:
    """Every item is in exactly one shard, and the sizes of shards differ by at most one."""
    parts = [Shard(index, count).part(items) for index in range(1, count + 1)]
    assert sorted(item for part in parts for item in part) == sorted(items)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("text", ["1/1", "2/4", "12/12"])
def test_a_shard_is_read_as_it_is_printed(text: str) -> None:
    """The form of the option is the form of the reports."""
    assert str(Shard.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "1", "0/4", "5/4", "1/0", "-1/2", "1/2/3", "a/b", "1/02", " 1/2", "٣/٤", "1/٤"]
)
def test_what_names_no_shard_is_refused(text: str) -> None:
    """The text of the error shows the right form."""
    with pytest.raises(ValueError, match="2/4"):
        Shard.parse(text)


def test_one_shard_of_one_is_the_whole_tier() -> None:
    """A run without the option is the shard 1/1."""
    assert Shard.parse("1/1") == WHOLE_TIER
    assert WHOLE_TIER.is_whole
    assert not ReportedShard(1, 2).is_whole
