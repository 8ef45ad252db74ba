"""Evaluate a random export: judge it by an oracle, and name the kinds of difference that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from conformance_cases import Expectation
from pytest_metagraph._util.text import counted
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.fuzzing.example import Example, ExampleSource
from pytest_metagraph.fuzzing.oracles import SECOND_ORACLE, Oracle
from pytest_metagraph.judging.findings import Finding
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Judgement
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl.contracts import Contract

DifferenceKind: TypeAlias = tuple[str, ...]
"""What is wrong, without the place: the code of a finding and, if messages differ, the kind of difference."""

_QUOTED_KEY = re.compile(r"\['[^']*'\]")


@dataclass(frozen=True)
class Evaluation:
    """A judged export.

    Attributes:
        example: the export.
        expected: the answer of the oracle.
        judgement: the verdict on the exporter's answer, with the findings.
    """

    example: Example
    expected: Expectation
    judgement: Judgement

    @property
    def size(self) -> str:
        """The size of the exported graph as text, such as `1 node`."""
        return counted(len(self.example.graph.graph_def.node), "node")

    @property
    def kinds(self) -> tuple[DifferenceKind, ...]:
        """The kinds of difference, each once, the most specific first."""
        return tuple(dict.fromkeys(_kinds(self.judgement.findings)))


class Evaluator:
    """Evaluates exports of one exporter.

    Args:
        client: the exporter client.
        oracle: provides the expected answers.
        contract: the contract of the exports.
        folder: the folder for the files that exports write.
    """

    def __init__(
        self, client: ExporterClient, oracle: Oracle, contract: Contract, folder: ScratchFolder
    ) -> None:
        self._judge = Judge(client, contract, folder, SECOND_ORACLE)
        self._oracle = oracle

    def evaluate(self, example: Example) -> Evaluation:
        """Make an export, and judge it by the oracle's answer.

        Args:
            example: the export.
        """
        expected = self._oracle(example)
        return Evaluation(example, expected, self._judge.judge(ExampleSource(example, expected).case()))


def describe(kind: DifferenceKind) -> str:
    """Return a kind of difference in words, such as `device-changed in graph_def.node`."""
    match kind:
        case (_, section, code, path):
            place = f"{section} {path}".strip() or "the message"
            return f"{code} in {place}"
        case _:
            return ": ".join(filter(None, kind))


def _kinds(findings: Iterable[Finding]) -> Iterator[DifferenceKind]:
    for finding in findings:
        if finding.diff is None:
            yield (finding.code, finding.identity)
            continue
        for group in finding.diff.groups:
            yield (finding.code, _without_keys(group.section), group.code, _without_keys(group.field))


def _without_keys(path: str) -> str:
    """Remove the keys from a path, so that an additional attribute is one kind, whatever its name."""
    return _QUOTED_KEY.sub("[]", path)
