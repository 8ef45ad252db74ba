"""Generate the parts of reference pages that repeat what the code says.

Such a part stands between two comments, the first of which names it, and a test compares it with the code.
After a change of the code, generate them again:

    python tests/docs/generated_sections.py
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from api_section import api_of
from attr_history_section import attr_history
from command_line_section import command_line
from corpus_coverage_section import corpus_coverage
from coverage_section import coverage
from loadability_section import importer_rules
from options_section import options
from requirements_section import capabilities, requirements, retired_cases
from versions_section import tensorflow_versions

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = (PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md")))

SECTIONS: dict[str, Callable[[], str]] = {
    "attribute history": attr_history,
    "command line": command_line,
    "corpus coverage": corpus_coverage,
    "coverage": coverage,
    "options": options,
    "importer rules": importer_rules,
    "requirements": requirements,
    "tensorflow versions": tensorflow_versions,
    "capabilities": capabilities,
    "retired cases": retired_cases,
    "reference_impl": lambda: api_of("reference_impl"),
    "conformance_cases": lambda: api_of("conformance_cases"),
    "pytest_metagraph": lambda: api_of("pytest_metagraph"),
    "pytest_metagraph.fuzzing.strategies": lambda: api_of("pytest_metagraph.fuzzing.strategies"),
    "reference_impl.schema": lambda: api_of("reference_impl.schema"),
}

_SECTION = re.compile(
    r"(?P<start><!-- made from the code: (?P<name>[\w. ]+) -->\n)(?P<text>.*?)(?P<end><!-- end -->\n)",
    re.DOTALL,
)


def names_of(page: str) -> list[str]:
    """Return the names of the generated sections of a page."""
    return [match["name"] for match in _SECTION.finditer(page)]


def updated(page: str) -> str:
    """Return the text of a page with each section generated again."""
    return _SECTION.sub(
        lambda match: f"{match['start']}\n{SECTIONS[match['name']]()}\n\n{match['end']}", page
    )


def main() -> None:
    """Update every page that has generated sections."""
    for path in DOCUMENTS:
        page = path.read_text(encoding="utf-8")
        if names_of(page):
            path.write_text(updated(page), encoding="utf-8")


if __name__ == "__main__":
    main()
