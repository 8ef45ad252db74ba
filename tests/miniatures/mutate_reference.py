"""Mutates the reference exporter and lets the corpus alone judge each mutant.

Run `python tests/miniatures/mutate_reference.py` with the extra `mutation` installed; it takes an hour. It
prints how many mutants a case of the corpus killed, and the survivors; `--again` with this output judges
only these again, after new cases were recorded. A survivor has to be listed in
surviving_mutants.toml with the reason why nothing that it changes can be observed, or counts as a gap; the
exit status is 1 where fewer than 97 % of those that can be observed were killed.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import functools
import importlib.abc
import importlib.machinery
import logging
import random
import resource
import sys
import tomllib
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import cosmic_ray.ast
import cosmic_ray.mutating
import cosmic_ray.plugins
from mutant_coverage import Coverage, Question, first_failure, import_anew, in_child

PACKAGE = Path(__file__).resolve().parents[2] / "reference_impl"
SURVIVORS = Path(__file__).with_name("surviving_mutants.toml")
KILLED_AT_LEAST = 0.97
_SECONDS = 30
_SURVIVED = "survived"

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
        line: the line of the change, from 1.
        source: its changed source.
        change: the changed line, before and after.
    """

    module: str
    line: int
    source: str
    change: tuple[str, str]

    def __str__(self) -> str:
        """Name the module and the change."""
        return f"{self.module}: {'  ->  '.join(self.change)}"


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
    nodes = list(cosmic_ray.ast.ast_nodes(cosmic_ray.ast.get_ast(source)))
    unjudged = _unjudged_lines(ast.parse(source), path.stem)
    seen = {source}
    for name in cosmic_ray.plugins.operator_names():
        operator_class = cosmic_ray.plugins.get_operator(name)
        if operator_class.arguments():
            continue
        starts = [start for node in nodes for start, _ in operator_class().mutation_positions(node)]
        for occurrence, (line, _) in enumerate(starts):
            try:
                changed = cosmic_ray.mutating.mutate_code(source, operator_class(), occurrence)
            except AttributeError:  # it cannot replace a dotted name in the tuple of an except clause
                continue
            if changed is None or changed in seen or line in unjudged or _compares_identity(changed):
                continue
            seen.add(changed)
            yield Mutant(path.stem, line, changed, _change(source, changed))


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


def _judge(mutant: Mutant, asked: Sequence[Question]) -> int | str:
    """Judge a mutant in this process: the place of the question that killed it, or that it survived."""
    # Processor time, for a busy machine slows a mutant down without making it one that never answers.
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    sys.meta_path.insert(0, _MutatedSource(mutant))
    place = first_failure(import_anew(), asked)
    return _SURVIVED if place is None else place


class MutantJudge:
    """Judges mutants, each with the cases that run its line.

    Those that killed most mutants of a module come first.
    """

    def __init__(self) -> None:
        self._coverage = Coverage(PACKAGE)
        self._kills = Counter[tuple[str, str]]()

    def kills(self, mutant: Mutant) -> bool:
        """Return whether a case kills a mutant, which is judged in a process of its own."""
        asked = sorted(
            self._coverage.questions_of(mutant.module, mutant.line),
            key=lambda question: -self._kills[mutant.module, question.case.id],
        )
        # One that cannot be imported, raises in the kit or never answers ends its process without an answer.
        answer = in_child(functools.partial(_judge, mutant, asked))
        if isinstance(answer, int):
            self._kills[mutant.module, asked[answer].case.id] += 1
        return answer != _SURVIVED


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
    parser.add_argument(
        "--again", type=Path, metavar="FILE", help="judge only the survivors in the output of an earlier run"
    )
    parser.add_argument(
        "--unlisted", action="store_true", help=f"judge only mutants that {SURVIVORS.name} does not list"
    )
    options = parser.parse_args()
    listed = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))["survivor"]
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
    if options.unlisted:
        mutants = [mutant for mutant in mutants if not reason_of(mutant, listed)]
    if options.again is not None:
        survived = options.again.read_text(encoding="utf-8")
        mutants = [mutant for mutant in mutants if f"] {mutant}  # " in survived]
    judge = MutantJudge()
    killed = unobservable = 0
    for number, mutant in enumerate(mutants, start=1):
        if judge.kills(mutant):
            killed += 1
            continue
        reason = reason_of(mutant, listed)
        unobservable += bool(reason)
        sys.stdout.write(f"[{number}/{len(mutants)}] {mutant}  # {reason or 'A GAP'}\n")
        sys.stdout.flush()
    observable = len(mutants) - unobservable
    sys.stdout.write(
        f"{killed} of {len(mutants)} mutants killed; {unobservable} survivors change nothing that can be "
        f"observed; {killed / max(observable, 1):.1%} of the others killed\n"
    )
    return int(killed < KILLED_AT_LEAST * observable)


if __name__ == "__main__":
    sys.exit(main())
