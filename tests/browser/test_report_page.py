"""The HTML report in a real Chromium: filters, links, keyboard, widths, and no request to anywhere."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import report_samples as samples

from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import CaseResult, ReportedExporter, ReportedFinding
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.comparison import compare
from pytest_metagraph.reports.html import render_comparison_html, render_html
from pytest_metagraph.reports.model import Report

webdriver = pytest.importorskip(
    "selenium.webdriver", reason="selenium is not installed: pip install selenium"
)
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="Chromium is not installed: apt-get install chromium chromium-driver",
)

PHONE, DESKTOP = (390, 844), (1280, 900)
FAILED = "matrix/towers/export_scope=tower_1,clear_devices"
QUOTED = "SCOPE-05/it's (nested)"
HOSTILE = ReportedFinding(
    FindingCode.RAISED,
    "<img src=https://example.org/x onerror=alert(1)> was raised",
    "</script><script>document.title='taken over'</script>",
    (),
    (),
    ("returned",),
    (),
)


def report() -> Report:
    """A report with a case of each kind that the page shows in its own way."""
    return samples.report(
        samples.result("matrix/towers/plain"),
        samples.result(
            "matrix/towers/clear_devices", arguments={"clear_devices": "given"}, requirements=("DEV-01",)
        ),
        samples.result(
            FAILED,
            Verdict.FAIL,
            arguments={"export_scope": "tower_1", "clear_devices": "given"},
            requirements=("DEV-01", "SCOPE-05"),
        ),
        samples.result(
            QUOTED,
            Verdict.KNOWN_FAILURE,
            graph="nested",
            findings=(HOSTILE,),
            fingerprint="b",
            reason="bug 7",
        ),
        samples.result("matrix/towers/eager", Verdict.UNSUPPORTED, reason="does not support eager"),
    )


def many(count: int) -> Report:
    """A report of so many cases, every tenth failed."""

    def case(number: int) -> CaseResult:
        verdict = Verdict.PASS if number % 10 else Verdict.FAIL
        arguments = {"saver_def": f"s{number % 7}", "export_scope": f"tower_{number % 11}"}
        return samples.result(
            f"matrix/g{number % 40}/{number:06}", verdict, graph=f"g{number % 40}", arguments=arguments
        )

    return samples.report(*map(case, range(count)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium that logs what its pages say and ask for."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    service = webdriver.ChromeService(executable_path=DRIVER, log_output=subprocess.DEVNULL)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


class Page:
    """A report that is open in the browser."""

    def __init__(self, browser: Any, path: Path) -> None:
        self.browser = browser
        self._path = path

    def open(self, fragment: str = "", size: tuple[int, int] = DESKTOP) -> None:
        """Load the page anew."""
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE},
        )
        self.browser.get("about:blank")
        self.browser.get_log("browser")
        self.browser.get_log("performance")
        self.browser.get(self._path.as_uri() + fragment)

    def run(self, script: str, *arguments: object) -> Any:
        """Run JavaScript in the page."""
        return self.browser.execute_script(script, *arguments)

    def cases(self) -> list[str]:
        """The ids of the cases that are listed."""
        found: list[str] = self.run(
            "return [...document.querySelectorAll('#list .id')].map((e) => e.textContent)"
        )
        return found

    def choose(self, name: str, value: str) -> None:
        """Set a filter as a user does: the value changes, then the event comes."""
        self.run(
            "const field = document.getElementById('filters').elements[arguments[0]];"
            "field.value = arguments[1];"
            "field.dispatchEvent(new Event('input', {bubbles: true}));",
            name,
            value,
        )

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        webdriver.ActionChains(self.browser).send_keys(*keys).perform()

    def focused(self) -> str:
        """The text of the element that has the focus."""
        text: str = self.run("return document.activeElement.textContent")
        return text


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Page:
    """The page of the sample report, opened."""
    path = tmp_path / "report.html"
    path.write_text(render_html(report()), encoding="utf-8")
    opened = Page(browser, path)
    opened.open()
    return opened


def test_the_page_opens_on_the_failures(page: Page) -> None:
    """Failed cases are what a reader comes for."""
    assert page.cases() == [FAILED]
    assert page.run("return document.getElementById('found').textContent") == "1 of 5 cases"


def test_the_page_says_nothing_to_the_console_and_asks_for_nothing(page: Page) -> None:
    """Hostile text in a finding neither runs nor loads; only the file itself is requested."""
    page.open("#verdict=known_failure")
    page.run("document.querySelector('#list summary').click()")
    assert "<img src=" in page.run("return document.querySelector('#list .body').textContent")
    assert page.run("return document.title").startswith("adapter:export")
    assert page.browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in page.browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert asked
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("verdict", "unsupported", ["matrix/towers/eager"]),
        ("requirement", "DEV-01", ["matrix/towers/clear_devices", FAILED]),
        ("graph", "nested", [QUOTED]),
        ("argument", "export_scope", [FAILED]),
        ("argument", "plain", [QUOTED, "matrix/towers/eager", "matrix/towers/plain"]),
        ("text", "TOWER_1", [FAILED]),
        ("text", "dropped", [FAILED]),
        ("text", "no such text", []),
    ],
)
def test_each_filter_selects_and_can_be_linked_to(
    page: Page, name: str, value: str, expected: list[str]
) -> None:
    """A filter shows its cases, the address says so, and the same address opened anew shows them again."""
    page.run("document.querySelector('#filters button').click()")
    page.choose(name, value)
    assert page.cases() == expected
    fragment = page.run("return location.hash")
    page.open(fragment)
    assert page.cases() == expected
    assert page.run("return document.getElementById('filters').elements[arguments[0]].value", name) == value


def test_filters_add_up_and_clear(page: Page) -> None:
    """Two filters select what both do, and one button takes them all away."""
    page.open("#requirement=DEV-01&verdict=pass")
    assert page.cases() == ["matrix/towers/clear_devices"]
    page.run("document.querySelector('#filters button').click()")
    assert len(page.cases()) == 5


@pytest.mark.parametrize("case", [FAILED, QUOTED])
def test_a_link_to_a_case_opens_it(page: Page, case: str) -> None:
    """The case is listed alone, open, in view, with the line that runs it again as the kit prints it."""
    page.open("#verdict=" + ("fail" if case == FAILED else "known_failure"))
    page.run("document.querySelector('#list summary').click()")
    page.run("[...document.querySelectorAll('#list .actions a')].pop().click()")
    page.open(page.run("return location.hash"))
    assert page.cases() == [case]
    assert page.run("return document.querySelector('#list details').open")
    command = page.run("return document.querySelector('#list .command').textContent")
    assert command == report().header.command_for(case)
    top = page.run("return document.querySelector('#list summary').getBoundingClientRect().top")
    assert 0 <= top < DESKTOP[1]


def test_the_table_and_the_matrix_lead_to_cases(page: Page) -> None:
    """A requirement and a cell of the matrix are links to the cases that their numbers count."""
    page.run("document.querySelector('a[href=\"#requirement=DEV-01\"]').click()")
    assert page.cases() == ["matrix/towers/clear_devices", FAILED]
    page.run("document.querySelector('a[href=\"#graph=towers&argument=export_scope\"]').click()")
    assert page.cases() == [FAILED]


def test_requirements_without_a_failure_are_folded(page: Page) -> None:
    """What failed is in view, the rest one key away."""
    shown = (
        "return [...document.querySelectorAll('.requirements tbody tr')]"
        ".filter((e) => e.checkVisibility()).length"
    )
    failing = page.run("return document.querySelectorAll('.requirements td.failing').length")
    assert 0 < failing == page.run(shown)
    page.run("document.querySelector('#requirements > details > summary').focus()")
    page.press("\ue007")
    assert page.run(shown) == len(report().header.requirements)


def test_a_failure_shows_cause_picture_and_diff(page: Page) -> None:
    """The hint, a bar for each kind of difference, and the lines of the diff are there."""
    page.run("document.querySelector('#list summary').click()")
    text = page.run("return document.querySelector('#list .body').innerText")
    assert samples.FINDING.hints[0].text in text
    assert "graph_def.node: device" in text
    assert "~ device   3 nodes" in text
    widths = page.run(
        "return [...document.querySelectorAll('.picture .amount > span')]"
        ".map((e) => e.getBoundingClientRect().width)"
    )
    assert widths[0] > widths[1] > 0


def test_a_case_row_says_what_is_wrong_first(page: Page) -> None:
    """A folded row starts with the likely cause; the open one tells blamed rules from hidden ones."""
    row = page.run("return document.querySelector('#list summary .row').innerText")
    assert row.startswith("clear_devices looks unapplied: 3 nodes differ only in `device`")
    assert row.endswith(FAILED)
    assert not page.run("return document.querySelector('#list details').open")
    page.run("document.querySelector('#list summary').click()")
    lists = page.run(
        "return [...document.querySelectorAll('#list .rules')]"
        ".map((e) => [e.previousElementSibling.textContent, e.querySelector('a').textContent])"
    )
    assert lists == [["Blamed requirements", "SCOPE-05"], ["Hidden by this failure", "DEV-01"]]


def test_the_matrix_scrolls_on_a_phone_with_a_hint(page: Page) -> None:
    """The page is as wide as the phone, and a line above the wider matrix says that it scrolls."""
    hint = "return document.querySelector('#matrix .swipe').checkVisibility()"
    page.open("", PHONE)
    assert page.run(hint)
    assert page.run("return document.documentElement.scrollWidth") == PHONE[0]
    page.open("", DESKTOP)
    assert not page.run(hint)


def test_score_cards_use_their_width(page: Page) -> None:
    """The cards fill the row that they stand in."""
    page.open("", (1400, 900))
    widths = page.run(
        "return ['.cards', '.card'].map((name) => [...document.querySelectorAll(name)]"
        ".reduce((sum, e) => sum + e.getBoundingClientRect().width, 0))"
    )
    assert widths[1] > 0.95 * widths[0]


def test_the_keyboard_is_enough(page: Page) -> None:
    """The first Tab offers to skip to the content; from the text filter Tab and Enter open a case."""
    page.press("\ue004")
    assert page.focused() == "Skip to the content"
    page.run("document.getElementById('filters').elements.text.focus()")
    page.press("\ue004", "\ue004")
    assert FAILED in page.focused()
    page.press("\ue007")
    assert page.run("return document.querySelector('#list details').open")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_is_wider_than_the_screen(page: Page, size: tuple[int, int]) -> None:
    """The page itself never scrolls sideways; wide tables and diffs scroll on their own."""
    page.open("#case=" + FAILED, size)
    assert page.run("return document.documentElement.scrollWidth") <= size[0]


def test_every_control_has_a_name(page: Page) -> None:
    """A screen reader can announce each field, link, button and scrolling region."""
    nameless = page.run(
        "return [...document.querySelectorAll('a, button, select, input, [role=region]')].filter((e) => !("
        "e.textContent.trim() || e.labels?.length || e.ariaLabel || e.getAttribute('aria-labelledby')"
        ")).map((e) => e.outerHTML)"
    )
    assert nameless == []
    assert page.run("return [...document.querySelectorAll('th')].every((e) => e.scope)")
    assert page.run("return document.documentElement.lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_schemes(page: Page, scheme: str) -> None:
    """Chips, the matrix and plain text have a contrast of at least 4.5 in light and dark."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    page.open("#")
    contrasts = page.run(CONTRASTS)
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert len(contrasts) > 20
    assert {text: contrast for text, contrast in contrasts if contrast < 4.5} == {}


