"""The names of inputs that come from outside of an export scope (UNB-01)."""

from __future__ import annotations

from collections.abc import Iterable

from reference_impl.control_inputs import CONTROL_MARK
from reference_impl.scope import UNBOUND_INPUT_PREFIX, ExportScope


class RescopedNames(dict[str, str]):
    """What each input is called in an export under a scope; each name is worked out once.

    Inputs inside the scope are stripped of it. Others get the prefix of unbound inputs; the output index
    and the mark of a control input stay: `^ctl` becomes `^$unbound_inputs_ctl`.

    Attributes:
        unbound: the new names of inputs from outside of the scope, of those that were asked for.

    Args:
        scope: what the export selects.
        nodes: names of nodes and what they are called in the export: most inputs are among them.
    """

    def __init__(self, scope: ExportScope, nodes: Iterable[tuple[str, str]]) -> None:
        super().__init__((name, renamed) for name, renamed in nodes if scope.selects(name))
        self.unbound: set[str] = set()
        self._scope = scope

    def __missing__(self, name: str) -> str:
        mark, producer = (CONTROL_MARK, name[1:]) if name.startswith(CONTROL_MARK) else ("", name)
        if self._scope.selects(producer):
            renamed = mark + self._scope.strip(producer)
        else:
            renamed = mark + UNBOUND_INPUT_PREFIX + producer
            self.unbound.add(renamed)
        self[name] = renamed
        return renamed


def rescope_inputs(inputs: Iterable[str], names: RescopedNames, unbound: list[str]) -> list[str]:
    """Rename inputs for an export under a scope.

    Args:
        inputs: the inputs of all nodes, one after the other.
        names: what they are called in the export.
        unbound: receives each input from outside of the scope, renamed, once per use, in order (UNB-02).
    """
    renamed = [names[name] for name in inputs]
    if names.unbound:
        unbound.extend(name for name in renamed if name in names.unbound)
    return renamed
