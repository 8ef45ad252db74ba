"""Mutates the reference exporter and lets the corpus alone judge each mutant.

Run `python tests/miniatures/mutate_reference.py` with the extra `mutation` installed; it takes an hour. It
prints how many mutants a case of the corpus killed, and the survivors. A survivor has to be listed in
surviving_mutants.toml with the reason why nothing that it changes can be observed, or counts as a gap; the
exit status is 1 where fewer than 97 % of those that can be observed were killed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import functools
import importlib
import importlib.abc
import importlib.machinery
import logging
import os
import random
import resource
import sys
import tomllib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import cosmic_ray.ast
import cosmic_ray.mutating
import cosmic_ray.plugins
from miniature_judging import requirement_cases

from conformance_cases import Case, Tier, load_corpus
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract

PACKAGE = Path(__file__).resolve().parents[2] / "reference_impl"
SURVIVORS = Path(__file__).with_name("surviving_mutants.toml")
KILLED_AT_LEAST = 0.97
_SECONDS = 120
_KILLED, _SURVIVED = 1, 0

NOT_MUTATED = {
    "__init__": "only names what the other modules define",
    "atomic_write": "a case sees new files only; tests/unit/reference_impl/test_atomic_write.py has the rest",
    "contracts": "the names of the contracts, which the kit itself uses to ask",
    "file_kinds": "reads files of users; the corpus loads its graphs from messages",
    "files:read_meta_graph_file": "as above",
    "files:read_graph_file": "as above",
    "files:_read_graph": "as above",
    "files:recognise_file": "as above",
    "files:read_regular_file": "as above",
    "files:_open": "as above",
    "files:leads_through_link": "as above",
    "files:_open_within": "as above",
    "files:_check_is_regular": "as above",
    "read_limit": "as above",
    "saved_models": "as above",
    "wire_format": "as above",
    "debug_info:StackFrame": "notes where a program adds nodes; the corpus loads its graphs",
    "debug_info:caller_frames": "as above",
    "names:UniqueNames": "names nodes that a program adds; the corpus loads its graphs",
    "serialization:binary_parts": "writes files of more than 64 MB, which no case can hold (BIG-01)",
    "serialization:text_parts": "as above",
    "serialization:_parts_of_graph_def": "as above",
    "serialization:_around_graph_def": "as above",
    "serialization:_indented": "as above",
    "serialization:_serialised": "as above",
    "serialization:header": "as above",
    "serialization:_varint": "as above",
    "serialization:graph_def_size": "measures messages near 2 GB, which no case can hold (BIG-01)",
    "serialization:_varint_size": "as above",
    "serialization:without": "as above",
    "serialization:_copy_field": "as above",
}
"""The modules, and the functions and classes of others, without any effect on a case of the corpus."""


@dataclass(frozen=True)
class Mutant:
    """One changed module.

    Attributes:
        module: the name of the module inside `reference_impl`.
        source: its changed source.
        change: the changed line, before and after.
    """

    module: str
    source: str
    change: tuple[str, str]


class _MutatedSource(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a changed source."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = f"reference_impl.{mutant.module}"
        self._source = mutant.source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        return importlib.machinery.ModuleSpec(fullname, self) if fullname == self._name else None

    def get_source(self, fullname: str) -> str:
        del fullname
        return self._source


def _unjudged_lines(tree: ast.Module, module: str) -> set[int]:
    """Return the lines of annotations, decorators and excluded definitions, which change no export."""
    lines: set[int] = set()
    for definition in tree.body:
        if (
            isinstance(definition, ast.FunctionDef | ast.ClassDef)
            and f"{module}:{definition.name}" in NOT_MUTATED
        ):
            lines.update(range(definition.lineno, (definition.end_lineno or definition.lineno) + 1))
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef):
            parts = [node.returns, *node.decorator_list]
        elif isinstance(node, ast.arg | ast.AnnAssign):
            parts = [node.annotation]
        for part in parts:
            if part is not None:
                lines.update(range(part.lineno, (part.end_lineno or part.lineno) + 1))  # type: ignore[attr-defined]
    return lines


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant that cosmic-ray's operators make of a module, each once."""
    source = path.read_text(encoding="utf-8")
    unjudged = _unjudged_lines(ast.parse(source), path.stem)
    seen = {source}
    for name in cosmic_ray.plugins.operator_names():
        operator_class = cosmic_ray.plugins.get_operator(name)
        if operator_class.arguments():
            continue
        nodes = cosmic_ray.ast.ast_nodes(cosmic_ray.ast.get_ast(source))
        starts = [start for node in nodes for start, _ in operator_class().mutation_positions(node)]
        for occurrence, (line, _) in enumerate(starts):
            try:
                changed = cosmic_ray.mutating.mutate_code(source, operator_class(), occurrence)
            except AttributeError:  # it cannot replace a dotted name in the tuple of an except clause
                continue
            if changed is None or changed in seen or line in unjudged or _compares_identity(changed):
                continue
            seen.add(changed)
            yield Mutant(path.stem, changed, _change(source, changed))


