"""What `metagraph fuzz` draws: TensorFlow loads it as it is, and exports it as the reference does."""

from __future__ import annotations

import collections
import contextlib
import itertools
from collections.abc import Callable

import pytest
from differential.verdicts import Tally

from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.fuzzing.campaign import Campaign
from pytest_metagraph.fuzzing.evaluate import Evaluator, describe
from pytest_metagraph.fuzzing.generate import random_examples
from pytest_metagraph.fuzzing.oracles import find_oracle
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract

pytestmark = pytest.mark.oracle

EXAMPLES = 200
FOREVER = 1e9


@pytest.mark.usefixtures("oracle")
@pytest.mark.parametrize("contract", list(Contract))
def test_the_reference_exports_random_graphs_as_tensorflow_does(
    count: Callable[[Tally], None], contract: Contract
) -> None:
    """No random export shows a difference, and TensorFlow loads every random graph without a change."""
    with (
        contextlib.closing(ScratchFolder(contract)) as folder,
        contextlib.closing(random_examples(contract, 0)) as examples,
    ):
        client = InProcess(reference.export, "reference")
        evaluator = Evaluator(client, find_oracle("tensorflow"), contract, folder)
        hunt = Campaign(evaluator, FOREVER, FOREVER, lambda _: None)
        found = [describe(one.kind) for one in hunt.run(itertools.islice(examples, EXAMPLES))]
    assert found == []
    assert hunt.tally.exports > EXAMPLES / 2
    assert not [reason for reason in hunt.tally.not_asked if reason.startswith("TensorFlow")]
    count(collections.Counter({"random exports equal": hunt.tally.exports}))
