"""What the stored table of TensorFlow versions says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from pytest_metagraph.reports.markdown import render_versions_markdown
from pytest_metagraph.reports.versions_table import OWN_CONTRACT, VersionsTable, read_table

TABLE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "tensorflow-versions.json"
"""The table, which `metagraph versions ... -o docs/reference/tensorflow-versions.json` writes."""


def tensorflow_versions() -> str:
    """Return when each version was measured, the trend, and the tables of the page."""
    table = read_table(TABLE)
    days = sorted({column.measured for column in table.columns if column.measured})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    measured = (
        f"Measured {when} with pytest-metagraph {table.kit_version} (corpus `{table.corpus_digest[:12]}`, "
        f"tier `{table.tier}`)."
    )
    trend = "\n".join(_trend(table))
    return f"{measured}\n\n{trend}\n\n{render_versions_markdown(table).rstrip()}"


def _trend(table: VersionsTable) -> Iterator[str]:
    """Yield a table of the releases in their order, those with the same failing rules in one row."""
    releases = [column for column in table.columns if column.is_release and OWN_CONTRACT in column.contracts]
    yield from ("## The trend", "")
    yield f"The rules that fail under the contract `{OWN_CONTRACT}`, from release to release:"
    yield from ("", "| Releases | Failed cases | Rules |", "|---|---|---|")
    for rules, group in groupby(releases, lambda column: tuple(column.contracts[OWN_CONTRACT].blamed)):
        members = list(group)
        failed = sorted({column.contracts[OWN_CONTRACT].failed for column in members})
        labels = " to ".join(dict.fromkeys((members[0].label, members[-1].label)))
        counts = " to ".join(str(count) for count in dict.fromkeys((failed[0], failed[-1])))
        yield f"| {labels} | {counts} | {', '.join(rules) or 'none'} |"
