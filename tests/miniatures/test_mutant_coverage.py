"""A mutant is judged by the cases that run its line."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest
from mutant_coverage import Question, first_failure, import_anew, in_child, statement_around, traced_lines

from conformance_cases import load_corpus
from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters.reference import export
from reference_impl import Contract
from reference_impl.schema import MetaGraphDef

PACKAGE = Path(__file__).parents[2] / "reference_impl"
SOURCE = """\
LIMIT = 1

def outer(values=(
    1,
)):
    if (values
            or LIMIT):
        return [
            one
            for one in values
        ]
    try:
        def inner(): return 1
    except (KeyError,
            ValueError):
        pass
    return inner

class Class:
    kind = 1

    def method(self):
        return self.kind
"""


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (1, None),
        (4, None),
        (7, (6, 7)),
        (10, (8, 9, 10, 11)),
        (13, (13,)),
        (15, (14, 15)),
        (17, (17,)),
        (20, None),
        (22, None),
        (23, (23,)),
    ],
)
def test_the_statement_around_a_line(line: int, lines: tuple[int, ...] | None) -> None:
    """It is the innermost one without the statements inside it; an import runs those outside of functions."""
    found = statement_around(ast.parse(SOURCE), line)
    assert (None if found is None else tuple(found)) == lines


def question(case_id: str) -> Question:
    """Return a case under the documented contract."""
    return Question(load_corpus().case(case_id), Contract.DOCUMENTED)


def runs(case_id: str, module: str, text: str) -> bool:
    """Return whether a case runs the one line of a module that contains a text."""
    lines = (PACKAGE / module).read_text(encoding="utf-8").splitlines()
    (line,) = (number for number, found in enumerate(lines, start=1) if text in found)
    lines_run = traced_lines(PACKAGE, lambda: first_failure(export, [question(case_id)]))
    return line in lines_run[module]


def test_lines_of_a_case() -> None:
    """A case without a scope runs the lines of every export, and none that strip a scope."""
    assert runs("DEV-01/devices", "node_filter.py", 'device = ""')
    assert not runs("DEV-01/devices", "node_filter.py", "self._write_renamed(target, self.scope)")


def test_lines_of_an_import() -> None:
    """An import runs functions, too: one that makes the messages which read nodes, and none that exports."""
    tree = ast.parse((PACKAGE / "node_columns.py").read_text(encoding="utf-8"))
    first_lines = {node.name: node.body[0].lineno for node in tree.body if isinstance(node, ast.FunctionDef)}

    lines = in_child(lambda: traced_lines(PACKAGE, import_anew))["node_columns.py"]
    assert not lines.isdisjoint(range(first_lines["_message_classes"], first_lines["_message_classes"] + 9))
    assert lines.isdisjoint(range(first_lines["append_nodes"], first_lines["append_nodes"] + 9))


def test_the_first_question_that_an_exporter_fails() -> None:
    """Its place is returned, and None for an exporter that passes."""
    asked = [question("SCOPE-05/nested-scope"), question("DEV-01/devices")]

    def without_flags(request: ExportRequest) -> MetaGraphDef:
        return MetaGraphDef() if "clear_devices" in request.arguments else export(request)

    assert first_failure(export, asked) is None
    assert first_failure(without_flags, asked) == 1


def test_a_process_that_ends_otherwise_has_no_answer() -> None:
    """What the function returns comes back; an exception or the end of the process gives None."""
    assert in_child(lambda: ["answer"]) == ["answer"]
    assert in_child(lambda: 1 / 0) is None
    assert in_child(lambda: os._exit(0)) is None
