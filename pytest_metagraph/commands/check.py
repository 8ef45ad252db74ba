"""`metagraph check`: says whether TensorFlow would import a graph, without that TensorFlow."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_metagraph.loadability.report import LoadProblem, LoadReport

_DESCRIPTION = """\
Check whether import_meta_graph of a version of TensorFlow would import a graph, without that TensorFlow.

Each problem is printed with its rule, its node and the way out; first the one that TensorFlow would report.
FILE is a MetaGraphDef (.meta), a GraphDef (.pb), either of them as text (.pbtxt), a saved_model.pb, or the
folder of a SavedModel. The rules are described in docs/reference/loadability.md.
"""
_EPILOG = """\
examples:
  metagraph check model.meta                       does TensorFlow 2.21 import it?
  metagraph check model.meta --for 1.15            does TensorFlow 1.15?
  metagraph check model.meta --for all             which versions do?
  metagraph check *.meta --for 1.13-2.3 --json     several files and versions, for a program
  metagraph check --explain-attr Equal.incompatible_shape_error

exit status: 0 every file loads in every version, 1 one does not, 2 a file or a version cannot be used

To remove what an older version does not know: metagraph export IN OUT --for 1.15
"""
_NEWEST = "2.21"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the sub-command to the command line."""
    parser = subparsers.add_parser(
        "check",
        help="say whether a version of TensorFlow imports a file",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="the files to check")
    parser.add_argument(
        "--for",
        dest="versions",
        action="append",
        metavar="VERSION",
        help=f"a version such as 1.15, a range such as 1.13-2.3, or all; repeatable (default: {_NEWEST})",
    )
    parser.add_argument("--json", action="store_true", help="print the reports as JSON")
    parser.add_argument(
        "--explain-attr",
        metavar="OP.ATTR",
        help="print which versions know an attribute of an op, instead of checking files",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when every file loads in every requested version, 1 when one does not, 2 when a file, a version or
        an attribute cannot be used.
    """
    # protobuf and the registries take time to import, which the other sub-commands must not pay.
    from pytest_metagraph.loadability.attr_history import UnknownAttrError, explain_attr  # noqa: PLC0415
    from pytest_metagraph.loadability.check import checkable_versions  # noqa: PLC0415
    from pytest_metagraph.loadability.op_registries import UnknownVersionError  # noqa: PLC0415
    from pytest_metagraph.loadability.versions import parse_versions  # noqa: PLC0415

    if arguments.explain_attr:
        try:
            sys.stdout.write(f"{explain_attr(arguments.explain_attr)}\n")
        except UnknownAttrError as error:
            return _refuse(str(error))
        if not arguments.files:
            return 0
    if not arguments.files:
        return _refuse("give a FILE to check; see metagraph check --help")
    try:
        requested = parse_versions(arguments.versions or [_NEWEST])
        if "all" in (arguments.versions or ()):
            requested = tuple(version for version in requested if version in checkable_versions())
        return _check(arguments.files, requested, as_json=arguments.json)
    except UnknownVersionError as error:
        return _refuse(str(error))


def _check(files: Sequence[str], requested: Sequence[str], *, as_json: bool) -> int:
    from pytest_metagraph.loadability.check import UncheckableInputError, checks_of  # noqa: PLC0415 - `run`

    status = 0
    data: list[dict[str, Any]] = []
    for file in files:
        try:
            checks = checks_of(file)
        except UncheckableInputError as error:
            status = _refuse(str(error))
            continue
        for check in checks:
            reports = {version: check.report(version) for version in requested}
            if not all(report.loads for report in reports.values()):
                status = max(status, 1)
            if as_json:
                data.extend(report.as_dict() for report in reports.values())
            else:
                sys.stdout.write(render(check.label, reports))
    if as_json:
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
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
    from pytest_metagraph.loadability.versions import format_versions  # noqa: PLC0415 - see `run`

    loading = [version for version, report in reports.items() if report.loads]
    refusing = [version for version, report in reports.items() if not report.loads]
    parts = [f"loads in {format_versions(loading)}"] if loading else []
    parts += [f"{'not' if loading else 'does not load'} in {format_versions(refusing)}"] if refusing else []
    return f"{label}: {'; '.join(parts)}"


def _reasons(reports: Mapping[str, LoadReport]) -> Iterator[str]:
    """Return the problems of the versions, those of versions with the same problems once."""
    from pytest_metagraph.loadability.report import plural  # noqa: PLC0415 - see `run`
    from pytest_metagraph.loadability.versions import format_versions  # noqa: PLC0415 - see `run`

    groups: dict[tuple[LoadProblem, ...], list[str]] = {}
    for version, report in reports.items():
        if report.problems:
            groups.setdefault(report.problems, []).append(version)
    for problems, having in groups.items():
        others = len(problems) - 1
        more = f"\n      and {plural(others)} more; see --for {having[0]}" if others else ""
        yield f"{format_versions(having)}, because\n{problems[0].text()}{more}"


def _refuse(reason: str) -> int:
    sys.stderr.write(f"metagraph check: {reason}\n")
    return 2