CONTRASTS = """
const luminance = (colour) => {
  const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(colour)) return colour;
  }
};
return [...document.querySelectorAll('.chip, .tag, .heat td > *, p, a, th, td, dd, dt, summary')]
  .filter((e) => e.innerText.trim())
  .map((e) => {
    const [one, other] = [luminance(getComputedStyle(e).color), luminance(behind(e))].sort((a, b) => b - a);
    return [e.outerHTML.slice(0, 80), (one + 0.05) / (other + 0.05)];
  });
"""


def test_twenty_thousand_cases_list_a_hundred_at_a_time(browser: Any, tmp_path: Path) -> None:
    """A large report shows a page of cases, more on demand with the focus on the first new one."""
    path = tmp_path / "many.html"
    path.write_text(render_html(many(20_000)), encoding="utf-8")
    page = Page(browser, path)
    page.open()
    assert page.run("return document.getElementById('found').textContent") == "2,000 of 20,000 cases"
    assert len(page.cases()) == 100
    page.run("document.getElementById('more').click()")
    assert len(page.cases()) == 200
    assert page.cases()[100] in page.focused()
    page.choose("text", "019990")
    assert page.cases() == ["matrix/g30/019990"]
    assert browser.get_log("browser") == []


def test_the_comparison_page_stands_alone_too(browser: Any, tmp_path: Path) -> None:
    """It writes nothing to the console and fits a phone."""
    other = dataclasses.replace(
        report(), header=msgspec.structs.replace(report().header, exporter=ReportedExporter("two", "2", ()))
    )
    path = tmp_path / "comparison.html"
    path.write_text(
        render_comparison_html(compare({"one": report(), "two": other, "three": many(3)})), encoding="utf-8"
    )
    page = Page(browser, path)
    page.open("", PHONE)
    assert browser.get_log("browser") == []
    assert page.run("return document.documentElement.scrollWidth") <= PHONE[0]
