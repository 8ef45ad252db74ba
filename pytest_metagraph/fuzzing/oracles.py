"""Oracles: the expected answer to a random export, from the reference or from TensorFlow."""

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
from pytest_metagraph.judging.load_check import LoadCheck
from pytest_metagraph.loadability.version_ranges import minor_version
from reference_impl.contracts import TENSORFLOW_VERSION, Contract
from reference_impl.schema import MetaGraphDef

if TYPE_CHECKING:
    from conformance_cases.recorder.answers import Oracle as LoadedGraph

ORACLES = ("reference", "tensorflow")
"""The names of the oracles."""

Oracle: TypeAlias = Callable[[Example], Expectation]
"""Returns the expected answer to an export, or the reason why it is not tested."""

SECOND_ORACLE = LoadCheck([minor_version(TENSORFLOW_VERSION)], graph_only=True)
"""Finds exported GraphDefs that TensorFlow does not import although it imports the graph that was exported.

Its opinion does not depend on the oracle that provides the expected answers, which may be wrong.
"""

_REGULAR_EXPRESSION = frozenset(".^$*+?{}[]\\|()")


def find_oracle(name: str) -> Oracle:
    """Return an oracle.

    Args:
        name: one of `ORACLES`.

    Raises:
        ExporterNotFoundError: if the oracle is TensorFlow, and TensorFlow is not installed.
    """
    if name == "reference":
        return _reference
    if importlib.util.find_spec("tensorflow") is None:
        raise ExporterNotFoundError(
            "the oracle 'tensorflow' needs TensorFlow, which is not installed",
            f"run pip install tensorflow-cpu=={TENSORFLOW_VERSION}, or use the oracle 'reference'",
        )
    # Both modules import TensorFlow, which takes seconds.
    return _TensorFlow(
        importlib.import_module("conformance_cases.recorder.answers"),
        importlib.import_module("conformance_cases.recorder.tensorflow_calls"),
    )


def _reference(example: Example) -> Expectation:
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
            raise RuntimeError(f"the reference did not answer: {answer}")


class _TensorFlow:
    """The oracle that exports with the installed TensorFlow, rephrased for the documented contract.

    Args:
        answers: the module `conformance_cases.recorder.answers`.
        oracle: the module `conformance_cases.recorder.tensorflow_calls`.
    """

    def __init__(self, answers: Any, oracle: Any) -> None:
        self._answers = answers
        self._oracle = oracle

    def __call__(self, example: Example) -> Expectation:
        reason = reason_not_asked(example) or self._reason_not_rephrased(example)
        if reason:
            return NotAsked(reason)
        try:
            loaded: LoadedGraph = self._answers.Oracle(example.graph)
        except Exception as error:  # noqa: BLE001 - a graph that TensorFlow cannot load is not a valid input
            return NotAsked(f"TensorFlow cannot load the graph: {type(error).__name__}: {error}")
        if not self._is_fixpoint(loaded, example.graph):
            return NotAsked("TensorFlow changes the graph when it loads it (no load/export fixpoint)")
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
        """Return why no call of TensorFlow does what the documentation promises; empty if one does."""
        scope = example.arguments.get("export_scope", "")
        if example.contract is Contract.DOCUMENTED and _REGULAR_EXPRESSION & {*scope}:
            return "SCOPE-08: TensorFlow uses the scope as a regular expression, which is not documented"
        return ""

    def _is_fixpoint(self, loaded: LoadedGraph, graph: MetaGraphDef) -> bool:
        exported, original = loaded.documented({}), canonical(graph)
        if isinstance(exported, ExpectedError):
            return False
        is_same = exported.graph_def == original.graph_def
        return is_same and exported.collection_def == original.collection_def

    def _export(self, loaded: LoadedGraph, example: Example) -> MetaGraphDef | ExpectedError:
        *earlier, arguments = example.fresh_calls()
        # As documented, an export leaves no trace, so that earlier calls make no difference (UNB-07).
        if example.contract is Contract.DOCUMENTED and not example.eager:
            return loaded.documented(arguments)
        if example.contract is Contract.DOCUMENTED and arguments.get("export_scope"):
            return ExpectedError("ValueError")  # an eager call always passes a graph_def (SCOPE-11)
        graph = self._oracle.load_without_saver(example.graph)
        for call in earlier:
            self._oracle.export(graph, eager=example.eager, **call)
        return canonical(self._oracle.export(graph, eager=example.eager, **arguments))
