"""Calls of `export_meta_graph` as lines of Python, for failures and findings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from conformance_cases import Case, Variant

_LONGEST_VALUE = 80


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
