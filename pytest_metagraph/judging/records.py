"""What is kept of a judged case: it travels with pytest's report, also from an xdist worker."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

_PREFIX = "metagraph_"


@dataclass(frozen=True, slots=True)
class Record:
    """The result of one case, in values that every report format can state.

    Attributes:
        case: the id of the case.
        graph: the name of its graph.
        exporter: what the exporter is called.
        contract: the contract it was judged under.
        verdict: one of `verdicts.Verdict`.
        checks: number of variants of the call that were asked.
        failed_checks: number of those with a finding.
        fingerprint: a short digest of what is wrong; empty where nothing is.
        summary: the first thing that is wrong, as a sentence; empty where nothing is.
        hint: the likeliest cause of that; empty where none is known.
        exporter_version: the version of the exporter; empty where it states none.
    """

    case: str
    graph: str
    exporter: str
    contract: str
    verdict: str
    checks: int
    failed_checks: int
    fingerprint: str
    summary: str
    hint: str = ""
    exporter_version: str = ""

    def to_properties(self) -> list[tuple[str, object]]:
        """The record as user properties of a pytest report, as JUnit XML shows them too."""
        return [(_PREFIX + name, value) for name, value in dataclasses.asdict(self).items()]

    @classmethod
    def from_properties(cls, properties: Iterable[tuple[str, object]]) -> Record | None:
        """Find the record among the user properties of a report; None where there is none."""
        stated = {name.removeprefix(_PREFIX): value for name, value in properties if name.startswith(_PREFIX)}
        if not stated:
            return None
        return cls(**stated)  # type: ignore[arg-type] # to_properties() wrote them, names and types
