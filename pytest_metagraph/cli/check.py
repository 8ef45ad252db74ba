"""`metagraph check`: check whether a given version of TensorFlow would import a graph."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import counted, printable
from pytest_metagraph.cli._options import add_json_option, add_limit_option
from pytest_metagraph.cli._output import say, say_json, say_on_stderr
from pytest_metagraph.loadability.attr_versions import explain_attr
from pytest_metagraph.loadability.check import UncheckableInputError, checks_of
from pytest_metagraph.loadability.report import LoadProblem, LoadReport
from pytest_metagraph.loadability.version_ranges import format_versions, parse_versions
from pytest_metagraph.settings import TESTED_TENSORFLOW

DESCRIPTION = """\
Check whether a given version of TensorFlow would import a graph. That version need not be installed.

Each problem is printed with its rule, its node and a fix. The problem that TensorFlow would report comes
first. FILE is a MetaGraphDef (.meta), a GraphDef (.pb), either of them as text (.pbtxt), a saved_model.pb, or
the folder of a SavedModel. The rules are described in docs/reference/loadability.md.
"""
EPILOG = """\
examples:
  metagraph check model.meta
  metagraph check model.meta --for 1.15
  metagraph check model.meta --for all
  metagraph check model.meta other.meta --for 1.13-2.3 --json
  metagraph check --explain-attr Equal.incompatible_shape_error

exit status: 0 every file loads in every version, 1 one does not, 2 a file or a version cannot be used

To drop everything that an older version does not know: metagraph export IN OUT --for 1.15
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="the files to check")
    parser.add_argument(
        "--for",
        dest="versions",
        action="append",
        metavar="VERSION",
        help="a version such as 1.15, a range such as 1.13-2.3, or all; repeatable "
        f"(default: {TESTED_TENSORFLOW})",
    )
    add_json_option(parser, "the reports")
    add_limit_option(parser)
    parser.add_argument(
        "--explain-attr",
        metavar="OP.ATTR",
        help="print which versions know an attribute of an op, instead of checking files",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 if every file loads in every requested version, 1 if one does not, 2 if a file cannot be used.

    Raises:
        MetagraphError: if a version or an attribute is not known, or no file is given.
    """
    if arguments.explain_attr is not None:
        say(explain_attr(arguments.explain_attr), keep_newlines=True)
        if not arguments.files:
            return 0
    if not arguments.files:
        raise MetagraphError("there is no file to check", "give a FILE; see metagraph check --help")
    requested = parse_versions(arguments.versions or [TESTED_TENSORFLOW])
    return _check(arguments.files, requested, as_json=arguments.json)


def _check(files: Sequence[str], requested: Sequence[str], *, as_json: bool) -> int:
    status = 0
    data: list[dict[str, Any]] = []
    for file in files:
        try:
            checks = checks_of(file)
        except UncheckableInputError as error:  # the other files are checked all the same
            say_on_stderr(f"metagraph check: {error}")
            status = 2
            continue
        for check in checks:
            reports = {version: check.report(version) for version in requested}
            if not all(report.loads for report in reports.values()):
                status = max(status, 1)
            if as_json:
                data.extend(report.as_dict() for report in reports.values())
            else:
                say(render(check.label, reports).rstrip("\n"), keep_newlines=True)
    if as_json:
        say_json(data)
    return status


def render(label: str, reports: Mapping[str, LoadReport]) -> str:
    """Return the reports of one graph for several versions as text for people.

    Args:
        label: how to name the graph.
        reports: the reports by minor version.

    Returns:
        The whole report if there is one; otherwise a line with the versions that load it, and the first
        reason of each other version.
    """
    if len(reports) == 1:
        return next(iter(reports.values())).render()
    return "\n".join([_heading(label, reports), *_reasons(reports)]) + "\n"


def _heading(label: str, reports: Mapping[str, LoadReport]) -> str:
    loading = [version for version, report in reports.items() if report.loads]
    refusing = [version for version, report in reports.items() if not report.loads]
    parts = [f"loads in {format_versions(loading)}"] if loading else []
    parts += [f"{'not' if loading else 'does not load'} in {format_versions(refusing)}"] if refusing else []
    return f"{printable(label)}: {'; '.join(parts)}"


def _reasons(reports: Mapping[str, LoadReport]) -> Iterator[str]:
    """Return the problems of the versions, those of versions with the same problems once."""
    groups: dict[tuple[LoadProblem, ...], list[str]] = {}
    for version, report in reports.items():
        if report.problems:
            groups.setdefault(report.problems, []).append(version)
    for problems, having in groups.items():
        others = len(problems) - 1
        more = f"\n      and {counted(others, 'problem')} more; see --for {having[0]}" if others else ""
        yield f"{format_versions(having)}, because\n{problems[0].text()}{more}"
