"""`metagraph record`: records the corpus, or the schema, from the installed TensorFlow."""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from conformance_cases.corpus import GRAPH_FOLDERS, REQUIREMENT_CASES_FOLDER

_SHOWN_DIFFERENCES = 20

_SAMPLED = 10
"""A sample has one graph of this many."""


class _Recorded(Protocol):
    """What was recorded of a graph or of a case."""

    @property
    def name(self) -> str:
        """The name of its graph, or its id."""

    def write(self, folder: Path) -> None:
        """Write its folder."""

    def differences(self, folder: Path) -> list[str]:
        """What its folder states otherwise."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the sub-command to the command line."""
    parser = subparsers.add_parser(
        "record",
        help="record the corpus from the installed TensorFlow",
        description="Build the graphs with TensorFlow, export each under combinations of argument values, "
        "and store graphs and expectations in the package; then ask what the requirement cases "
        "expect. Needs TensorFlow.",
    )
    parser.add_argument("--graph", action="append", metavar="NAME", help="only this graph (repeatable)")
    parser.add_argument(
        "--case", action="append", metavar="ID", help="only this requirement case (repeatable)"
    )
    parser.add_argument("--sample", action="store_true", help="every requirement case, and one graph of ten")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if a new recording would differ"
    )
    parser.add_argument("--schema", action="store_true", help="record schema and op registry instead")
    parser.add_argument(
        "--registries",
        nargs="+",
        type=Path,
        metavar="PYTHON",
        help="record the op registries of other TensorFlows instead, each from the interpreter that has it; "
        "registries of other minor versions stay as they are",
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default: %(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:  # noqa: PLR0911 - each refusal is one
    """Run the sub-command.

    Returns:
        0 when all is recorded or as recorded, 1 when a check found differences, 2 when it can not record.
    """
    if arguments.sample and (arguments.graph or arguments.case):
        return _refuse("--sample chooses by itself; leave out --graph and --case")
    if arguments.registries:
        return _record_registries(arguments.registries, check=arguments.check)
    if importlib.util.find_spec("tensorflow") is None:
        return _refuse("recording needs TensorFlow: pip install tensorflow-cpu==2.21.0")
    # TensorFlow takes seconds to import, so nothing that needs it is imported for the other sub-commands.
    from conformance_cases.recorder import oracle  # noqa: PLC0415 - see above

    version = oracle.versions()["tensorflow"]
    if version != oracle.TESTED_VERSION and not arguments.check:
        return _refuse(
            f"the corpus states TensorFlow {oracle.TESTED_VERSION}, but {version} is installed; "
            f"pip install tensorflow-cpu=={oracle.TESTED_VERSION}, or compare with --check"
        )
    if arguments.schema:
        return _record_schema()
    try:
        return _store(itertools.chain(_graphs(arguments), _cases(arguments)), arguments.check)
    except ValueError as error:
        return _refuse(str(error))


def _record_schema() -> int:
    from conformance_cases.recorder.schema_data import record_schema  # noqa: PLC0415 - needs TensorFlow
    from reference_impl import schema  # noqa: PLC0415 - only where it is recorded

    for name, size in record_schema(Path(schema.__path__[0])).items():
        _say(f"{name}: {size:,} bytes")
    return 0


def _record_registries(pythons: list[Path], *, check: bool) -> int:
    """Record the op registries of the TensorFlows of interpreters, or compare them with what is stored."""
    from pytest_metagraph.loadability import registry_recording  # noqa: PLC0415 - only for this option

    try:
        recorded = registry_recording.record(pythons)
    except registry_recording.RecordingError as error:
        return _refuse(str(error))
    changed = recorded.changed()
    for name in changed:
        _say(f"{name}: {'differs' if check else 'recorded'}")
    if not check:
        recorded.write()
    _say(f"op registries of {len(pythons)} interpreters: {recorded.size:,} bytes")
    return 1 if check and changed else 0


def _graphs(arguments: argparse.Namespace) -> Iterator[tuple[_Recorded, Path]]:
    """Record the chosen graphs; all where nothing is chosen."""
    from conformance_cases.recorder.batch import record_all  # noqa: PLC0415 - needs TensorFlow
    from conformance_cases.recorder.blueprint import blueprints  # noqa: PLC0415 - needs TensorFlow

    names = _chosen("graph", list(blueprints()), arguments.graph, others=arguments.case)
    for recording in record_all(names[:: _SAMPLED if arguments.sample else 1], arguments.jobs):
        yield recording, GRAPH_FOLDERS[recording.kind] / recording.name


def _cases(arguments: argparse.Namespace) -> Iterator[tuple[_Recorded, Path]]:
    """Record the chosen requirement cases; all where nothing is chosen."""
    from conformance_cases.recorder.requirement_recording import record_case  # noqa: PLC0415 - needs TensorFlow

    folders = sorted(path.parent for path in REQUIREMENT_CASES_FOLDER.glob("*/*/case.toml"))
    known = [f"{folder.parent.name}/{folder.name}" for folder in folders]
    for name in _chosen("requirement case", known, arguments.case, others=arguments.graph):
        folder = REQUIREMENT_CASES_FOLDER / name
        yield record_case(folder), folder


def _chosen(what: str, known: list[str], wanted: list[str] | None, *, others: list[str] | None) -> list[str]:
    """The names that are wanted: all where neither these nor the others are chosen.

    Raises:
        ValueError: when one of them does not exist.
    """
    if wanted is None:
        return [] if others else known
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        near = ", ".join(difflib.get_close_matches(unknown[0], known, n=3, cutoff=0.0))
        raise ValueError(f"there is no {what} {unknown[0]}; the nearest are {near}")
    return wanted


def _store(recordings: Iterable[tuple[_Recorded, Path]], check: bool) -> int:
    """Write what was recorded, or say how it differs from what is stored; say what is done.

    Returns:
        The exit status.
    """
    differing = 0
    for recording, folder in recordings:
        differences = recording.differences(folder)
        differing += bool(differences)
        if not check:
            recording.write(folder)
        for line in differences[:_SHOWN_DIFFERENCES] if check else ():
            _say(f"  {line}")
        if check and len(differences) > _SHOWN_DIFFERENCES:
            _say(f"  and {len(differences) - _SHOWN_DIFFERENCES} more")
        outcome = "differs" if check else "recorded"
        _say(f"{recording.name}: {outcome if differences else 'as recorded'}")
    return 1 if differing and check else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _refuse(reason: str) -> int:
    sys.stderr.write(f"metagraph record: {reason}\n")
    return 2
