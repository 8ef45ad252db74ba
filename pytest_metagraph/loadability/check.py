"""Check whether a given version of TensorFlow would import a graph; it need not be installed."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Sequence
from typing import Protocol

from pytest_metagraph.loadability.op_registries import registry
from pytest_metagraph.loadability.report import LoadProblem, LoadReport, samples
from pytest_metagraph.loadability.rule_catalogue import RULES, Severity
from pytest_metagraph.loadability.rules.collections import CollectionRules
from pytest_metagraph.loadability.rules.graph import graph_violations
from pytest_metagraph.loadability.rules.library import LibraryRules
from pytest_metagraph.loadability.rules.nodes import NodeRules
from pytest_metagraph.loadability.rules.placement import PlacementRules
from pytest_metagraph.loadability.subject import Subject, UncheckableInputError, subjects_of
from pytest_metagraph.loadability.version_ranges import checkable_versions, minor_version
from pytest_metagraph.loadability.violation import Phase, Target, Violation
from pytest_metagraph.loadability.ways_out import WaysOut
from pytest_metagraph.settings import TESTED_TENSORFLOW

__all__ = [
    "AssertLoadable",
    "GraphCheck",
    "NotLoadableError",
    "UncheckableInputError",
    "assert_loadable",
    "check_meta_graph",
    "checkable_versions",
    "checks_of",
]


class NotLoadableError(AssertionError):
    """A graph that must load does not load; the text is that of the report.

    Attributes:
        report: the report.
    """

    __module__ = "pytest_metagraph"

    def __init__(self, report: LoadReport) -> None:
        super().__init__(report.render())
        self.report = report


def check_meta_graph(meta_graph: object, tensorflow: str = TESTED_TENSORFLOW) -> LoadReport:
    """Check whether a version of TensorFlow would import a graph.

    Args:
        meta_graph: a MetaGraphDef (for `import_meta_graph`), a GraphDef (for `import_graph_def`) or a
            SavedModel of any descriptor pool, the bytes of one, or the path of a file or of a SavedModel's
            folder. It is not changed. Each meta graph of a SavedModel is checked, and the report is about the
            first one that does not load.
        tensorflow: a version from 1.8 to 2.21, such as `1.15` or `1.15.5`.

    Returns:
        The report: every problem, first the one that TensorFlow would report.

    Raises:
        UncheckableInputError: if the input cannot be read as one of these.
        UnknownVersionError: if the version is not one that can be checked.
    """
    version = minor_version(tensorflow)  # before a large file is read
    reports = [check.report(version) for check in checks_of(meta_graph)]
    return next((report for report in reports if not report.loads), reports[0])


def assert_loadable(meta_graph: object, tensorflow: str = TESTED_TENSORFLOW) -> None:
    """Check a graph as `check_meta_graph` does, and raise unless it loads.

    A problem that fails only later, such as a saver whose tensors are missing, does not raise.

    Raises:
        NotLoadableError: if the graph does not load; the text is that of the report.
        UncheckableInputError: if the input cannot be read as one of these.
        UnknownVersionError: if the version is not one that can be checked.
    """
    __tracebackhide__ = True
    report = check_meta_graph(meta_graph, tensorflow)
    if not report.loads:
        raise NotLoadableError(report)


class AssertLoadable(Protocol):
    """The type of the fixture `assert_loadable`, which is the function of this name."""

    def __call__(self, meta_graph: object, tensorflow: str = TESTED_TENSORFLOW) -> None:
        """Raise an error unless a version of TensorFlow imports a graph; see the function."""


def checks_of(meta_graph: object) -> list[GraphCheck]:
    """Read an input of `check_meta_graph` once, to check it for several versions.

    Returns:
        A check of each graph: one, or those of a SavedModel.

    Raises:
        UncheckableInputError: as `check_meta_graph` does.
    """
    with _without_garbage_collection():
        return [GraphCheck(subject) for subject in subjects_of(meta_graph)]


class GraphCheck:
    """The check of one graph, for any number of versions.

    Attributes:
        label: the name of the graph in reports.
    """

    def __init__(self, subject: Subject) -> None:
        """Prepare the check of a graph."""
        self.label = subject.label
        self._subject = subject
        self._nodes = NodeRules(subject)
        self._placement = PlacementRules(subject)
        self._library = LibraryRules(subject)
        self._ways_out = WaysOut(subject)

    def report(self, version: str) -> LoadReport:
        """Check the graph for a version.

        Args:
            version: a version, such as `1.15`.

        Returns:
            The report.

        Raises:
            UnknownVersionError: if the version is not one that can be checked.
        """
        target = Target(registry(minor_version(version)))
        with _without_garbage_collection():
            violations = list(self._violations(target))
            problems = tuple(self._problems(violations, self._ranks(violations, target)))
            return LoadReport(self.label, target.registry.version, problems, tuple(self._notes()))

    def _violations(self, target: Target) -> Iterator[Violation]:
        yield from graph_violations(self._subject, target)
        yield from self._nodes.violations(target)
        yield from self._placement.violations(target)
        yield from self._library.violations(target)
        yield from CollectionRules(self._subject, target, self._nodes.validations(target)).violations()

    def _ranks(self, violations: Sequence[Violation], target: Target) -> Sequence[int]:
        """Return the position at which the importer reaches each node; not computed if nothing is wrong."""
        return self._nodes.ranks_in(target.version) if violations else ()

    def _problems(self, violations: Sequence[Violation], ranks: Sequence[int]) -> Iterator[LoadProblem]:
        """Group the violations, in the order in which the importer would reach the first of each group."""
        groups: dict[tuple[str, str, str], list[Violation]] = {}
        for violation in sorted(violations, key=lambda violation: _order(violation, ranks)):
            op = "" if violation.group else violation.op
            groups.setdefault((violation.rule, op, violation.group or violation.message), []).append(
                violation
            )
        for (code, *_), group in groups.items():
            names = self._subject.survey.names
            ranked = (sorted(violation.nodes, key=ranks.__getitem__) for violation in group)
            nodes = list(dict.fromkeys(node for one in ranked for node in one))
            first = group[0]
            yield LoadProblem(
                code=code,
                severity=RULES[code].severity,
                node=names[nodes[0]] if nodes else "",
                op=first.op,
                attr=first.attr,
                message=first.message,
                way_out=self._ways_out.of(first, nodes),
                count=len(nodes) or len(group),
                nodes=samples([names[node] for node in nodes[:10]]),
            )

    def _notes(self) -> Iterator[str]:
        survey = self._subject.survey
        if survey.names:
            yield "shapes that TensorFlow infers from node to node; only declared shapes are checked"
        internal = sorted({kind.op for kind in survey.kinds if kind.op.startswith("_")})
        if internal:
            yield f"nodes with internal ops: {', '.join(internal)}"
        if self._subject.has_generic_functions:
            yield "the bodies of functions with attributes"


def _order(violation: Violation, ranks: Sequence[int]) -> tuple[bool, int, int, int]:
    """Return a key that sorts the violations in the order in which the importer reaches them."""
    later = RULES[violation.rule].severity is not Severity.REFUSED
    position = violation.position
    if violation.rule == "LOAD-28":
        position = len(ranks)
    elif violation.nodes:
        in_phase = ranks if violation.phase >= Phase.NODES else range(len(ranks))
        position = min(map(in_phase.__getitem__, violation.nodes))
    return later, violation.phase, position, violation.step


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Disable garbage collection, because many objects are allocated at once and none is part of a cycle."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
