"""`metagraph versions`: judge releases of TensorFlow, and other exporters, side by side."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance_cases import Tier, load_corpus
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.progress import progress
from pytest_metagraph._version import __version__
from pytest_metagraph.cli._errors import writing
from pytest_metagraph.cli._output import say, say_json_text, say_on_stderr
from pytest_metagraph.reports.html import render_versions_html
from pytest_metagraph.reports.jsonl import write_report
from pytest_metagraph.reports.markdown import render_versions_markdown
from pytest_metagraph.reports.versions_table import (
    OWN_CONTRACT,
    Measurement,
    VersionsTable,
    read_table,
    table_to_json,
    versions_table,
)
from pytest_metagraph.settings import TIERS
from pytest_metagraph.versions.environments import default_folder, environment_of
from pytest_metagraph.versions.judging import export, judge
from pytest_metagraph.versions.pins import TENSORFLOW, Release, release_of
from reference_impl.atomic_write import write_file
from reference_impl.contracts import TENSORFLOW_VERSION

DESCRIPTION = """\
Judge releases of TensorFlow side by side. Each release gets its own virtual environment, with versions of
Python, protobuf and numpy from a built-in table. It exports the cases once. The kit judges the answers under
both contracts, using the ops that the release registers. The page has a row for each requirement that some
version violates, with the versions in which it holds.

A VERSION is a release such as 1.15.5, a fork such as intel-tensorflow==2.14.0, tf-nightly-cpu, or one of
these with requirements that replace those of the table, such as '2.20.0 protobuf>=7'. Python is found on the
path, in pyenv or by uv. If one version fails, the page has the others and the reason.

The page is rewritten after each version, so an interrupted run keeps what it has. With --table, a run goes
on where another one stopped: a version that the table has is not judged again.
"""

EPILOG = f"""\
examples:
  metagraph versions 1.15.5 2.6.5 2.20.0 {TENSORFLOW_VERSION} -o versions.html
  metagraph versions 2.20.0 '2.20.0 protobuf>=7' --json
  metagraph versions {TENSORFLOW_VERSION} --exporter reference --command 'node worker.mjs' -o exporters.html
  metagraph versions 1.15.5 --tier smoke --reports reports -o versions.md
  metagraph versions 2.6.5 2.20.0 --table versions.json -o versions.json

exit status: 0 every version was judged, 1 one was not, 2 unusable input
"""

_PAGES: dict[str, Callable[[VersionsTable], str]] = {
    ".html": render_versions_html,
    ".md": render_versions_markdown,
    ".json": table_to_json,
}

_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="a release of TensorFlow or of a fork")
    for option, text in (
        ("exporter", "another column: reference, tensorflow, or module:attribute"),
        ("command", "another column: the command of a worker, in any language"),
        ("exports", "another column: a folder of answers to `metagraph cases --tier core`"),
    ):
        parser.add_argument(f"--{option}", action="append", default=[], metavar=option.upper(), help=text)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="PAGE", help="the page to write: .html, .md or .json"
    )
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    parser.add_argument(
        "--tier", choices=TIERS, default="core", help="how many cases; default: %(default)s, no whole models"
    )
    parser.add_argument(
        "--reports", type=Path, metavar="DIR", help="keep the report of each version, with all its failures"
    )
    parser.add_argument(
        "--table",
        type=Path,
        metavar="TABLE",
        help="an earlier page, as .json, of the same tier, whose columns are taken over; exporters that are "
        "given with --exporter, --command or --exports are judged again",
    )
    parser.add_argument(
        "--environments",
        type=Path,
        metavar="DIR",
        help="the folder of virtual environments, of up to 2 GB each, which are reused; remove the one of a "
        "nightly to get a newer one; default: in the user's cache",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 if every version was judged, 1 if not.

    Raises:
        MetagraphError: if no exporter is given, a word is not a release, or the page cannot be written.
    """
    page = _page(arguments)
    _refuse_output_among(arguments.output, arguments.exports)
    releases = [release_of(words) for words in arguments.versions]
    earlier = _earlier(arguments)
    known = {column.label for column in earlier.columns if not column.problem} if earlier else set()
    environments = arguments.environments or default_folder()
    measured: list[Measurement] = []
    with tempfile.TemporaryDirectory(prefix="metagraph-versions-") as scratch, progress("starting") as step:
        run_of_all = _Run(Tier(arguments.tier), environments.absolute(), Path(scratch), step)
        for measurement in _measurements(run_of_all, releases, arguments, known):
            measured.append(measurement)
            if arguments.reports:
                _keep(measurement, arguments.reports)
            if measurement.reason:
                say_on_stderr(f"metagraph versions: {measurement.label}: {measurement.reason}")
            elif not arguments.json:
                say(_line(measurement))
            has_score = any(one.scored for one in measured) or (earlier and earlier.contracts)
            if page and has_score:  # kept if the next one fails
                with writing(arguments.output):
                    write_file(arguments.output, page(versions_table(measured, earlier)).encode())
    table = versions_table(measured, earlier)
    if arguments.json:
        say_json_text(table_to_json(table))
    if page:
        with writing(arguments.output):
            write_file(arguments.output, page(table).encode())
        say_on_stderr(f"metagraph versions: wrote {arguments.output}")
    return 1 if any(column.problem for column in table.columns) else 0


