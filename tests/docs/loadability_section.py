"""The rules of TensorFlow's importer, from their catalogue."""

from __future__ import annotations

from markdown_tables import table

from pytest_metagraph.loadability.rule_catalogue import RULES, Rule


def importer_rules() -> str:
    """Return a table of the rules for each subject."""
    parts = []
    for subject in dict.fromkeys(rule.subject for rule in RULES.values()):
        rules = [rule for rule in RULES.values() if rule.subject == subject]
        rows = [
            (f"**{rule.id}**", rule.sentence, rule.severity.value, _versions(rule), rule.way_out)
            for rule in rules
        ]
        head = ("id", "what a graph must not have", "severity", "versions", "fix")
        parts.append(f"## {subject.capitalize()}\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def _versions(rule: Rule) -> str:
    if rule.since:
        return f"since {rule.since}"
    return f"up to {rule.until}" if rule.until else "all"
