"""The result of one case as plain data: it travels once, from the judge to every report.

A `Judgement` contains live objects such as whole differences. Its result here can be sent from a worker of
pytest-xdist, written as a line of JSON, and read by a later version of the kit.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated

import msgspec

from conformance_cases import Case
from pytest_metagraph._util.text import MOST_OF_A_LINE, counted, named, printable, printable_json, shortened
from pytest_metagraph.diff import MetaGraphDiff
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.judging.findings import Finding, FindingCode
from pytest_metagraph.judging.verdicts import PASSED, TESTED, Judgement, Verdict

Count = Annotated[int, msgspec.Meta(ge=0)]
PositiveCount = Annotated[int, msgspec.Meta(ge=1)]

MAX_DETAIL = 8_000
"""The number of characters of a finding's detail that are kept; running the case again shows all."""


_MOST_OP_DEFS = 3
"""The number of op defs of its own that are named; a report has all."""


class ReportedExporter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The exporter under test.

    Attributes:
        name: its name, such as `my_framework.adapter:export`.
        version: its version; empty if it has none.
        unsupported: capabilities that it declares as unsupported, sorted.
        environment: what it runs on; empty in a report, whose header has it.
        registry_digest: a short digest of the ops and messages that it hands over; empty if there are none.
        own_op_defs: the ops of TensorFlow that it hands over with an OpDef of its own, sorted: one that no
            recorded release has. The kit compares with it, and cannot verify it.
    """

    name: str
    version: str
    unsupported: tuple[str, ...]
    environment: dict[str, str] = {}
    registry_digest: str = ""
    own_op_defs: tuple[str, ...] = ()

    @property
    def own_op_defs_text(self) -> str:
        """The number of its own op defs and the first of their names; empty if there are none."""
        if not self.own_op_defs:
            return ""
        named = ", ".join(self.own_op_defs[:_MOST_OP_DEFS])
        more = ", ..." if len(self.own_op_defs) > _MOST_OP_DEFS else ""
        return f"op defs of its own: {len(self.own_op_defs):,} ({named}{more})"

    @property
    def label(self) -> str:
        """Name and version, on one line."""
        return printable(f"{self.name} {self.version}".rstrip())


class ReportedHint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A likely cause.

    Attributes:
        code: the kind of cause.
        text: the cause in a sentence or two.
    """

    code: str
    text: str


class DifferenceGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Differences of one kind in one part of a message, counted.

    Attributes:
        section: the part of the message, such as `graph_def.node`.
        kind: what differs there, such as `device`.
        count: the number of differences.
        hint: the code of the likely cause that accounts for most of them; empty if there is none.
        blamed: ids of the requirements that they violate.
    """

    section: str
    kind: str
    count: PositiveCount
    hint: str
    blamed: tuple[str, ...]


class ReportedFinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is wrong with the answers to a case.

    Attributes:
        code: the kind of finding.
        summary: what is wrong, as one sentence.
        detail: lines that show it, of limited length; may be empty.
        hints: likely causes, the one that accounts for most first.
        groups: the differences, counted by kind; empty if no messages were compared.
        variants: names of the variants of the case that show it.
        blamed: ids of the requirements that it violates; may be empty.
    """

    code: FindingCode
    summary: str
    detail: str
    hints: tuple[ReportedHint, ...]
    groups: tuple[DifferenceGroup, ...]
    variants: tuple[str, ...]
    blamed: tuple[str, ...]


class CaseResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="case", tag_field="type"):
    """The result of one case.

    Attributes:
        case: the id of the case.
        graph: the name of its graph.
        graph_digest: a short digest of the graph, which may have several names in the corpus; empty if it was
            neither exported nor refused.
        arguments: the name of the value of each argument that the case passes.
        requirements: ids of the requirements that it involves, the most specific first.
        blamed: ids of the requirements that the answers violate; empty if nothing is wrong.
        verdict: the verdict.
        checks: number of calls of the exporter.
        failed_checks: number of calls with a finding.
        messages: number of calls that returned a message, right or wrong.
        fingerprint: a short digest of what is wrong; empty if nothing is.
        reason: why the case was not tested, or why it is a known failure; may be empty.
        findings: what is wrong.
        duration: seconds that the case took.
    """

    case: str
    graph: str
    graph_digest: str
    arguments: dict[str, str]
    requirements: tuple[str, ...]
    blamed: tuple[str, ...]
    verdict: Verdict
    checks: Count
    failed_checks: Count
    messages: Count
    fingerprint: str
    reason: str
    findings: tuple[ReportedFinding, ...]
    duration: Annotated[float, msgspec.Meta(ge=0)]

    @property
    def passed(self) -> bool:
        """Whether the exporter answered as the contract requires."""
        return self.verdict in PASSED

    @property
    def failed(self) -> bool:
        """Whether something is wrong with the answers, known or not."""
        return self.verdict in TESTED - PASSED

    @property
    def summary(self) -> str:
        """The first thing that is wrong, as a sentence; empty if nothing is."""
        return self.findings[0].summary if self.findings else ""

    @property
    def hint(self) -> str:
        """The likeliest cause; empty if none is known."""
        return next((hint.text for finding in self.findings for hint in finding.hints), "")


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One explanation of failed cases.

    Attributes:
        cause: what is wrong, as a sentence or a few words.
        cases: ids of the cases that it explains, the smallest first.
        requirements: ids of the requirements that it violates, the one that fits best first; may be empty.
        kinds: the kinds of difference that it explains, the most frequent first.
    """

    cause: str
    cases: tuple[str, ...]
    requirements: tuple[str, ...]
    kinds: tuple[str, ...]


def result_of(case: Case, judgement: Judgement) -> CaseResult:
    """Return the result of a judged case; pytest measures its duration later."""
    is_refused = judgement.verdict is Verdict.NOT_LOADABLE
    return CaseResult(
        case=case.id,
        graph=case.graph.name,
        graph_digest=case.graph.digest[:16] if judgement.messages or is_refused else "",
        arguments=dict(case.choices),
        requirements=case.requirements,
        blamed=judgement.blamed,
        verdict=judgement.verdict,
        checks=judgement.checks,
        failed_checks=judgement.failed_checks,
        messages=judgement.messages,
        fingerprint=judgement.fingerprint,
        reason=judgement.reason,
        findings=tuple(_reported(finding) for finding in judgement.findings),
        duration=0.0,
    )


def exporter_of(client: ExporterClient) -> ReportedExporter:
    """Return the description of an exporter for reports."""
    unsupported = tuple(sorted(map(str, client.unsupported)))
    environment = dict(sorted(client.environment.items()))  # so that every process writes the same report
    registry = client.registry
    return ReportedExporter(
        client.name, client.version, unsupported, environment, registry.digest, registry.own_op_defs
    )


def _reported(finding: Finding) -> ReportedFinding:
    return ReportedFinding(
        code=finding.code,
        summary=finding.summary,
        detail=_capped(finding.detail),
        hints=tuple(
            ReportedHint(str(hint.code), shortened(hint.text, MOST_OF_A_LINE)) for hint in finding.diff.hints
        )
        if finding.diff
        else (),
        groups=tuple(_groups(finding.diff, finding.blamed)) if finding.diff else (),
        variants=finding.variants,
        blamed=tuple(dict.fromkeys(name for names in finding.blamed for name in names)),
    )


def _groups(diff: MetaGraphDiff, blamed: tuple[tuple[str, ...], ...]) -> Iterator[DifferenceGroup]:
    """Yield the groups of a diff; only the groups of the returned message blame requirements one by one."""
    names = blamed if len(blamed) == len(diff.groups) else ((),) * len(diff.groups)
    for group, group_blamed in zip(diff.groups, names, strict=True):
        members = set(group.members)
        hint = next(
            (str(one.code) for one in diff.hints if 2 * len(one.covers & members) >= len(members)), ""
        )
        section = shortened(group.section or "the message", MOST_OF_A_LINE)
        kind = shortened(group.kind, MOST_OF_A_LINE)
        yield DifferenceGroup(section, kind, len(members), hint, group_blamed)


def _capped(detail: str) -> str:
    if len(detail) <= MAX_DETAIL:
        return detail
    more = len(detail) - MAX_DETAIL
    return f"{detail[:MAX_DETAIL]}\n... {more:,} more characters; run this case to see them"


def nothing_tested(results: Collection[CaseResult]) -> str:
    """Return why a run tests nothing, and fails, as a sentence; empty if it tests something.

    An exporter that loads no graph may still raise the right errors, some of which need none.

    Args:
        results: the results of a run.
    """
    if not results or any(result.messages for result in results):
        return ""
    if not any(result.verdict in TESTED for result in results):
        return "No case was tested."
    if any(result.verdict is Verdict.NOT_LOADABLE for result in results):
        return "The exporter loaded no graph."
    return ""


def loading_contradiction(results: Iterable[CaseResult]) -> str:
    """Return which graphs the exporter exports in some cases and cannot load in others, as a sentence.

    Loading does not depend on the arguments of the export. Without this rule, an exporter could answer
    NotLoadable to every call that it would get wrong. Such a run fails and has no score.

    Args:
        results: the results of a run.

    Returns:
        The sentence, or an empty text if no graph is one of these.
    """
    exported: set[str] = set()
    refused: dict[str, str] = {}
    for result in results:
        if result.messages:
            exported.add(result.graph_digest)
        if result.verdict is Verdict.NOT_LOADABLE:
            refused.setdefault(result.graph_digest, result.graph)
    graphs = sorted(name for digest, name in refused.items() if digest in exported)
    if not graphs:
        return ""
    return (
        f"The exporter exports {counted(len(graphs), 'graph')} in some cases, and answers in other cases "
        f"that it cannot load the same graph: {named(graphs)}. Answer so only if the import failed."
    )


def to_line(part: msgspec.Struct) -> str:
    """Return a result, or another part of a report, as JSON on one line with a newline at its end."""
    try:
        text = msgspec.json.encode(part).decode()
    except UnicodeEncodeError:  # the text of an error may contain half a surrogate pair
        text = json.dumps(msgspec.to_builtins(part), ensure_ascii=False, separators=(",", ":"))
        text = text.encode(errors="replace").decode()
    return printable_json(text) + "\n"
