"""Since when TensorFlow knows the attributes that came after their ops."""

from __future__ import annotations

from markdown_tables import table

from pytest_metagraph.loadability.attr_versions import later_attrs
from pytest_metagraph.loadability.harmless import reason_to_drop
from pytest_metagraph.loadability.op_registries import known_versions


def attr_history() -> str:
    """Return a table for each version that gave public ops new attributes, the newest version first."""
    ops: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for one in later_attrs():
        if not one.op.startswith("_"):
            harmless = reason_to_drop(one.op, one.attr) is not None
            lost = "always" if harmless else "never" if one.default is None else f"`{one.default}`"
            rows = ops.setdefault(one.versions[0], {})
            rows.setdefault((one.attr, one.type, lost), []).append(f"`{one.op}`")
    return "\n\n".join(
        f"## New in TensorFlow {version}\n\n"
        + table(
            ("attribute", "type", "can be dropped if", "ops"),
            [(f"`{attr}`", f"`{kind}`", lost, ", ".join(having)) for (attr, kind, lost), having in rows],
        )
        for version in reversed(known_versions())
        if (rows := sorted(ops.get(version, {}).items()))
    )
