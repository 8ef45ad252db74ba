"""Prints what a report says of another version of TensorFlow, by requirement, as a table in Markdown.

Run `python drift_table.py REPORT.jsonl`.
"""
# ruff: noqa: INP001 - a script that stands alone

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any


def symptoms_of(case: dict[str, Any]) -> list[str]:
    """What is different in a case, each kind of difference once."""
    found = []
    for finding in case["findings"]:
        groups = [f"`{group['section']}: {group['kind']}`" for group in finding["groups"]]
        found += groups or [finding["summary"]]
    return list(dict.fromkeys(found))


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(report: Path) -> None:
    """Print a table of the requirement cases that differ, and one of all differences."""
    lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    cases = [line for line in lines if line["type"] == "case"]
    by_requirement: dict[str, list[str]] = defaultdict(list)
    asked: Counter[str] = Counter()
    by_symptom: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        requirement = case["case"].partition("/")[0]
        asked[requirement] += case["verdict"] in {"pass", "fail"}
        if case["verdict"] != "fail":
            continue
        symptoms = symptoms_of(case)
        by_requirement[requirement] += symptoms
        for symptom in symptoms:
            by_symptom[symptom].append(case["case"])
    failed = Counter(case["case"].partition("/")[0] for case in cases if case["verdict"] == "fail")
    rows = [
        (name, f"{failed[name]} of {asked[name]}", "; ".join(dict.fromkeys(symptoms)))
        for name, symptoms in sorted(by_requirement.items())
    ]
    print(table(("cases", "differ", "in"), rows))  # noqa: T201 - what the script is for
    counted = sorted(by_symptom.items(), key=lambda item: (-len(item[1]), item[0]))
    rows = [(symptom, str(len(ids)), f"`{ids[0]}`") for symptom, ids in counted]
    print(table(("what differs", "cases", "such as"), rows))  # noqa: T201 - what the script is for


if __name__ == "__main__":
    main(Path(sys.argv[1]))
