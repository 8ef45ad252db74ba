"""Where the bytes of a MetaGraphDef go, as lines for people: each with its share of the file and a bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_metagraph._util.text import counted

_SHOWN = 8
"""The largest entries of each kind that are shown."""

_BAR = 20
"""The width of the bar of something that is the whole file."""


def size_lines(sizes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sizes of a summary for people.

    Args:
        sizes: the entry `sizes` of what `summarise` returns.
    """
    total = sizes["bytes"]
    yield f"{'size':<12} {counted(total, 'byte')}"
    for title, kind in {
        "parts": "parts",
        "largest nodes": "nodes",
        "largest constants": "constants",
        "largest scopes": "scopes",
        "largest functions": "functions",
        "largest collections": "collections",
    }.items():
        entries = sizes[kind]
        if not entries:
            continue
        yield ""
        yield title
        yield from (_entry_line(entry, total) for entry in entries[:_SHOWN])
        if len(entries) > _SHOWN:
            yield f"  ... {counted(len(entries) - _SHOWN, 'more entry', 'more entries')} with --json"


def _entry_line(entry: Mapping[str, Any], total: int) -> str:
    share = entry["bytes"] / total if total else 0.0
    bar = "#" * round(share * _BAR)
    return f"  {entry['bytes']:>14,}  {share:>6.1%}  {bar:<{_BAR}}  {_described(entry)}"


def _described(entry: Mapping[str, Any]) -> str:
    match entry:
        case {"name": name, "op": op}:
            return f"{name} ({op})"
        case {"name": name, "dtype": dtype, "shape": shape}:
            return f"{name} ({dtype}{shape})"
        case {"name": name, "kind": kind, "items": items}:
            return f"{name} ({kind or 'no kind'}, {counted(items, 'item')})"
        case {"name": name, "nodes": nodes}:
            return f"{name} ({counted(nodes, 'node')})"
    return str(entry["name"])
