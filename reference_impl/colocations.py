"""Colocations, the entries of the attribute `_class`, under an export scope (CLS-02)."""

from __future__ import annotations

from collections.abc import Iterable

from reference_impl.scope import ExportScope


def rescope_colocations(entries: Iterable[str], scope: ExportScope) -> list[bytes]:
    """What the entries of a node become: those that name a node of the scope remain, stripped of it (CLS-02).

    Args:
        entries: the texts in the attribute `_class`, in order; bytes that are no UTF-8 as surrogates.
        scope: what the export selects.
    """
    return [_strip_entry(entry, scope) for entry in entries if _is_inside(entry, scope)]


def _is_inside(entry: str, scope: ExportScope) -> bool:
    """Whether the node that an entry names lies in the scope; an entry without `@` names none."""
    _, _, rest = entry.partition("@")
    return scope.selects(rest.partition("@")[0])


def _strip_entry(entry: str, scope: ExportScope) -> bytes:
    return scope.strip_colocation(entry).encode(errors="surrogateescape")
