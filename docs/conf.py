"""The site of the documentation: `sphinx-build -W -b html docs FOLDER`."""  # noqa: INP001 - Sphinx runs this file

from __future__ import annotations

import re

from sphinx.application import Sphinx

from pytest_metagraph._version import __version__

project = "pytest-metagraph"
author = "The pytest-metagraph maintainers"
release = __version__
version = release

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["how-to/nodejs-worker"]
nitpicky = True

# Pages link to sections by the anchors that GitHub gives to headings, so that a link works in both places.
myst_heading_anchors = 3
myst_links_external_new_tab = False

smartquotes = False  # options are written with two hyphens, also in prose

# The button copies the commands of a console block, without prompts and output.
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"

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


_TITLED_FENCE = re.compile(r'^(?P<fence> *`{3,})(?P<language>\w+) title="(?P<title>[^"]+)"$', re.MULTILINE)


def setup(app: Sphinx) -> None:
    """Change pages before they are parsed, where GitHub needs another form than the site."""
    app.connect("source-read", _show_titles)
    app.connect("source-read", _add_contents)


def _show_titles(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Show the file name of a code block as its caption."""
    source[0] = _TITLED_FENCE.sub(_captioned, source[0])


def _captioned(fence: re.Match[str]) -> str:
    indentation = " " * fence["fence"].count(" ")
    return f"{fence['fence']}{{code-block}} {fence['language']}\n{indentation}:caption: {fence['title']}\n"


def _add_contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """Give the start page the contents of the sidebar, which GitHub would show as a block of code."""
    if page == "index":
        for folder, caption in (
            ("tutorial", "Tutorial"),
            ("how-to", "How to"),
            ("reference", "Reference"),
            ("explanation", "Explanation"),
        ):
            source[0] += _CONTENTS.format(folder=folder, caption=caption)
