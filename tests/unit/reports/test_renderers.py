"""Markdown, badge, annotations and the static part of the HTML page."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec
import pytest
import report_samples as samples

from pytest_metagraph._util.text import printable
from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports import html
from pytest_metagraph.reports.annotations import MAX_ANNOTATIONS, render_annotations
from pytest_metagraph.reports.badge import render_badge
from pytest_metagraph.reports.errors import ReportError
from pytest_metagraph.reports.html import render_html
from pytest_metagraph.reports.markdown import render_markdown
from pytest_metagraph.reports.model import Report, ReportedShard
from pytest_metagraph.reports.renderers import FORMATS, format_of
from pytest_metagraph.settings import REPORT_FORMATS

PASS, FAIL, UNSUPPORTED = Verdict.PASS, Verdict.FAIL, Verdict.UNSUPPORTED
HOSTILE = "</script><script>alert(1)</script><!-- ]]> & | `x` \u2028"
EVIL = samples.finding("message_differs", HOSTILE, detail=HOSTILE, hints=(HOSTILE,))


def run(passed: int, failed: int = 0, unsupported: int = 0) -> Report:
    """A report with so many cases of each verdict."""
    verdicts = [PASS] * passed + [FAIL] * failed + [UNSUPPORTED] * unsupported
    return samples.report(
        *(samples.result(f"c{number:05}", verdict) for number, verdict in enumerate(verdicts))
    )


def unloaded(*others: CaseResult) -> Report:
    """A report of three cases on two graphs that the exporter cannot load, beside some other cases."""
    return samples.report(
        samples.result("x", Verdict.NOT_LOADABLE, graph="loops", reason="Op type not registered 'X'"),
        samples.result("y", Verdict.NOT_LOADABLE, graph="loops", reason="Op type not registered 'X'"),
        samples.result("z", Verdict.NOT_LOADABLE, graph="strings", reason=HOSTILE),
        *others,
    )


def invalid() -> Report:
    """A report of one passed case of two."""
    return samples.report(samples.result("a"), expected_cases=2)


@pytest.mark.parametrize(
    ("report", "value", "colour"),
    [
        (run(10), "100 %", "#2e7d32"),
        (run(9_999, 1), "99.9 %", "#7a7b00"),
        (run(2, 1), "66.6 %", "#b35c00"),
        (run(1, 2), "33.3 %", "#b3261e"),
        (run(10, unsupported=38), "100 %, 38 unsupported", "#2e7d32"),
        (run(0, unsupported=2), "nothing tested, 2 unsupported", "#6b7280"),
        (unloaded(), "nothing tested, 3 not loadable", "#6b7280"),
        (unloaded(samples.result("p")), "100 %, 3 not loadable", "#2e7d32"),
        (invalid(), "INVALID", "#6b7280"),
        (samples.report(samples.result("a"), shard=ReportedShard(1, 2)), "shard 1/2", "#6b7280"),
    ],
)
def test_the_badge_never_shows_more_than_was_reached(report: Report, value: str, colour: str) -> None:
    """It rounds down, names what is unsupported, and is grey if there is no score."""
    svg = render_badge(report)
    assert ET.fromstring(svg).attrib["aria-label"] == f"export_meta_graph (documented): {value}"  # noqa: S314 - ours
    assert f'fill="{colour}"' in svg


def test_markdown_states_the_score_and_the_causes() -> None:
    """The score has its denominator, and each cause its cases, its requirement and its smallest case."""
    text = render_markdown(run(3, 2, 1))
    assert "- **3 of 5 required, 1 unsupported**" in text
    cause = "clear\\_devices looks unapplied: 3 nodes differ only in \\`device\\`."
    assert f"| {cause} | 2 | SCOPE-05 | c00003 |" in text
    assert "--metagraph-case=c00003" in text
    assert "| SCOPE-05 | 3 of 5 | **2** | 0 | 1 | 0 | required | documented |" in text


def test_markdown_lists_ten_causes() -> None:
    """Further causes are counted."""
    results = [
        samples.result(f"c{n}", FAIL, findings=(samples.finding("raised", f"Error{n} was raised"),))
        for n in range(12)
    ]
    text = render_markdown(samples.report(*results))
    assert len(re.findall(r"^\| Error\d+ .* \| 1 \|", text, re.MULTILINE)) == 10
    assert "and 2 other causes" in text


@pytest.mark.parametrize("render", [render_markdown, render_html, render_badge, render_annotations])
def test_every_format_shows_an_invalid_report_as_such(render: Callable[[Report], str]) -> None:
    """No format makes a score, of the run or of a requirement, out of an INVALID report."""
    text = render(invalid())
    assert "INVALID" in text
    assert "1 of 1" not in text
    assert " %" not in text


@pytest.mark.parametrize("render", [render_markdown, render_html, render_annotations])
def test_formats_say_what_is_wrong_with_the_list_of_known_failures(render: Callable[[Report], str]) -> None:
    """A run that is red for its list alone says so wherever it is shown."""
    report = samples.report(samples.result("a"), list_problems=("entry 1 has expired",))
    assert "The list of known failures is wrong" in render(report)
    assert "entry 1 has expired" in render(report)


def test_markdown_says_what_it_was_given() -> None:
    """Text from an exporter is not markup, and does not break the table."""
    finding = samples.finding("raised", "a|b <img> *x* [y](z)\nnew")
    text = render_markdown(samples.report(samples.result("a", FAIL, findings=(finding,))))
    assert r"a\|b \<img\> \*x\* \[y\](z) new" in text


def test_annotations_are_workflow_commands() -> None:
    """One error for each cause of a failure that is not known, escaped as the runner reads it."""
    finding = samples.finding("raised", "50 % a,b")
    report = samples.report(
        samples.result("a", FAIL, findings=(finding,)),
        samples.result("b", Verdict.KNOWN_FAILURE, fingerprint="known"),
        samples.result("c", Verdict.UNEXPECTED_PASS),
    )
    stale, failed = render_annotations(report).splitlines()
    assert stale == "::error title=Known failures that passed::c"
    assert failed == (
        "::error title=50 %25 a%2Cb (1 case)::Smallest case: a%0A"
        "pytest -p pytest_metagraph --pyargs conformance_cases --metagraph-case=a"
    )


def with_recommended(level: Literal["required", "recommended"]) -> Report:
    """A run of a passed case, a failure of a required rule, and one of a recommended rule."""
    advisory = samples.finding("raised", "Unsorted was raised")
    verdict = Verdict.RECOMMENDED_FAILURE if level == "required" else FAIL
    return samples.report(
        samples.result("a"),
        samples.result("b", FAIL),
        samples.result("c", verdict, requirements=("COL-09",), blamed=("COL-09",), findings=(advisory,)),
        level=level,
    )


def test_failures_of_recommended_rules_stand_apart() -> None:
    """A run of the level required shows them with their cause, after and apart from what fails it."""
    text = render_markdown(with_recommended("required"))
    failing, advisory = text.split("### Recommended rules, which do not fail this run")
    assert "Unsorted was raised" in advisory
    assert "Unsorted was raised" not in failing
    assert "- **1 of 2 required**" in text
    assert "- **0 of 1 recommended**, not enforced" in text
    page = render_html(with_recommended("required"))
    assert page.index("<h3>Recommended rules</h3>") < page.index("Unsorted was raised")
    assert "recommended, not enforced in this run" in page
    errors = render_annotations(with_recommended("required")).splitlines()
    assert [line.partition(" ")[0] for line in errors] == ["::error", "::notice"]
    assert "title=Unsorted was raised (1 case of recommended rules)" in errors[1]


def test_an_enforced_recommendation_is_a_failure() -> None:
    """A run of the level recommended says so, and counts every failure alike."""
    text = render_markdown(with_recommended("recommended"))
    assert "level **recommended**" in text
    assert "not enforced" not in text
    assert "Recommended rules" not in text
    assert "Unsorted was raised" in text
    assert render_annotations(with_recommended("recommended")).count("::error") == 2


def test_the_badge_scores_what_the_run_enforced() -> None:
    """The level recommended is named, and its cases count."""
    titles = [
        ET.fromstring(render_badge(with_recommended(level))).attrib["aria-label"]  # noqa: S314 - ours
        for level in ("required", "recommended")
    ]
    assert titles == [
        "export_meta_graph (documented): 50.0 %",
        "export_meta_graph (documented, recommended): 33.3 %",
    ]


def test_causes_come_before_the_score() -> None:
    """A reader of the page sees first what to repair."""
    page = render_html(run(3, 2))
    assert page.index('<section id="causes"') < page.index('<section id="score"')
    assert "2 of 5" not in page
    assert "<strong>3 of 5 required</strong>: 1 cause to repair" in page


def test_annotations_are_as_many_as_github_shows() -> None:
    """The rest would be dropped without a word."""
    results = [
        samples.result(f"c{n:02}", FAIL, findings=(samples.finding("raised", f"Error{n} was raised"),))
        for n in range(30)
    ]
    assert render_annotations(samples.report(*results)).count("::error") == MAX_ANNOTATIONS
    assert render_annotations(run(3)) == ""


def embedded(page: str) -> dict[str, object]:
    """The data in a page, as its script parses it."""
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    data: dict[str, object] = json.loads(text)
    return data


def test_hostile_text_stays_text() -> None:
    """Nothing that an exporter says ends a script, opens an element or is lost."""
    report = samples.report(
        samples.result(HOSTILE, FAIL, findings=(EVIL,), graph=HOSTILE),
        exporter=samples.exporter(HOSTILE, HOSTILE),
    )
    page = render_html(report)
    assert page.count("<script") == 2
    assert "alert(1)</script" not in page
    assert "<!--" not in page
    findings = embedded(page)["findings"]
    assert isinstance(findings, list)
    assert findings[0]["detail"] == printable(HOSTILE, keep_newlines=True)


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_a_report_names_its_oracle_and_where_messages_must_load(render: Callable[[Report], str]) -> None:
    """Right answers of another exporter than the reference are not those of TensorFlow."""
    changes = {"oracle": "own.adapter:export", "check_loads": "1.15,2.21"}
    text = render(samples.report(samples.result("a"), **changes)).replace("\\", "")
    assert all(value in text for value in changes.values())
    assert not any(value in render(run(1, 0)) for value in changes.values())


def test_nothing_of_an_exporter_is_a_mention_or_a_link_in_markdown() -> None:
    """A comment of a bot with this text would notify a stranger, or link to any address."""
    evil = "@someone http://evil.example www.evil.example a@b.example"
    text = render_markdown(unloaded(samples.result("a", FAIL)))
    assert not re.search(r"@\w|://|www\.", text)
    report = samples.report(samples.result("z", Verdict.NOT_LOADABLE, graph=evil, reason=evil))
    shown = render_markdown(report)
    assert "evil" in shown
    outside_of_code = re.sub(r"`+[^`]*`+", "", shown)
    assert not re.search(r"@\w|://|www\.", outside_of_code)


def test_the_page_asks_the_network_for_nothing() -> None:
    """There is no address in it, and its policy forbids every request."""
    page = render_html(run(3, 1))
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)
    assert "http" not in page.replace("http-equiv", "")


def test_a_page_states_sentence_basis_and_quote_of_a_requirement() -> None:
    """The requirement table does not need the corpus."""
    page = render_html(run(1))
    for text in ("A nested scope is stripped as a whole.", "documented", "a quote"):
        assert text in page


def test_a_page_has_a_matrix_only_of_graphs_with_several_cases() -> None:
    """Requirement cases alone make no matrix, and no link to one."""
    own = samples.result("SCOPE-05/a", graph="SCOPE-05/a")
    assert 'id="matrix"' not in render_html(samples.report(own))
    assert '"#matrix"' not in render_html(samples.report(own))
    assert 'id="matrix"' in render_html(samples.report(own, samples.result("matrix/towers/plain")))


def test_a_page_shares_what_cases_share() -> None:
    """Equal findings, requirements (involved, blamed or none) and arguments are stated once."""
    data = html.page_data(run(50, 50))
    assert [len(data[name]) for name in ("rows", "findings", "requirements", "arguments", "reasons")] == [
        100, 1, 2, 1, 1,
    ]  # fmt: skip


def test_a_page_keeps_details_of_every_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over the budget is left out, the further cases of the most frequent cause first."""
    monkeypatch.setattr(html, "DETAIL_BUDGET", 250)

    def failed(name: str, summary: str) -> CaseResult:
        finding = samples.finding("raised", summary, detail=f"{name:>100}")
        return samples.result(name, FAIL, findings=(finding,))

    report = samples.report(failed("a", "1"), failed("b", "1"), failed("c", "1"), failed("d", "2"))
    data = html.page_data(report)
    column = html._COLUMNS.index("findings")
    details = {row[0]: data["findings"][row[column][0]]["detail"] for row in data["rows"]}
    assert {name for name, detail in details.items() if detail.strip() == name} == {"a", "d"}
    assert details["b"] == details["c"] == html._LEFT_OUT


