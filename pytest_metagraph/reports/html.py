"""The HTML pages: each is one file that holds all it needs and asks the network for nothing."""

from __future__ import annotations

import importlib.resources
from collections import Counter

import jinja2
import markupsafe

from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.comparison import Comparison
from pytest_metagraph.reports.heat_map import PLAIN, heat_map
from pytest_metagraph.reports.model import LEVELS, Report
from pytest_metagraph.reports.page_data import page_data
from pytest_metagraph.reports.scoring import rows_by_area, rows_by_requirement, scores_by_level, worst_first
from pytest_metagraph.reports.symptoms import symptoms_of

_MAX_SYMPTOMS = 50
_MAX_DISAGREEMENTS = 1000


def render_html(report: Report) -> str:
    """A report as a page."""
    verdicts = Counter(result.verdict for result in report.results)
    return _render(
        "report.html.jinja",
        report=report,
        header=report.header,
        levels={} if report.no_score else scores_by_level(report),
        verdicts={verdict: verdicts[verdict] for verdict in Verdict if verdicts[verdict]},
        symptoms=symptoms_of(report),
        max_symptoms=_MAX_SYMPTOMS,
        areas=rows_by_area(report),
        requirements=worst_first(rows_by_requirement(report)),
        heat_map=heat_map(report),
        graphs=sorted({result.graph for result in report.results}),
        arguments=sorted({PLAIN, *(name for result in report.results for name in result.arguments)}),
        data=page_data(report),
        checks=sum(result.checks for result in report.results),
    )


def render_comparison_html(comparison: Comparison) -> str:
    """Reports side by side as a page."""
    return _render(
        "comparison.html.jinja",
        comparison=comparison,
        header=comparison.first.header,
        levels=[level for level in LEVELS if any(level in column.levels for column in comparison.columns)],
        asked={
            name
            for column in comparison.columns
            for name, score in column.requirements.items()
            if score.asked or score.not_claimed
        },
        max_disagreements=_MAX_DISAGREEMENTS,
    )


def _render(template: str, **variables: object) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["words"] = lambda name: name.replace("_", " ")
    # The style sheet and the script are files of the kit, and no templates.
    style, script = (markupsafe.Markup(_template(name)) for name in ("style.css", "report.js"))  # noqa: S704 - see above
    return environment.get_template(template).render(variables, style=style, script=script)


def _template(name: str) -> str:
    return importlib.resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")
