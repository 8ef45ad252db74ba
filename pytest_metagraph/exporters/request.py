"""The request that an exporter answers, and how an exporter declines one that it cannot answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef


@dataclass(frozen=True, slots=True, eq=False)
class ExportRequest:
    """One call of `export_meta_graph` for an exporter to make.

    Attributes:
        graph: the graph to load and export, as a MetaGraphDef. The exporter must not change it.
        arguments: the keyword arguments of `export_meta_graph`, without `graph`. Messages are of
            `reference_impl.schema`. If `filename` is not None, it is an absolute path.
        default_graph: export the default graph, without the argument `graph` (CALL-10).
        eager: make the call with eager execution enabled (EAG-01).
        contract: the contract that the answer is judged under.
        case_id: the case that the call belongs to, for messages and logs.
        preceding: the keyword arguments of exports of the same loaded graph to make first, in this order.
            Their results are ignored (CALL-12, UNB-07). Most requests have none.
    """

    graph: MetaGraphDef
    arguments: dict[str, Any]
    default_graph: bool = False
    eager: bool = False
    contract: Contract = Contract.DOCUMENTED
    case_id: str = ""
    preceding: tuple[dict[str, Any], ...] = ()


Exporter: TypeAlias = Callable[[ExportRequest], MetaGraphDef | bytes]
"""Makes the call and returns the MetaGraphDef, as a message of any pool or serialised.

It raises what its `export_meta_graph` raises. What it cannot do it declares in an attribute `unsupported`, a
collection of names of `conformance_cases.Capability`; cases that need one of them are skipped.
"""


class Unsupported(Exception):  # noqa: N818 - a pinned name; it reports a missing capability, not a failure
    """Raised by an exporter that does not support what a request needs.

    Args:
        capability: the missing capability, by its name in `conformance_cases.Capability`.
    """

    def __init__(self, capability: str) -> None:
        super().__init__(capability)
        self.capability = capability