def _refuse_output_among(output: Path | None, folders: Sequence[str]) -> None:
    """Refuse a page in a folder of answers, where it might replace one.

    Raises:
        MetagraphError: if the page is there.
    """
    for folder in folders:
        if output is not None and Path(os.path.realpath(output)).is_relative_to(os.path.realpath(folder)):
            raise MetagraphError(f"{str(output)!r} is in {folder!r}, which is read", "give another -o PAGE")


def _earlier(arguments: argparse.Namespace) -> VersionsTable | None:
    """Return the earlier table, which has to be of the same cases."""
    if arguments.table is None:
        return None
    table = read_table(arguments.table)
    theirs = (table.kit_version, table.corpus_digest, table.tier)
    if theirs != (__version__, load_corpus().digest, arguments.tier):
        raise MetagraphError(
            f"{str(arguments.table)!r} cannot be continued: it is of pytest-metagraph {table.kit_version}, "
            f"corpus {table.corpus_digest[:12]}, tier {table.tier}",
            "leave out --table, so that every version is judged with the same cases",
        )
    return table


def _page(arguments: argparse.Namespace) -> Callable[[VersionsTable], str] | None:
    named = (arguments.versions, arguments.exporter, arguments.command, arguments.exports, arguments.table)
    if not any(named):
        raise MetagraphError(
            "no exporter was given", f"give a release such as {TENSORFLOW_VERSION}, or --exporter NAME"
        )
    if arguments.output is None:
        if not arguments.json:
            raise MetagraphError("no output was requested", "give -o PAGE, --json, or both")
        return None
    if arguments.output.suffix not in _PAGES:
        raise MetagraphError(
            f"the suffix of {str(arguments.output)!r} is not the format of a page", f"use {', '.join(_PAGES)}"
        )
    return _PAGES[arguments.output.suffix]


@dataclass(frozen=True, slots=True)
class _Run:
    """What all columns share.

    Attributes:
        tier: the tier.
        environments: the folder of virtual environments.
        scratch: a folder for cases and answers.
        step: shows the progress.
    """

    tier: Tier
    environments: Path
    scratch: Path
    step: Callable[[str], None]

    def measure(self, release: Release) -> Measurement:
        """Judge one release; whatever goes wrong with it is a problem of its column alone."""

        def named(text: str) -> None:
            self.step(f"{release.words}: {text}")

        work = self.scratch / release.folder
        is_release = release.package == TENSORFLOW and release.words == str(release.version)
        try:
            python = environment_of(release, self.environments, named)
            answers = export(python, release.package, work, self.tier, named)
            found = judge(release.words, {"exports": str(answers)}, self.tier, self.step)
        except (MetagraphError, OSError) as error:  # such as a disk that is full
            return Measurement(release.words, problem=str(error), is_release=is_release)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return replace(found, is_release=is_release)


def _measurements(
    run_of_all: _Run, releases: list[Release], arguments: argparse.Namespace, known: Collection[str]
) -> Iterator[Measurement]:
    """Judge one exporter after the other, except known releases: other exporters may have changed."""
    for release in releases:
        if release.words not in known:
            yield run_of_all.measure(release)
    sys.path.append(os.getcwd())  # noqa: PTH109 - as text, as sys.path holds it
    for option in ("exporter", "command", "exports"):
        for value in getattr(arguments, option):
            yield judge(value, {option: value}, run_of_all.tier, run_of_all.step)


def _keep(measurement: Measurement, folder: Path) -> None:
    """Write the reports about one exporter into a folder."""
    stem = _UNSAFE.sub("-", measurement.label).strip("-")
    for contract, report in measurement.reports.items():
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_report(folder / f"{stem}.{contract}.jsonl", report)


def _line(measurement: Measurement) -> str:
    (column,) = versions_table([measurement]).columns
    scores = ", ".join(
        f"{found.passed:,} of {found.tested:,} {contract}" for contract, found in column.contracts.items()
    )
    own = column.contracts.get(OWN_CONTRACT)
    return f"{column.label}: {scores}" + (f", {own.not_loadable:,} not loadable" if own else "")
