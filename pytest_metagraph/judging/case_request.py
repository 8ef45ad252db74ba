"""The call that a variant of a case makes: as a request for an exporter, and as lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from conformance_cases import Case, Variant
from conformance_cases.axes import combination_name
from pytest_metagraph.exporters.request import ExportRequest, RequestGraph
from reference_impl.contracts import Contract

_LONGEST_VALUE = 80


def case_request(
    case: Case,
    variant: Variant,
    contract: Contract,
    path_of: Callable[[str], str],
    graph: RequestGraph | None = None,
    *,
    calls: Sequence[dict[str, Any]] = (),
) -> ExportRequest:
    """Return the request that a variant of a case makes.

    Args:
        case: the case.
        variant: one of its variants.
        contract: the contract that the answer will be judged under.
        path_of: returns the absolute path of a file that an export writes, from its name.
        graph: the graph to hand over; a new one if None.
        calls: what `case.calls` has returned for another request; it is called again if this is empty.
    """
    *earlier, call = calls or case.calls()
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
        RequestGraph(case.graph.data) if graph is None else graph,
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
    start = case.id.removesuffix(combination_name(case.choices))  # a scope may have slashes
    case_id = case.id if has_own_graph else f"{start}{combination_name({})}"
    arguments = {"filename": None, "as_text": False, "save_debug_info": False}
    return ExportRequest(RequestGraph(case.graph.data), arguments, contract=contract, case_id=case_id)


def call_lines(
    calls: Sequence[Mapping[str, Any]], filenames: Sequence[str], variant: Variant
) -> tuple[str, ...]:
    """Return calls as lines of Python, the one that is judged last; messages are shown by their type.

    Args:
        calls: the keyword arguments of each call, without `graph` and those that a variant sets.
        filenames: the file of each call; the last one is written only if the variant writes a file.
        variant: the variant of the last call.
    """
    *earlier, judged = calls
    lines = [
        _line({**arguments, "filename": filename})
        for arguments, filename in zip(earlier, filenames, strict=False)
    ]
    flags = {"as_text": variant.as_text, "save_debug_info": variant.save_debug_info}
    given = {
        **judged,
        **({"filename": filenames[-1]} if variant.filename else {}),
        **{name: True for name, is_set in flags.items() if is_set},
    }
    return (*lines, _line(given, default_graph=variant.default_graph))


def case_calls(case: Case, variants: Collection[str]) -> tuple[str, ...]:
    """Return the calls of a case in the first of some variants.

    Args:
        case: the case.
        variants: names of variants of the case; if there are none, the first variant of the case is used.
    """
    variant = next((one for one in case.variants if one.name in variants), case.variants[0])
    return call_lines(case.calls(), (*case.earlier_filenames, case.filename), variant)


def _line(arguments: Mapping[str, Any], *, default_graph: bool = False) -> str:
    given = [f"{name}={_value(value)}" for name, value in arguments.items()]
    if not default_graph:
        given.append("graph=graph")
    return f"export_meta_graph({', '.join(given)})"


def _value(value: object) -> str:
    if isinstance(value, Message):
        return f"<{value.DESCRIPTOR.name}>"
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
