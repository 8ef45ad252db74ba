"""Finds which cases run which lines of the reference exporter, for only these can kill a mutant of a line.

Each case runs in a process of its own, where nothing is in a cache yet: what a case reads from a cache that
an earlier one filled counts as run by both.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import gc
import importlib
import os
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from miniature_judging import requirement_cases

from conformance_cases import Case, Tier, load_corpus
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.reference import export
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract


class Question(NamedTuple):
    """A case under one contract."""

    case: Case
    contract: Contract


@functools.cache
def questions() -> Sequence[Question]:
    """Return all cases that judge mutants: the requirement cases and those of the smoke tier.

    A survivor runs all that run its line; those of the default tier would take ten times as long.
    """
    cases = {case.id: case for case in (*requirement_cases(), *load_corpus().cases(Tier.SMOKE))}
    return [Question(case, contract) for case in cases.values() for contract in Contract]


def first_failure(exporter: Exporter, asked: Sequence[Question]) -> int | None:
    """Return the place of the first question that an exporter fails; None if it passes them all."""
    with contextlib.ExitStack() as stack:
        judges = {}
        for contract in Contract:
            folder = stack.enter_context(contextlib.closing(ScratchFolder(contract)))
            judges[contract] = Judge(InProcess(exporter, "mutant"), contract, folder)
        for place, (case, contract) in enumerate(asked):
            if judges[contract].judge(case).verdict.fails_run:
                return place
    return None


def in_child(work: Callable[[], Any]) -> Any:
    """Return what a function returns in a forked process; None if the process ends in another way."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            os.close(reader)
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(pickle.dumps(work()))
            status = 0
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return pickle.loads(answer) if status == 0 and answer else None  # noqa: S301 - this program wrote it


def import_anew() -> Exporter:
    """Import the modules of the reference exporter once more; only what is imported later sees these."""
    for name in list(sys.modules):
        of_exporter = name.startswith("reference_impl") and not name.startswith("reference_impl.schema")
        if name == "pytest_metagraph.exporters.reference" or (
            of_exporter and name != "reference_impl.contracts"
        ):
            del sys.modules[name]
    exporter: Exporter = importlib.import_module("pytest_metagraph.exporters.reference").export
    return exporter


def traced_lines(folder: Path, work: Callable[[], object]) -> Mapping[str, set[int]]:
    """Return the lines, by file name, of the modules in a folder that a function runs."""
    lines: dict[str, set[int]] = {path.name: set() for path in folder.glob("*.py")}

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        del event, arg
        path = frame.f_code.co_filename
        if os.path.dirname(path) != str(folder):  # noqa: PTH120 - a Path for each line takes long
            return None
        lines[os.path.basename(path)].add(frame.f_lineno)  # noqa: PTH119 - as above
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def statement_around(tree: ast.Module, line: int) -> range | None:
    """Return the lines of the innermost statement around a line, of a compound one without its body.

    Returns:
        The lines; None for a statement outside of functions, which runs when the module is imported.
    """
    innermost: range | None = None

    def visit(node: ast.AST, *, in_function: bool) -> None:
        nonlocal innermost
        if isinstance(node, ast.stmt | ast.excepthandler):
            last = node.end_lineno or node.lineno
            if not node.lineno <= line <= last:
                return
            body: Sequence[ast.stmt] = getattr(node, "body", ())
            stop = body[0].lineno if body else last + 1
            innermost = range(node.lineno, stop) if in_function else None
            in_function = in_function or (isinstance(node, ast.FunctionDef) and line >= stop)
        for child in ast.iter_child_nodes(node):
            visit(child, in_function=in_function)

    visit(tree, in_function=False)
    return innermost


class Coverage:
    """The questions that run each line.

    Args:
        folder: the package of the reference exporter.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for question in questions():
            question.case.graph.message()  # read once here and not in every child
        gc.freeze()  # a collection in a child would copy every page
        runs = [functools.partial(first_failure, export, [one]) for one in questions()]
        self._lines = [in_child(functools.partial(traced_lines, folder, run)) for run in runs]
        self._at_import = in_child(functools.partial(traced_lines, folder, import_anew))

    def questions_of(self, module: str, line: int) -> Sequence[Question]:
        """Return the questions that run the statement around a line; all if an import runs it."""
        path = self._folder / f"{module}.py"
        statement = statement_around(_tree(path), line)
        if statement is None or not self._at_import[path.name].isdisjoint(statement):
            return questions()
        return [
            question
            for question, lines in zip(questions(), self._lines, strict=True)
            if not lines[path.name].isdisjoint(statement)
        ]


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