def test_the_suffix_chooses_the_format() -> None:
    """Each suffix of the option has its renderer; annotations are for stdout only."""
    assert [format_of(Path(f"a.{name}")) for name in REPORT_FORMATS] == ["jsonl", "md", "html", "svg"]
    assert {*FORMATS} == {*REPORT_FORMATS, "annotations"}


@pytest.mark.parametrize("name", ["report", "report.txt", "report.annotations", "report.HTML.gz"])
def test_other_suffixes_are_refused(name: str) -> None:
    """The error names the suffixes that there are."""
    with pytest.raises(ReportError, match=r"Use one of \.jsonl, \.md, \.html, \.svg\."):
        format_of(Path(name))


@pytest.mark.parametrize(
    ("render", "graph"),
    [
        (render_markdown, "| loops | 2 | Op type not registered 'X' |"),
        (
            render_html,
            '<td class="figures">2</td><td class="sentence">Op type not registered &#39;X&#39;</td>',
        ),
    ],
)
def test_formats_name_the_graphs_that_cannot_be_loaded(render: Callable[[Report], str], graph: str) -> None:
    """Beside the score stand the number of cases, and each graph with the reason of the exporter, escaped."""
    text = render(unloaded(samples.result("a"), samples.result("b")))
    assert "2 of 2 required, 3 not loadable" in text
    assert graph in text
    assert "<script>alert" not in text


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_formats_note_op_defs_that_no_tensorflow_has(render: Callable[[Report], str]) -> None:
    """Whoever reads a score sees that the exporter handed over definitions that the kit cannot verify."""
    report = samples.report(samples.result("a"))
    assert "op defs of its own" not in render(report)
    exporter = msgspec.structs.replace(report.header.exporter, own_op_defs=("Conv2D", "MatMul"))
    noted = replace(report, header=msgspec.structs.replace(report.header, exporter=exporter))
    assert "Note: op defs of its own: 2 (Conv2D, MatMul)" in render(noted)


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_an_exporter_that_loads_nothing_has_no_score(render: Callable[[Report], str]) -> None:
    """A run in which no case was tested shows no score, and its footer says that it failed."""
    report = unloaded()
    assert report.footer is not None
    assert report.footer.verdict == "fail"
    text = render(report)
    assert "No case was tested." in text
    assert "0 of 0" not in text
