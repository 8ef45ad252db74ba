"""`metagraph report`: validate, merge, compare and render the reports of conformance runs."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from pytest_metagraph._util.errors import refuse_to_replace
from pytest_metagraph.cli._errors import writing
from pytest_metagraph.cli._options import add_json_option
from pytest_metagraph.cli._output import say, say_escaped, say_json, say_json_text
from pytest_metagraph.reports import renderers
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.jsonl import read_report, write_report
from pytest_metagraph.reports.merging import merge
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.report_diff import ChangeKind, changes
from pytest_metagraph.reports.scoring import scores_by_level
from pytest_metagraph.settings import REPORT_FORMATS
from reference_impl.atomic_write import write_file

DESCRIPTION = "Work with the .jsonl files that `pytest --metagraph-report=FILE.jsonl` writes."

EPILOG = """\
examples:
  metagraph report validate report.jsonl
  metagraph report merge shard-1.jsonl shard-2.jsonl -o report.jsonl
  metagraph report diff old.jsonl new.jsonl
  metagraph report render report.jsonl -o report.html

exit status: see metagraph report ACTION --help
"""

_ACTIONS = {
    "validate": "check that reports are complete and consistent",
    "merge": "merge the reports of all shards of a run",
    "diff": "list the cases whose result has changed",
    "render": "show one report, or several side by side",
}

_ACTION_EPILOGS = {
    "validate": """\
example:
  metagraph report validate report.jsonl

exit status: 0 every report is valid, or PARTIAL on purpose, 1 a report is INVALID, 2 a file is not a report
""",
    "merge": """\
example:
  metagraph report merge shard-1.jsonl shard-2.jsonl -o report.jsonl

exit status: 0 the merged report was written, 2 the reports are not the shards of one run
""",
    "diff": """\
example:
  metagraph report diff old.jsonl new.jsonl

exit status: 0 no case that passes in OLD fails in NEW, 1 one does, 2 the reports cannot be compared
""",
    "render": """\
examples:
  metagraph report render report.jsonl -o report.html
  metagraph report render report.jsonl --format annotations
  metagraph report render mine.jsonl theirs.jsonl -o comparison.md

exit status: 0 the reports were rendered, 2 a file or the format cannot be used
""",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of the sub-command, each with its options."""
    subparsers = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    actions: dict[str, argparse.ArgumentParser] = {}
    for name, sentence in _ACTIONS.items():
        actions[name] = subparsers.add_parser(
            name,
            help=sentence,
            description=f"{sentence[0].upper()}{sentence[1:]}.",
            epilog=_ACTION_EPILOGS[name],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    _add_reports(actions["validate"])
    add_json_option(actions["validate"], "the reports with their problems")
    actions["validate"].set_defaults(action=_validate)

    _add_reports(actions["merge"])
    actions["merge"].add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the .jsonl file to write"
    )
    add_json_option(actions["merge"], "the score")
    actions["merge"].set_defaults(action=_merge)

    actions["diff"].add_argument("old", type=Path, metavar="OLD", help="a .jsonl file")
    actions["diff"].add_argument("new", type=Path, metavar="NEW", help="a .jsonl file")
    add_json_option(actions["diff"], "the changes")
    actions["diff"].set_defaults(action=_diff)

    _add_reports(actions["render"])
    actions["render"].add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="the file to write; default: stdout"
    )
    actions["render"].add_argument(
        "--format",
        choices=(*REPORT_FORMATS, "annotations"),
        help="the format; default: the one that the suffix of FILE names",
    )
    actions["render"].set_defaults(action=_render)


def _add_reports(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT", help="a .jsonl file")


def run(arguments: argparse.Namespace) -> int:
    """Run an action of the sub-command.

    Raises:
        MetagraphError: if a report cannot be used for the action, or the output cannot be written.
    """
    status: int = arguments.action(arguments)
    return status


def _validate(arguments: argparse.Namespace) -> int:
    reports = _read_all(arguments.reports)
    if arguments.json:
        say_json({name: _standing_data(report) for name, report in reports.items()})
        return 0 if all(report.is_valid for report in reports.values()) else 1
    invalid = 0
    for name, report in reports.items():
        if report.is_valid:
            say(f"{name}: valid, {_standing(report)}")
            continue
        invalid += report.status == "INVALID"
        say(f"{name}: {report.status}")
        for problem in report.problems:
            say(f"  {problem.code}: {problem.sentence}")
    return 1 if invalid else 0


def _merge(arguments: argparse.Namespace) -> int:
    refuse_to_replace(arguments.output, arguments.reports)
    merged = merge(_read_all(arguments.reports))
    with writing(arguments.output):
        write_report(arguments.output, merged)
    if arguments.json:
        say_json({str(arguments.output): _standing_data(merged)})
    else:
        say(f"{arguments.output}: {_standing(merged)}")
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    before, after = read_report(arguments.old), read_report(arguments.new)
    found = changes(before, after)
    status = 1 if any(change.kind is ChangeKind.REGRESSION for change in found) else 0
    same_corpus = before.header.corpus_digest == after.header.corpus_digest
    if arguments.json:
        listed = [msgspec.to_builtins(change) for change in found]
        say_json({"same_corpus": same_corpus, "changes": listed})
        return status
    if not same_corpus:
        say("The corpus has changed between the reports: cases may be new or gone.")
    for kind, group in groupby(found, key=lambda change: change.kind):
        listed = list(group)
        say(f"{len(listed):,} {kind.words(len(listed))}:")
        for change in listed:
            say(f"  {change.text}")
    if not found:
        say("Nothing has changed.")
    return status


def _render(arguments: argparse.Namespace) -> int:
    reports = _read_all(arguments.reports)
    if arguments.output is None:
        if arguments.format is None:
            raise ReportError(ErrorCode.UNKNOWN_OUTPUT, "The format is unknown.", "Give -o FILE or --format.")
        text = renderers.render(reports, arguments.format)
        (say_json_text if arguments.format == "jsonl" else say_escaped)(text)
        return 0
    refuse_to_replace(arguments.output, arguments.reports)
    output = arguments.format or renderers.format_of(arguments.output)
    text = renderers.render(reports, output)
    with writing(arguments.output):
        write_file(arguments.output, text.encode())
    return 0


def _read_all(paths: Sequence[Path]) -> dict[str, Report]:
    reports: dict[str, Report] = {}
    for path in paths:
        if str(path) in reports:
            raise ReportError(ErrorCode.DOUBLED_SHARDS, f"{path} is given twice.")
        reports[str(path)] = read_report(path)
    return reports


def _standing_data(report: Report) -> dict[str, Any]:
    """Return whether a report is valid, its problems, and its scores by level, as plain data."""
    return {
        "status": report.status,
        "problems": [{"code": problem.code, "sentence": problem.sentence} for problem in report.problems],
        "no_score": report.no_score,
        "scores": {level: dataclasses.asdict(score) for level, score in scores_by_level(report).items()},
    }


def _standing(report: Report) -> str:
    """Return the score in words, or why there is none."""
    scores = "; ".join(score.text(level) for level, score in scores_by_level(report).items())
    return report.no_score or scores or "no case"
