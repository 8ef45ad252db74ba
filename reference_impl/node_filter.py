"""The nodes of a filtered export: selected, renamed, without devices (PATH-02, PATH-04, DEV, CLS, FRM)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from reference_impl.schema import AttrValue, GraphDef
from reference_impl.scope import UNBOUND_INPUT_PREFIX, LiteralScope, PrefixScope
from reference_impl.unbound_inputs import rescope_inputs

_COLOCATION_ATTR = "_class"
_FRAME_ATTR = "frame_name"
_FRAME_OPS = frozenset({"Enter", "RefEnter"})


@dataclass(frozen=True)
class NodeFilter:
    """What a filtered export takes away from its nodes.

    Attributes:
        scope: which nodes are selected and how they are renamed; None for all nodes under their names.
        removed: names of nodes that are left out (SAV-02).
        clear_devices: whether devices are emptied (DEV-01).
        unbound: receives the inputs that come from outside of the scope, once per use (UNB-02).
    """

    scope: LiteralScope | PrefixScope | None = None
    removed: AbstractSet[str] = frozenset()
    clear_devices: bool = False
    unbound: list[str] = field(default_factory=list)

    def includes(self, name: str) -> bool:
        """Whether a node or a named item of a collection stays in the export."""
        if name in self.removed:
            return False
        return self.scope is None or name.startswith(UNBOUND_INPUT_PREFIX) or self.scope.selects(name)

    def strip(self, name: str) -> str:
        """What a name is called in the export."""
        return name if self.scope is None else self.scope.strip(name)

    def copy_nodes(self, source: GraphDef, target: GraphDef) -> None:
        """Copy the nodes that stay, as they are called in the export.

        One loop for each thing that is changed, and none for what is not: over many nodes the loops are
        the cost of an export.

        Args:
            source: is only read.
            target: has no nodes yet; receives them in the order of `source` (NODE-01).
        """
        if self.scope is None and not self.removed:
            target.node.extend(source.node)
        else:
            target.node.extend(node for node in source.node if self.includes(node.name))
        copied = list(target.node)
        if self.clear_devices:
            for node in copied:
                node.device = ""
        if self.scope is not None:
            for node in copied:
                node.name = self.scope.strip(node.name)
                node.input[:] = rescope_inputs(node.input, self.scope, self.unbound)
        for node in copied:
            attrs = node.attr
            if _COLOCATION_ATTR in attrs:
                self._rewrite_colocation(attrs[_COLOCATION_ATTR])
            if node.op in _FRAME_OPS and _FRAME_ATTR in attrs:
                self._rewrite_frame_name(attrs[_FRAME_ATTR])

    def _rewrite_colocation(self, value: AttrValue) -> None:
        """Keep the entries that name a node of the scope; the value becomes a list of strings (CLS-01)."""
        entries = list(value.list.s)
        if self.scope is not None:
            entries = [_strip_entry(entry, self.scope) for entry in entries if _is_inside(entry, self.scope)]
        value.CopyFrom(AttrValue(list=AttrValue.ListValue(s=entries)))

    def _rewrite_frame_name(self, value: AttrValue) -> None:
        """Strip the frame's name where it lies in the scope; others stay as they are (FRM-01, FRM-02)."""
        name = value.s
        if self.scope is not None:
            text = name.decode(errors="surrogateescape")
            if self.scope.selects(text):
                name = self.scope.strip(text).encode(errors="surrogateescape")
        value.CopyFrom(AttrValue(s=name))


def _is_inside(entry: bytes, scope: LiteralScope | PrefixScope) -> bool:
    """Whether the node that a `_class` entry names lies in the scope; one without `@` names none (CLS-02)."""
    _, _, rest = entry.decode(errors="surrogateescape").partition("@")
    return scope.selects(rest.partition("@")[0])


def _strip_entry(entry: bytes, scope: LiteralScope | PrefixScope) -> bytes:
    text = entry.decode(errors="surrogateescape")
    return scope.strip_colocation(text).encode(errors="surrogateescape")
