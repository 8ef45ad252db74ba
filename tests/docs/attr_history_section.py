"""Since when TensorFlow knows the attributes that came after their ops."""

from __future__ import annotations

from markdown_tables import table

from pytest_metagraph.loadability.attr_history import later_attrs
from pytest_metagraph.loadability.harmless import reason_to_drop
from pytest_metagraph.loadability.op_registries import known_versions


def attr_history() -> str:
    """Return a table for each version that gave public ops new attributes, the newest version first."""
    ops: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for history in later_attrs():
        if not history.op.startswith("_"):
            harmless = reason_to_drop(history.op, history.attr) is not None
            lost = "always" if harmless else "never" if history.default is None else f"`{history.default}`"
            rows = ops.setdefault(history.versions[0], {})
            rows.setdefault((history.attr, history.type, lost), []).append(f"`{history.op}`")
    return "\n\n".join(
        f"## New in TensorFlow {version}\n\n"
        + table(
            ("attribute", "type", "can be dropped if", "ops"),
            [(f"`{attr}`", f"`{kind}`", lost, ", ".join(having)) for (attr, kind, lost), having in rows],
        )
        for version in reversed(known_versions())
        if (rows := sorted(ops.get(version, {}).items()))
    )
