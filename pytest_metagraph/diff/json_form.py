"""The difference as plain data. `diff.schema.json`, beside this module, describes it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from pytest_metagraph.diff.explained import ExplainedSides
from pytest_metagraph.diff.findings import Difference

FORMAT_VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields do not raise it."""


def as_dict(diff: ExplainedSides) -> dict[str, Any]:
    """The whole difference, nothing shortened but the values that every difference shortens."""
    return {
        "format_version": FORMAT_VERSION,
        "equal": diff.equal,
        "fingerprint": diff.fingerprint,
        "expected": diff.expected.label,
        "actual": diff.actual.label,
        "groups": [
            {
                "code": group.code.value,
                "section": group.section,
                "field": group.field,
                "count": len(group.members),
                "differences": list(group.members),
            }
            for group in diff.groups
        ],
        "hints": [
            {"code": hint.code.value, "text": hint.text, "differences": sorted(hint.covers)}
            for hint in diff.hints
        ],
        "differences": [
            {**_finding(difference), **_explanation(diff, position)}
            for position, difference in enumerate(diff.differences)
        ],
        "notes": list(map(_finding, diff.notes)),
    }


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `ExplainedSides.to_json()`."""
    text = resources.files(__package__).joinpath("diff.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _explanation(diff: ExplainedSides, position: int) -> dict[str, Any]:
    lines = diff.explanations.get(position)
    return {"explanation": list(lines)} if lines else {}


def _finding(finding: Difference) -> dict[str, Any]:
    return {**finding._asdict(), "code": finding.code.value}
