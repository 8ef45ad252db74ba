"""`metagraph record`: records the corpus, or the schema, from the installed TensorFlow."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

from conformance_cases.corpus import MATRIX_FOLDER

_SHOWN_DIFFERENCES = 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the sub-command to the command line."""
    parser = subparsers.add_parser(
        "record",
        help="record the corpus from the installed TensorFlow",
        description="Build the matrix graphs with TensorFlow, export each under every combination of its "
        "argument values, and store graphs and expectations in the package. Needs TensorFlow.",
    )
    parser.add_argument("--graph", action="append", metavar="NAME", help="only this graph (repeatable)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if a new recording would differ"
    )
    parser.add_argument("--schema", action="store_true", help="record schema and op registry instead")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default: %(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when all is recorded or as recorded, 1 when a check found differences, 2 when it can not record.
    """
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
    return _record_schema() if arguments.schema else _record_graphs(arguments)


def _record_schema() -> int:
    from conformance_cases.recorder.schema_data import record_schema  # noqa: PLC0415 - needs TensorFlow
    from reference_impl import schema  # noqa: PLC0415 - only where it is recorded

    for name, size in record_schema(Path(schema.__path__[0])).items():
        _say(f"{name}: {size:,} bytes")
    return 0


def _record_graphs(arguments: argparse.Namespace) -> int:
    from conformance_cases.recorder.batch import record_all  # noqa: PLC0415 - needs TensorFlow
    from conformance_cases.recorder.blueprint import blueprints  # noqa: PLC0415 - needs TensorFlow

    known = blueprints()
    names = arguments.graph or list(known)
    unknown = sorted(set(names) - set(known))
    if unknown:
        return _refuse(f"there is no graph {', '.join(unknown)}; the graphs are {', '.join(known)}")
    differing = 0
    for number, recording in enumerate(record_all(names, arguments.jobs), start=1):
        folder = MATRIX_FOLDER / recording.name
        if arguments.check:
            outcome, found = _check(recording, folder)
            differing += found
        else:
            recording.write(folder)
            outcome = f"{sum(map(len, recording.files.values())):,} bytes"
        _say(f"[{number}/{len(names)}] {recording.name}: {outcome}")
    return 1 if differing else 0


def _check(recording: Any, folder: Path) -> tuple[str, int]:
    differences = recording.differences(folder)
    for line in differences[:_SHOWN_DIFFERENCES]:
        _say(f"  {line}")
    if len(differences) > _SHOWN_DIFFERENCES:
        _say(f"  and {len(differences) - _SHOWN_DIFFERENCES} more")
    return f"{len(differences)} differences" if differences else "as recorded", len(differences)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _refuse(reason: str) -> int:
    sys.stderr.write(f"metagraph record: {reason}\n")
    return 2
