"""The names of inputs that come from outside of an export scope (UNB-01)."""

from __future__ import annotations

from collections.abc import Iterable

from reference_impl.control_inputs import CONTROL_MARK
from reference_impl.scope import UNBOUND_INPUT_PREFIX, ExportScope


def rescope_inputs(inputs: Iterable[str], scope: ExportScope, unbound: list[str]) -> list[str]:
    """Rename one node's inputs for an export under a scope.

    Args:
        inputs: the inputs as the node has them.
        scope: what the export selects.
        unbound: receives each renamed input, once per use, in order (UNB-02).

    Returns:
        Inputs inside the scope are stripped of it. Others get the prefix of unbound inputs; the output
        index and the mark of a control input stay: `^ctl` becomes `^$unbound_inputs_ctl`.
    """
    renamed = []
    for name in inputs:
        mark, producer = (CONTROL_MARK, name[1:]) if name.startswith(CONTROL_MARK) else ("", name)
        if scope.selects(producer):
            renamed.append(mark + scope.strip(producer))
        else:
            renamed.append(mark + UNBOUND_INPUT_PREFIX + producer)
            unbound.append(renamed[-1])
    return renamed