def _compares_identity(source: str) -> bool:
    """Whether `is` stands where `==` belongs, on which the interpreter decides and no rule."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        try:
            compile(source, "<mutant>", "exec")
        except SyntaxError:  # which a SyntaxWarning turns into
            return True
    return False


def _change(before: str, after: str) -> tuple[str, str]:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[3:]
    old = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    new = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    return old, new


@functools.cache
def smoke_cases() -> tuple[Case, ...]:
    """The cases of the smoke tier: a survivor runs all; those of the default tier take ten times as long."""
    return load_corpus().cases(Tier.SMOKE)


def _judge(mutant: Mutant) -> int:
    """Judge a mutant in this process, which is spoilt by it; whether a case killed it."""
    for name in list(sys.modules):
        of_exporter = name.startswith("reference_impl") and not name.startswith("reference_impl.schema")
        if name == "pytest_metagraph.exporters.reference" or (
            of_exporter and name != "reference_impl.contracts"
        ):
            del sys.modules[name]
    sys.meta_path.insert(0, _MutatedSource(mutant))
    try:
        export = importlib.import_module("pytest_metagraph.exporters.reference").export
    except Exception:  # noqa: BLE001 - a mutant that cannot even be imported answers no case
        return _KILLED
    for cases in (requirement_cases(), smoke_cases()):
        for contract in Contract:
            with contextlib.closing(ScratchFolder(contract)) as folder:
                judge = Judge(InProcess(export, "mutant"), contract, folder)
                if any(judge.judge(case).verdict.fails_run for case in cases):
                    return _KILLED
    return _SURVIVED


def _judge_and_leave(mutant: Mutant) -> NoReturn:
    # Processor time, for a busy machine slows a mutant down without making it one that never answers.
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    outcome = _KILLED
    with contextlib.suppress(BaseException):
        outcome = _judge(mutant)
    os._exit(outcome)


def is_killed(mutant: Mutant) -> bool:
    """Judge a mutant in a process of its own."""
    child = os.fork()
    if child == 0:
        _judge_and_leave(mutant)
    _, status = os.waitpid(child, 0)
    return not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == _SURVIVED)


def reason_of(mutant: Mutant, listed: Sequence[Mapping[str, Any]]) -> str:
    """Why nothing that a survivor changes can be observed; empty where the list has no reason."""
    before, after = mutant.change
    return next(
        (
            entry["reason"]
            for entry in listed
            if (entry["module"], entry["line"]) == (mutant.module, before)
            and after in entry.get("after", [after])
        ),
        "",
    )


def main() -> int:
    """Judge all mutants, or a sample; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="judge only N mutants, chosen by chance")
    parser.add_argument(
        "--module", action="append", metavar="NAME", help="mutate this module only; repeatable"
    )
    options = parser.parse_args()
    logging.disable()
    paths = [
        path
        for path in sorted(PACKAGE.glob("*.py"))
        if path.stem not in NOT_MUTATED and path.stem in (options.module or [path.stem])
    ]
    mutants = [mutant for path in paths for mutant in mutants_of(path)]
    random.Random(0).shuffle(mutants)  # noqa: S311 - no secret; a run that is stopped has judged a fair sample
    if options.sample is not None:
        del mutants[options.sample :]
    for case in (*requirement_cases(), *smoke_cases()):
        case.graph.message()  # read once here and not in every child
    listed = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))["survivor"]
    killed = unobservable = 0
    for number, mutant in enumerate(mutants, start=1):
        if is_killed(mutant):
            killed += 1
            continue
        reason = reason_of(mutant, listed)
        unobservable += bool(reason)
        change = "  ->  ".join(mutant.change)
        sys.stdout.write(f"[{number}/{len(mutants)}] {mutant.module}: {change}  # {reason or 'A GAP'}\n")
        sys.stdout.flush()
    observable = len(mutants) - unobservable
    sys.stdout.write(
        f"{killed} of {len(mutants)} mutants killed; {unobservable} survivors change nothing that can be "
        f"observed; {killed / max(observable, 1):.1%} of the others killed\n"
    )
    return int(killed < KILLED_AT_LEAST * observable)


if __name__ == "__main__":
    sys.exit(main())
