"""`metagraph report`: checks, merges, compares and renders the reports of conformance runs."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from pytest_metagraph.reports import renderers
from pytest_metagraph.reports.errors import ErrorCode, ReportError
from pytest_metagraph.reports.jsonl import read_report, write_report
from pytest_metagraph.reports.merging import merge
from pytest_metagraph.reports.model import Report
from pytest_metagraph.reports.report_diff import ChangeKind, changes
from pytest_metagraph.reports.scoring import scores_by_level
from reference_impl.atomic_write import write_file

_FORMATS = ("jsonl", "md", "html", "svg", "annotations")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-command and add its options."""
    parser.description = "Work with the .jsonl files that `pytest --metagraph-report=FILE.jsonl` writes."
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    validating = _add_action(
        actions, "validate", "exit with 1 if a report is INVALID, and say why", _validate
    )
    _add_reports(validating)

    merging = _add_action(actions, "merge", "join the reports of all shards of a run", _merge)
    _add_reports(merging)
    merging.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the .jsonl to write"
    )

    comparing = _add_action(actions, "diff", "exit with 1 if a case passes in OLD and not in NEW", _diff)
    comparing.add_argument("old", type=Path, metavar="OLD", help="a .jsonl file")
    comparing.add_argument("new", type=Path, metavar="NEW", help="a .jsonl file")

    rendering = _add_action(actions, "render", "show one report, or several side by side", _render)
    _add_reports(rendering)
    rendering.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="the file to write; default: stdout"
    )
    rendering.add_argument(
        "--format", choices=_FORMATS, help="how to show it; default: what the suffix of FILE says"
    )


def _add_action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    sentence: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=sentence, description=f"{sentence[0].upper()}{sentence[1:]}.")
    parser.set_defaults(run=functools.partial(_run, run))
    return parser


def _add_reports(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT", help="a .jsonl file")


def _run(action: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Run an action; what is wrong with its input is one line on stderr and the exit status 2."""
    try:
        return action(arguments)
    except ReportError as error:
        problem = str(error)
    except OSError as error:
        if error.filename is None:
            raise  # a closed pipe, for one, is no wrong input
        problem = f"{error.filename} can not be written: {error.strerror}."
    sys.stderr.write(f"metagraph report: {problem}\n")
    return 2


def _validate(arguments: argparse.Namespace) -> int:
    invalid = 0
    for name, report in _read_all(arguments.reports).items():
        if report.is_valid:
            _say(f"{name}: valid, {_standing(report)}")
            continue
        invalid += 1
        _say(f"{name}: INVALID")
        for problem in report.problems:
            _say(f"  {problem.code}: {problem.sentence}")
    return 1 if invalid else 0


def _merge(arguments: argparse.Namespace) -> int:
    merged = merge(_read_all(arguments.reports))
    write_report(arguments.output, merged)
    _say(f"{arguments.output}: {_standing(merged)}")
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    before, after = read_report(arguments.old), read_report(arguments.new)
    if before.header.corpus_digest != after.header.corpus_digest:
        _say("The corpus has changed between the reports: cases may be new or gone.")
    found = changes(before, after)
    for kind, group in groupby(found, key=lambda change: change.kind):
        listed = list(group)
        _say(f"{len(listed):,} {kind.words(len(listed))}:")
        for change in listed:
            _say(f"  {change.text}")
    if not found:
        _say("Nothing has changed.")
    return 1 if any(change.kind is ChangeKind.REGRESSION for change in found) else 0


def _render(arguments: argparse.Namespace) -> int:

    reports = _read_all(arguments.reports)
    if arguments.output is None:
        if arguments.format is None:
            raise ReportError(
                ErrorCode.UNKNOWN_OUTPUT, "Nothing says how to show it.", "Give -o FILE or --format."
            )
        sys.stdout.write(renderers.render(reports, arguments.format))
        return 0
    output = arguments.format or renderers.format_of(arguments.output)
    write_file(arguments.output, renderers.render(reports, output).encode())
    return 0


def _read_all(paths: Sequence[Path]) -> dict[str, Report]:
    reports: dict[str, Report] = {}
    for path in paths:
        if str(path) in reports:
            raise ReportError(ErrorCode.DOUBLED_SHARDS, f"{path} is given twice.")
        reports[str(path)] = read_report(path)
    return reports


def _standing(report: Report) -> str:
    """The score in words, or why there is none."""
    scores = "; ".join(score.text(level) for level, score in scores_by_level(report).items())
    return report.no_score or scores or "no case"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
