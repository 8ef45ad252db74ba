"""Check whether the answers of an exporter load in versions of TensorFlow."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from conformance_cases import Case
from pytest_metagraph._util.text import counted, shortened
from pytest_metagraph.exporters.answers import Exported
from pytest_metagraph.judging.findings import Finding, FindingCode
from pytest_metagraph.loadability.check import UncheckableInputError, checks_of
from pytest_metagraph.loadability.report import LoadProblem
from pytest_metagraph.loadability.rule_catalogue import Severity
from pytest_metagraph.loadability.version_ranges import parse_versions
from reference_impl.schema import MetaGraphDef

_UNKNOWN_INPUT: Final = "LOAD-10"
_UNBOUND_INPUT: Final = ("input '$unbound_inputs_", "input '^$unbound_inputs_")


class _Key(NamedTuple):
    """What makes problems of two messages the same problem."""

    code: str
    op: str
    attr: str
    is_unbound: bool


class LoadCheck:
    """Finds answers that a version of TensorFlow refuses, and that it should not.

    An answer should load as far as the right answer does, or, if that is not known, as far as the graph that
    was exported: a problem that this one has, too, is not the exporter's.

    Args:
        versions: the minor versions, such as `1.15`.
        graph_only: whether to check the GraphDef only, and to compare it with the graph that was exported
            even if the right answer is known. It is a second opinion on an oracle.
    """

    def __init__(self, versions: Sequence[str], *, graph_only: bool = False) -> None:
        self._versions = versions
        self._graph_only = graph_only
        self._refused = functools.lru_cache(maxsize=64)(self._find_refused)

    def check(self, answer: Exported, case: Case, right: bytes | None) -> list[Finding]:
        """Return a finding for each version that refuses an answer and should not.

        Args:
            answer: the answer to the last call of the case.
            case: the case.
            right: the right answer, serialised; None if it is not known, or is an error.
        """
        if right is not None and not self._graph_only:
            if answer.serialised == right:
                return []
            origin, is_part = right, False
        else:
            arguments = case.calls()[-1]
            origin, is_part = _exported_graph(case, arguments), bool(arguments.get("export_scope"))
        return [
            finding
            for version in self._versions
            for finding in self._findings(answer.serialised, origin, right, version, is_part=is_part)
        ]

    def _findings(
        self, answer: bytes, origin: bytes, right: bytes | None, version: str, *, is_part: bool
    ) -> Iterator[Finding]:
        found = self._refused(answer, version)
        if not found:
            return
        known = {*self._refused(origin, version)}
        if is_part and right is not None:  # the contract says what inputs from outside become
            known |= {key for key in self._refused(right, version) if key.code == _UNKNOWN_INPUT}
        new = [
            problem for key, problem in found.items() if key not in known and not (is_part and key.is_unbound)
        ]
        if new:
            others = len(new) - 1
            more = f", and {counted(others, 'other problem')}" if others else ""
            summary = (
                f"The returned message does not load in TensorFlow {version} ({new[0].code}): "
                f"{shortened(new[0].message)}{more}"
            )
            detail = "\n".join(problem.text() for problem in new)
            yield Finding(FindingCode.NOT_IMPORTABLE, summary, detail, new[0].code)

    def _find_refused(self, message: bytes, version: str) -> Mapping[_Key, LoadProblem]:
        """Return the problems that a version refuses a message for."""
        if self._graph_only:
            message = MetaGraphDef(graph_def=MetaGraphDef.FromString(message).graph_def).SerializeToString()
        try:
            problems = checks_of(MetaGraphDef.FromString(message))[0].report(version).problems
        except UncheckableInputError as error:
            problems = (LoadProblem("LOAD-01", Severity.REFUSED, "", "", "", str(error), ""),)
        return {
            _Key(problem.code, problem.op, problem.attr, _is_unbound(problem)): problem
            for problem in problems
            if problem.severity is Severity.REFUSED
        }


def _exported_graph(case: Case, arguments: Mapping[str, Any]) -> bytes:
    """Return the graph that a case exports: that of the call, if it passes one."""
    graph_def = arguments.get("graph_def")
    if graph_def is None:
        return case.graph.data
    return MetaGraphDef(graph_def=graph_def).SerializeToString(deterministic=True)


def _is_unbound(problem: LoadProblem) -> bool:
    """Return whether a problem is that of every export of a part of a graph: an import needs an input_map."""
    return problem.code == "LOAD-02" or (
        problem.code == _UNKNOWN_INPUT and problem.message.startswith(_UNBOUND_INPUT)
    )


@functools.cache
def load_check_for(versions: str) -> LoadCheck | None:
    """Return the check of messages for the versions that an option names; None if it names none.

    Raises:
        UnknownVersionError: if a version cannot be checked.
    """
    if not versions:
        return None
    return LoadCheck(parse_versions(versions))
