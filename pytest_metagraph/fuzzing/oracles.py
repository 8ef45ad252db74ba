"""What is right: what the reference or TensorFlow exports."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from conformance_cases import Expectation, ExpectedError, ExpectedMessage, NotAsked
from conformance_cases.case_writer import canonical
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.answers import Exported, Raised
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.resolve import ExporterNotFoundError
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.tensorflow_quirks import crash_reason, reason_not_asked
from reference_impl.contracts import TENSORFLOW_VERSION, Contract
from reference_impl.schema import MetaGraphDef

if TYPE_CHECKING:
    from conformance_cases.recorder.answers import Oracle

PEERS = ("reference", "tensorflow")
"""The exporters that can say what is right."""

OracleAnswers: TypeAlias = Callable[[Example], Expectation]
"""Says what has to come back of an export, or why nothing is asked."""

_REGULAR_EXPRESSION = frozenset(".^$*+?{}[]\\|()")


def find_oracle(peer: str) -> OracleAnswers:
    """The answers of one of `PEERS`.

    Raises:
        ExporterNotFoundError: when TensorFlow is wanted and not installed.
    """
    if peer == "reference":
        return _of_reference
    if importlib.util.find_spec("tensorflow") is None:
        raise ExporterNotFoundError(
            "TensorFlow is not installed here, so it can not say what is right: "
            f"pip install tensorflow-cpu=={TENSORFLOW_VERSION}, or compare with the reference"
        )
    # Both import TensorFlow, which takes seconds.
    return _TensorFlow(
        importlib.import_module("conformance_cases.recorder.answers"),
        importlib.import_module("conformance_cases.recorder.oracle"),
    )


def _of_reference(example: Example) -> Expectation:
    reason = reason_not_asked(example)
    if reason:
        return NotAsked(reason)
    answer = InProcess(reference.export, "reference").export(example.request())
    match answer:
        case Exported():
            return ExpectedMessage(answer.serialised)
        case Raised(classes=classes):
            return ExpectedError(classes[0])
        case _:
            raise RuntimeError(f"the reference gave no answer: {answer}")


class _TensorFlow:
    """What the installed TensorFlow exports, as each contract asks it.

    Args:
        answers: the module `conformance_cases.recorder.answers`.
        oracle: the module `conformance_cases.recorder.oracle`.
    """

    def __init__(self, answers: Any, oracle: Any) -> None:
        self._answers = answers
        self._oracle = oracle

    def __call__(self, example: Example) -> Expectation:
        reason = reason_not_asked(example) or self._reason_not_rephrased(example)
        if reason:
            return NotAsked(reason)
        try:
            loaded: Oracle = self._answers.Oracle(example.graph)
        except Exception as error:  # noqa: BLE001 - a graph that TensorFlow can not load is no input
            return NotAsked(f"TensorFlow can not load the graph: {type(error).__name__}: {error}")
        if not self._is_fixpoint(loaded, example.graph):
            return NotAsked("TensorFlow loads the graph as another one (no load/export fixpoint)")
        try:
            answer = self._export(loaded, example)
        except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises is its answer
            kind = type(error).__name__
            reason = crash_reason(kind, str(error))
            return NotAsked(reason) if reason else ExpectedError(kind)
        if isinstance(answer, ExpectedError):
            return answer
        return ExpectedMessage(answer.SerializeToString(deterministic=True))

    @staticmethod
    def _reason_not_rephrased(example: Example) -> str:
        """Why no call of TensorFlow yields what the documentation promises."""
        scope = example.arguments.get("export_scope", "")
        if example.contract is Contract.DOCUMENTED and _REGULAR_EXPRESSION & {*scope}:
            return "SCOPE-08: TensorFlow takes the scope for a regular expression, as no documentation says"
        return ""

    def _is_fixpoint(self, loaded: Oracle, graph: MetaGraphDef) -> bool:
        exported, stated = loaded.documented({}), canonical(graph)
        if isinstance(exported, ExpectedError):
            return False
        is_same = exported.graph_def == stated.graph_def
        return is_same and exported.collection_def == stated.collection_def

    def _export(self, loaded: Oracle, example: Example) -> MetaGraphDef | ExpectedError:
        *earlier, arguments = example.fresh_calls()
        # As documented an export leaves no trace, so that earlier calls make no difference (UNB-07).
        if example.contract is Contract.DOCUMENTED and not example.eager:
            return loaded.documented(arguments)
        if example.contract is Contract.DOCUMENTED and arguments.get("export_scope"):
            return ExpectedError("ValueError")  # eagerly a graph_def is always given (SCOPE-11)
        graph = self._oracle.load_without_saver(example.graph)
        for call in earlier:
            self._oracle.export(graph, eager=example.eager, **call)
        return canonical(self._oracle.export(graph, eager=example.eager, **arguments))
