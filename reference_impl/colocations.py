"""Colocations, the entries of the attribute `_class`, under an export scope (CLS-02)."""

from __future__ import annotations

from reference_impl.scope import ExportScope


class RescopedColocations(dict[tuple[bytes, ...], list[bytes]]):
    """What the entries of a node become: those that name a node of the scope remain, stripped of it.

    Entries that occur together are worked out once: all nodes of a variable share theirs.

    Args:
        scope: what the export selects.
    """

    def __init__(self, scope: ExportScope) -> None:
        super().__init__()
        self._scope = scope

    def __missing__(self, entries: tuple[bytes, ...]) -> list[bytes]:
        inside = [entry for entry in entries if _is_inside(entry, self._scope)]
        self[entries] = [_strip_entry(entry, self._scope) for entry in inside]
        return self[entries]


def _is_inside(entry: bytes, scope: ExportScope) -> bool:
    """Whether the node that an entry names lies in the scope; an entry without `@` names none."""
    _, _, rest = entry.decode(errors="surrogateescape").partition("@")
    return scope.selects(rest.partition("@")[0])


def _strip_entry(entry: bytes, scope: ExportScope) -> bytes:
    text = entry.decode(errors="surrogateescape")
    return scope.strip_colocation(text).encode(errors="surrogateescape")
