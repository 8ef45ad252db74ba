"""The check says of files what the import of real TensorFlows says."""

from __future__ import annotations

import collections
import sys
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).with_name("loadability")))

from load_agreement import VARIABLE, Agreement, compare, interpreters, rows
from load_files import expectations, inputs, mutants

VERSIONS = ("1.13", "1.15", "2.3", "2.6", "2.11", "2.18", "2.21")
FEWEST = 6
SEED = 20260101


@pytest.fixture(scope="module")
def tensorflows() -> Mapping[str, Path]:
    """The interpreters of some TensorFlows; the tests are skipped if there are fewer than six."""
    found = interpreters(VERSIONS)
    if len(found) < FEWEST:
        pytest.skip(f"{VARIABLE} does not name a folder with virtual environments of {', '.join(VERSIONS)}")
    return found


@pytest.fixture(scope="module")
def found(
    tensorflows: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Agreement]:
    """The agreement on graphs of the corpus, on what its cases expect, and on damaged graphs."""
    files = [*inputs(), *islice(expectations(), 0, None, 4), *mutants(SEED, 3)]
    return compare(tensorflows, files, tmp_path_factory.mktemp("graphs"))


def test_the_check_agrees_with_real_imports(
    found: Mapping[str, Agreement], count: Callable[[collections.Counter[str]], None]
) -> None:
    """At least 99 % of the verdicts and 95 % of the first reasons agree, of at least 2,000 pairs."""
    total = Agreement()
    for agreement in found.values():
        total.counts.update(agreement.counts)
        total.differences.extend(agreement.differences)
    count(total.counts)
    text = "\n".join([*rows(found), *total.differences])
    assert total.counts["pairs"] >= 2000, text
    assert total.share("verdicts", "pairs") >= 0.99, text
    assert total.share("reasons", "refused") >= 0.95, text


def test_no_tensorflow_refuses_what_the_check_examined(found: Mapping[str, Agreement]) -> None:
    """In no version more than one file in a hundred is said to load and does not."""
    for version, agreement in found.items():
        wrong = [line for line in agreement.differences if ": loads, but" in line]
        assert len(wrong) <= agreement.counts["pairs"] / 100, (version, wrong)
