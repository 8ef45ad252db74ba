"""Compare the check with the imports of real TensorFlows, and print the table of their agreement.

    METAGRAPH_TENSORFLOWS=FOLDER python tests/oracle/loadability/load_agreement.py [OPTIONS]

FOLDER has one virtual environment for each release, such as FOLDER/1.15.5/bin/python.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from load_files import expectations, inputs, mutants
from load_imports import CRASH, Import, imports
from load_reasons import SHAPE_FUNCTION, rules_of

from pytest_metagraph.loadability.check import checkable_versions, checks_of
from pytest_metagraph.loadability.report import LoadReport
from pytest_metagraph.loadability.rule_catalogue import Severity
from pytest_metagraph.loadability.version_ranges import parse_versions

VARIABLE = "METAGRAPH_TENSORFLOWS"


@dataclass
class Agreement:
    """How often the check and a TensorFlow agree.

    Attributes:
        counts: the pairs of file and version by what was found.
        differences: a line for each pair on which they differ.
    """

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, name: str, report: LoadReport, real: Import) -> None:
        """Compare one pair."""
        if real.error == CRASH:
            self.counts["ended"] += 1
            return
        self.counts["pairs"] += 1
        first = next((one.code for one in report.problems if one.severity is Severity.REFUSED), "")
        rules = rules_of(real.text, real.error)
        if report.loads == real.loads:
            self.counts["verdicts"] += 1
        else:
            self.counts["shape functions"] += SHAPE_FUNCTION in rules
            self.differences.append(f"{name}, {report.tensorflow}: {first or 'loads'}, but {_shown(real)}")
        if not report.loads and not real.loads:
            self.counts["refused"] += 1
            if first in rules:
                self.counts["reasons"] += 1
            else:
                self.differences.append(f"{name}, {report.tensorflow}: {first}, but {_shown(real)}")

    def share(self, part: str, whole: str) -> float:
        """Return the share of some pairs, 1 if there are none."""
        return self.counts[part] / self.counts[whole] if self.counts[whole] else 1.0


def _shown(real: Import) -> str:
    return "it loads" if real.loads else f"{real.error}: {' '.join(real.text.split())[:160]}"


def compare(
    interpreters: Mapping[str, Path], files: Iterable[tuple[str, bytes]], folder: Path
) -> dict[str, Agreement]:
    """Compare the check with real TensorFlows.

    Args:
        interpreters: the interpreters by minor version.
        files: names and serialised MetaGraphDefs.
        folder: where to put the files.

    Returns:
        The agreement with each version.
    """
    paths: dict[Path, str] = {}
    for name, data in files:
        path = folder / f"{len(paths)}.meta"
        path.write_bytes(data)
        paths[path] = name
    real = {
        version: imports(python, [(path, "MetaGraphDef") for path in paths], folder)
        for version, python in interpreters.items()
    }
    found = {version: Agreement() for version in interpreters}
    for path, name in paths.items():
        (check,) = checks_of(path)
        for version, agreement in found.items():
            agreement.add(name, check.report(version), real[version][path])
    return found


def interpreters(versions: Sequence[str]) -> dict[str, Path]:
    """Return the interpreters of the versions that the folder METAGRAPH_TENSORFLOWS has."""
    folder = Path(os.environ.get(VARIABLE, ""))
    found = {version: sorted(folder.glob(f"{version}.*/bin/python")) for version in versions}
    return {version: pythons[-1] for version, pythons in found.items() if pythons}


def rows(found: Mapping[str, Agreement]) -> list[str]:
    """Return the rows of the table of agreement."""
    lines = ["| TensorFlow | files | verdicts that agree | refused by both | first reasons that agree |"]
    lines.append("|---|---:|---:|---:|---:|")
    total = Agreement()
    for agreement in found.values():
        total.counts.update(agreement.counts)
    for version, agreement in [*found.items(), ("all", total)]:
        counts = agreement.counts
        lines.append(
            f"| {version} | {counts['pairs']:,} | {counts['verdicts']:,} "
            f"({agreement.share('verdicts', 'pairs'):.2%}) | {counts['refused']:,} | {counts['reasons']:,} "
            f"({agreement.share('reasons', 'refused'):.2%}) |"
        )
    return lines


def main() -> None:
    """Print the table, and the differences on stderr."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--versions", action="append", help="versions or ranges (default: all)")
    parser.add_argument("--rounds", type=int, default=8, help="how often each mutation is made (default: 8)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    versions = parse_versions(arguments.versions) if arguments.versions else checkable_versions()
    chosen = interpreters(versions)
    files = [*inputs(), *expectations(), *mutants(arguments.seed, arguments.rounds)]
    with tempfile.TemporaryDirectory() as folder:
        found = compare(chosen, files, Path(folder))
    sys.stdout.write("\n".join(rows(found)) + "\n")
    for agreement in found.values():
        sys.stderr.writelines(f"{line}\n" for line in agreement.differences)


if __name__ == "__main__":
    main()
