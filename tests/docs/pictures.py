"""Make the pictures of the documentation from real runs: the terminal as SVG, HTML reports in Chromium.

This needs the extra `docs`, and Chromium with its driver. Run it after a change of the output or a report:

    python tests/docs/pictures.py

Given reports of several implementations in JSON Lines, it draws only the page that compares them:

    python tests/docs/pictures.py reports/*.documented.jsonl
"""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_blocks import blocks_of, command_environment
from rich.console import Console
from rich.text import Text
from selenium import webdriver

from pytest_metagraph.reports.jsonl import read_report
from pytest_metagraph.reports.renderers import render

PROJECT = Path(__file__).resolve().parents[2]
PICTURES = PROJECT / "docs" / "pictures"

_COLUMNS = 110
_CHROMIUM = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
_WEB_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


@dataclass(frozen=True)
class View:
    """A part of a page as a picture.

    Attributes:
        name: the file of the picture.
        fragment: what the page shows, as the part of its address after `#`.
        width: the width of the screen in pixels.
        height: the height of the screen in pixels.
        script: JavaScript that runs in the page first.
    """

    name: str
    fragment: str
    width: int
    height: int
    script: str = ""


REPORT_VIEWS = (
    View("report.webp", "", 1100, 1120),
    View(
        "report-phone.webp",
        "verdict=fail&graph=towers",
        390,
        844,
        "document.querySelector('#list summary').click()",
    ),
)


COMPARISON_VIEWS = (View("comparison.webp", "", 1100, 1000),)


def readme_run() -> tuple[str, str]:
    """Return the adapter of the README, and the command with which it fails."""
    blocks = list(blocks_of(PROJECT / "README.md"))
    (adapter,) = (block.content for block in blocks if block.title == "my_adapter.py")
    (command,) = (
        line.removeprefix("$ ")
        for block in blocks
        for line in block.content.splitlines()
        if line.startswith("$ pytest") and "my_adapter:export" in line
    )
    return adapter, command


def run(command: str, folder: Path) -> str:
    """Return what a shell command prints in a folder."""
    environment = {**command_environment(folder), "COLUMNS": str(_COLUMNS)}
    del environment["NO_COLOR"]
    words = ["/bin/bash", "-c", command]
    return subprocess.run(
        words,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout


def terminal(command: str, printed: str) -> str:
    """Return a terminal with a command and its output, as SVG that loads nothing."""
    console = Console(width=_COLUMNS, record=True, file=io.StringIO())
    console.print(Text("$ ", style="bold green") + Text(command))
    console.print(Text.from_ansi(printed.rstrip()))
    svg = console.export_svg(title="pytest-metagraph", unique_id="terminal")
    return _WEB_FONT.sub("", svg)


def photograph(page: Path, views: tuple[View, ...]) -> None:
    """Open a page in Chromium and save what it shows."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in _CHROMIUM:
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    for view in views:
        size = {
            "width": view.width,
            "height": view.height,
            "deviceScaleFactor": 1,
            "mobile": view.width < 500,
        }
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get("about:blank")
        browser.get(f"{page.as_uri()}#{view.fragment}")
        browser.execute_script(view.script)
        taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 80})
        (PICTURES / view.name).write_bytes(base64.b64decode(taken["data"]))
    browser.quit()


def main(reports: Sequence[str]) -> None:
    """Write the picture of the given reports, or every other picture."""
    with tempfile.TemporaryDirectory() as folder:
        if reports:
            page = Path(folder) / "comparison.html"
            read = {name: read_report(Path(name)) for name in reports}
            page.write_text(render(read, "html"), encoding="utf-8")
            photograph(page, COMPARISON_VIEWS)
        else:
            draw_readme(Path(folder))


def draw_readme(folder: Path) -> None:
    """Draw the run of the README in a terminal, and its report."""
    adapter, command = readme_run()
    (folder / "my_adapter.py").write_text(adapter, encoding="utf-8")
    svg = terminal(command, run(f"{command} --color=yes", folder))
    (PICTURES / "terminal.svg").write_text(svg, encoding="utf-8")
    corpus = "-p pytest_metagraph --pyargs conformance_cases --metagraph-exporter=my_adapter:export"
    run(f"pytest -q {corpus} --metagraph-report=report.html", folder)
    photograph(folder / "report.html", REPORT_VIEWS)


if __name__ == "__main__":
    main(sys.argv[1:])
