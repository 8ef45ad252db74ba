"""The request that a variant of a case makes."""

from __future__ import annotations

from collections.abc import Callable

from conformance_cases import Case, Variant
from conformance_cases.axes import combination_name
from pytest_metagraph.exporters.request import ExportRequest
from reference_impl.contracts import Contract
from reference_impl.schema import MetaGraphDef


def case_request(
    case: Case,
    variant: Variant,
    contract: Contract,
    path_of: Callable[[str], str],
    graph: MetaGraphDef | None = None,
) -> ExportRequest:
    """Return the request that a variant of a case makes.

    Args:
        case: the case.
        variant: one of its variants.
        contract: the contract that the answer will be judged under.
        path_of: returns the absolute path of a file that an export writes, from its name.
        graph: the message to hand over; a new one if None.
    """
    *earlier, call = case.calls()
    arguments = {
        **call,
        "filename": path_of(case.filename) if variant.filename else None,
        "as_text": variant.as_text,
        "save_debug_info": variant.save_debug_info,
    }
    preceding = tuple(
        {**before, "filename": path_of(name)}
        for before, name in zip(earlier, case.earlier_filenames, strict=True)
    )
    return ExportRequest(
        case.graph.message() if graph is None else graph,
        arguments,
        variant.default_graph,
        case.eager,
        contract,
        case.id,
        preceding,
    )


def plain_request(case: Case, contract: Contract) -> ExportRequest:
    """Return the request to export the graph of a case without any argument.

    It is the one of the plain case of that graph. A requirement case has a graph of its own and no such case.

    Args:
        case: the case.
        contract: the contract of the run.
    """
    has_own_graph = case.graph.name == case.id
    case_id = case.id if has_own_graph else f"{case.id.rpartition('/')[0]}/{combination_name({})}"
    arguments = {"filename": None, "as_text": False, "save_debug_info": False}
    return ExportRequest(case.graph.message(), arguments, contract=contract, case_id=case_id)
