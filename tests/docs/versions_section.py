"""What the stored table of TensorFlow versions says."""

from __future__ import annotations

from pathlib import Path

from pytest_metagraph.reports.markdown import render_versions_markdown
from pytest_metagraph.reports.versions import read_table

TABLE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "tensorflow-versions.json"
"""The table, which `metagraph versions ... -o docs/reference/tensorflow-versions.json` writes."""


def tensorflow_versions() -> str:
    """Return when each version was measured, and the tables of the page."""
    table = read_table(TABLE)
    days = sorted({column.measured for column in table.columns if column.measured})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    measured = (
        f"Measured {when} with pytest-metagraph {table.kit_version} (corpus `{table.corpus_digest[:12]}`, "
        f"tier `{table.tier}`)."
    )
    return f"{measured}\n\n{render_versions_markdown(table).rstrip()}"
