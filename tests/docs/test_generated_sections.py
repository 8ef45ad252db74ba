"""The generated sections of reference pages show the code of today."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest
from api_section import documented_names
from attribute_docstrings import attribute_docstring
from generated_sections import DOCUMENTS, SECTIONS, names_of, updated
from options_section import registered, twin_of

PACKAGES = (
    "reference_impl",
    "reference_impl.schema",
    "conformance_cases",
    "pytest_metagraph",
    "pytest_metagraph.diff",
)
PAGES = [path for path in DOCUMENTS if names_of(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_shows_what_the_code_says(page: Path) -> None:
    """A page is what `python tests/docs/generated_sections.py` writes today."""
    text = page.read_text(encoding="utf-8")
    assert text == updated(text)


def test_every_section_is_on_a_page() -> None:
    """Each section is on exactly one page."""
    shown = [name for page in PAGES for name in names_of(page.read_text(encoding="utf-8"))]
    assert sorted(shown) == sorted(SECTIONS)


@pytest.mark.parametrize("package", PACKAGES)
def test_constants_and_aliases_say_what_they_are(package: str) -> None:
    """A public constant or alias has a text below its assignment, which the API page shows."""
    public = {name: getattr(importlib.import_module(package), name) for name in documented_names(package)}
    plain = [
        name for name, value in public.items() if not (inspect.isclass(value) or inspect.isroutine(value))
    ]
    assert [name for name in plain if not attribute_docstring(package, name)] == []


def test_a_stale_page_is_seen() -> None:
    """A section that was edited by hand is found and replaced."""
    page = f"# Options\n\n<!-- made from the code: options -->\n\n{SECTIONS['options']()}\n\n<!-- end -->\n"
    assert updated(page) == page
    stale = page.replace("--metagraph-tier", "--metagraph-level")
    assert updated(stale) == page


def test_every_option_has_an_ini_twin() -> None:
    """The command line and the ini file have the same options."""
    options = registered()
    assert {twin_of(name) for name in options.command_line} == set(options.ini)
