"""The site of the documentation: `sphinx-build -W -b html docs FOLDER`."""  # noqa: INP001 - Sphinx runs this file

from __future__ import annotations

from sphinx.application import Sphinx

from pytest_metagraph._version import __version__

project = "pytest-metagraph"
author = "The pytest-metagraph maintainers"
release = __version__
version = release

extensions = ["myst_parser"]
exclude_patterns = ["how-to/nodejs-worker"]
nitpicky = True

# Pages link to sections by the anchors that GitHub gives to headings, so that a link works in both places.
myst_heading_anchors = 3
myst_links_external_new_tab = False

smartquotes = False  # options are written with two hyphens, also where they stand in prose

html_theme = "furo"
html_title = f"{project} {release}"
html_copy_source = False

_CONTENTS = """
```{{toctree}}
:hidden:
:glob:
:caption: {caption}
{folder}/*
```
"""


def setup(app: Sphinx) -> None:
    """Give the start page the contents of the sidebar, which GitHub would show as a block of code."""
    app.connect("source-read", _add_contents)


def _add_contents(_app: Sphinx, page: str, source: list[str]) -> None:
    if page == "index":
        for folder, caption in (
            ("tutorial", "Tutorial"),
            ("how-to", "How to"),
            ("reference", "Reference"),
            ("explanation", "Explanation"),
        ):
            source[0] += _CONTENTS.format(folder=folder, caption=caption)
