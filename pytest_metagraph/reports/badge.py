"""The SVG badge: the score of the level that the run enforced in a few words, for a README."""

from __future__ import annotations

from html import escape

from pytest_metagraph._util.text import printable
from pytest_metagraph.judging.verdicts import LEVELS
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.scoring import is_enforced, score_of

_GREY = "#6b7280"
_COLOURS = ((1000, "#2e7d32"), (900, "#7a7b00"), (500, "#b35c00"), (0, "#b3261e"))
"""The least score, in cases of 1,000, for each colour; white text on each has a contrast of at least 4.3."""

_CHARACTER = 6.6
_PADDING = 12
_HEIGHT = 20

_TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" aria-label="{title}">
  <title>{title}</title>
  <clipPath id="round"><rect width="{width}" height="{height}" rx="3"/></clipPath>
  <g clip-path="url(#round)">
    <rect width="{left}" height="{height}" fill="#3b3f46"/>
    <rect x="{left}" width="{right}" height="{height}" fill="{colour}"/>
  </g>
  <g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">
    <text x="{label_at}" y="14" textLength="{label_length}">{label}</text>
    <text x="{value_at}" y="14" textLength="{value_length}">{value}</text>
  </g>
</svg>
"""


def render_badge(report: Report) -> str:
    """Draw a badge: the percentage, rounded down; grey and without a number if there is none."""
    value, colour = _value(report)
    level = "" if report.header.level == LEVELS[0] else f", {report.header.level}"
    label = f"export_meta_graph ({report.header.contract}{level})"
    label_length, value_length = (round(len(text) * _CHARACTER) for text in (label, value))
    left, right = label_length + _PADDING, value_length + _PADDING
    return _TEMPLATE.format(
        title=_shown(f"{label}: {value}"),
        label=_shown(label),
        value=_shown(value),
        colour=colour,
        height=_HEIGHT,
        width=left + right,
        left=left,
        right=right,
        label_at=left / 2,
        label_length=label_length,
        value_at=left + right / 2,
        value_length=value_length,
    )


def _shown(text: str) -> str:
    return escape(printable(text))


def _value(report: Report) -> tuple[str, str]:
    if not report.is_valid:
        return report.status, _GREY
    if not report.header.shard.is_whole:
        return f"shard {report.header.shard}", _GREY
    score = score_of(
        result for result in report.results if is_enforced(report.header.level_of(result), report.header)
    )
    if not score.tested:
        return f"nothing tested{score.untested}", _GREY
    colour = next(colour for least, colour in _COLOURS if score.per_mille >= least)
    return f"{'100 %' if score.is_full else score.percent}{score.untested}", colour
