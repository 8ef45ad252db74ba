"""`metagraph record`: record the corpus, or the schema, from the installed TensorFlow."""

from __future__ import annotations

import argparse
import importlib.util
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from conformance_cases.corpus import GRAPH_FOLDERS, REQUIREMENT_CASES_FOLDER
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import counted, nearest_names
from pytest_metagraph.cli._errors import refusing
from pytest_metagraph.cli._options import add_json_option
from pytest_metagraph.cli._output import say, say_json
from pytest_metagraph.loadability import registry_recording
from reference_impl import schema
from reference_impl.contracts import TENSORFLOW_VERSION

DESCRIPTION = """\
Build the graphs with TensorFlow, export each with combinations of argument values, and store graphs and
expectations in the package; then record the expectations of the requirement cases. Needs TensorFlow.
"""

EPILOG = """\
examples:
  metagraph record --check --sample
  metagraph record --graph towers --case SCOPE-05/nested-scope
  metagraph record --schema
  metagraph record --check --registries tf-1.15/bin/python tf-2.6/bin/python

exit status: 0 everything is recorded, or equals the recording, 1 a check found differences, 2 unusable input
"""

_SHOWN_DIFFERENCES = 20

_SAMPLED = 10
"""A sample contains one graph out of this many."""


class _Recorded(Protocol):
    """A new recording of a graph or of a case."""

    @property
    def name(self) -> str:
        """The name of the graph, or the id of the case."""

    def write(self, folder: Path) -> None:
        """Write its folder."""

    def differences(self, folder: Path) -> list[str]:
        """Return the differences between the stored and the new recording."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument(
        "--graph", action="append", metavar="NAME", help="record only this graph; may be repeated"
    )
    parser.add_argument(
        "--case", action="append", metavar="ID", help="record only this requirement case; may be repeated"
    )
    parser.add_argument(
        "--sample", action="store_true", help="record every requirement case, and one graph out of ten"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing, but exit with 1 if a recording would differ"
    )
    parser.add_argument("--schema", action="store_true", help="record the schema and the op registry instead")
    parser.add_argument(
        "--registries",
        nargs="+",
        type=Path,
        metavar="PYTHON",
        help="record the op registries of other TensorFlows instead, each from the interpreter that has it; "
        "registries of other minor versions stay as they are",
    )
    parser.add_argument(
        "--jobs", type=int, default=2, metavar="N", help="number of processes; default: %(default)s"
    )
    add_json_option(parser, "what was recorded and what differs, when all is known,")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 if everything is recorded, or equals the stored recording, 1 if a check found differences.

    Raises:
        MetagraphError: if TensorFlow is missing or of another version, or a name does not exist.
    """
    if arguments.sample and (arguments.graph or arguments.case):
        raise MetagraphError("--sample chooses graphs and cases itself", "leave out --graph and --case")
    if arguments.registries:
        return _record_registries(arguments.registries, check=arguments.check, as_json=arguments.json)
    install = f"pip install tensorflow-cpu=={TENSORFLOW_VERSION}"
    if importlib.util.find_spec("tensorflow") is None:
        raise MetagraphError("recording needs TensorFlow", install)
    from conformance_cases.recorder import tensorflow_calls  # noqa: PLC0415 - imports TensorFlow, which is optional

    version = tensorflow_calls.versions()["tensorflow"]
    if version != TENSORFLOW_VERSION and not arguments.check:
        raise MetagraphError(
            f"the corpus records TensorFlow {TENSORFLOW_VERSION}, but {version} is installed",
            f"{install}, or compare with --check",
        )
    if arguments.schema:
        return _record_schema(as_json=arguments.json)
    with refusing(ValueError):
        recordings = itertools.chain(_graphs(arguments), _cases(arguments))
        return _store(recordings, check=arguments.check, as_json=arguments.json)


def _record_schema(*, as_json: bool) -> int:
    from conformance_cases.recorder.schema_data import record_schema  # noqa: PLC0415 - imports TensorFlow

    written = record_schema(Path(schema.__path__[0]))
    if as_json:
        say_json({"files": [{"file": name, "bytes": size} for name, size in written.items()]})
        return 0
    for name, size in written.items():
        say(f"{name}: {size:,} bytes")
    return 0


def _record_registries(pythons: list[Path], *, check: bool, as_json: bool) -> int:
    """Record the op registries of the TensorFlows of interpreters, or compare them with what is stored."""
    recorded = registry_recording.record(pythons)
    changed = recorded.changed()
    outcome = "differs" if check else "recorded"
    if not check:
        recorded.write()
    if as_json:
        recordings = [{"name": name, "outcome": outcome, "differences": []} for name in changed]
        say_json({"recordings": recordings, "bytes": recorded.size})
    else:
        for name in changed:
            say(f"{name}: {outcome}")
        say(f"op registries of {counted(len(pythons), 'interpreter')}: {counted(recorded.size, 'byte')}")
    return 1 if check and changed else 0


def _graphs(arguments: argparse.Namespace) -> Iterator[tuple[_Recorded, Path]]:
    """Record the chosen graphs, or all."""
    from conformance_cases.recorder.blueprint import blueprints  # noqa: PLC0415 - imports TensorFlow
    from conformance_cases.recorder.recording import record_all  # noqa: PLC0415 - imports TensorFlow

    names = _chosen("graph", list(blueprints()), arguments.graph, others=arguments.case)
    for recording in record_all(names[:: _SAMPLED if arguments.sample else 1], arguments.jobs):
        yield recording, GRAPH_FOLDERS[recording.kind] / recording.name


def _cases(arguments: argparse.Namespace) -> Iterator[tuple[_Recorded, Path]]:
    """Record the chosen requirement cases, or all."""
    from conformance_cases.recorder.requirement_recording import record_case  # noqa: PLC0415 - imports TensorFlow

    folders = sorted(path.parent for path in REQUIREMENT_CASES_FOLDER.glob("*/*/case.toml"))
    known = [f"{folder.parent.name}/{folder.name}" for folder in folders]
    for name in _chosen("requirement case", known, arguments.case, others=arguments.graph):
        folder = REQUIREMENT_CASES_FOLDER / name
        yield record_case(folder), folder


def _chosen(what: str, known: list[str], wanted: list[str] | None, *, others: list[str] | None) -> list[str]:
    """Return the chosen names, or all names if nothing at all was chosen.

    Raises:
        MetagraphError: if one of them does not exist.
    """
    if wanted is None:
        return [] if others else known
    for name in wanted:
        if name not in known:
            near = nearest_names(name, known)
            hint = f"the nearest are {', '.join(near)}" if near else ""
            raise MetagraphError(f"there is no {what} {name!r}", hint)
    return wanted


def _store(recordings: Iterable[tuple[_Recorded, Path]], *, check: bool, as_json: bool) -> int:
    """Write each recording, or print how it differs from the stored one.

    Returns:
        The exit status.
    """
    results = []
    for recording, folder in recordings:
        differences = recording.differences(folder)
        if not check:
            recording.write(folder)
        outcome = ("differs" if check else "recorded") if differences else "as recorded"
        results.append({"name": recording.name, "outcome": outcome, "differences": differences})
        if not as_json:
            for line in differences[:_SHOWN_DIFFERENCES] if check else ():
                say(f"  {line}")
            if check and len(differences) > _SHOWN_DIFFERENCES:
                say(f"  and {len(differences) - _SHOWN_DIFFERENCES} more")
            say(f"{recording.name}: {outcome}")
    if as_json:
        say_json({"recordings": results})
    return 1 if check and any(result["differences"] for result in results) else 0
