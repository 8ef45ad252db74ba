"""`metagraph explain` shows what a person needs to know about a case or a rule."""

from __future__ import annotations

import pytest

from pytest_metagraph.cli import main


def explained(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return the lines that the command prints."""
    assert main(["explain", *words]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.splitlines()


def test_a_case_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Rule, call, input graph, expected answer and the next commands are there."""
    lines = explained(capsys, "SCOPE-05/nested-scope")
    assert lines[:4] == [
        "case SCOPE-05/nested-scope",
        "  A scope inside a scope is removed as a whole, and an input from the parent is unbound.",
        "  in the tier smoke, with 1 variant of the call",
        "  needs export_scope",
    ]
    assert (
        "  SCOPE-05 (required, observed): A scope may have several levels: `outer/inner` selects the names"
        in lines
    )
    assert "  export_meta_graph(export_scope='outer/inner', graph=graph)" in lines
    graph, answer = lines.index("input graph"), lines.index("expected answer, contract documented")
    assert "  nodes        3: Placeholder 1, Tanh 1, AddV2 1" in lines[graph:answer]
    assert "  nodes        1: AddV2 1" in lines[answer:]
    assert lines[-3:] == [
        "  metagraph show SCOPE-05/nested-scope --text",
        "  metagraph show SCOPE-05/nested-scope --expected --text",
        "  metagraph run --case SCOPE-05/nested-scope --tier full --exporter NAME",
    ]


def test_a_case_that_expects_an_error_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the contracts differ, both are mentioned; nothing can be shown of an error (SCOPE-11)."""
    lines = explained(capsys, "SCOPE-11/graph-def-and-scope")
    assert "  raises ValueError" in lines
    assert "  the contract tensorflow expects another answer: --contract tensorflow" in lines
    assert not any("--expected" in line for line in lines)
    lines = explained(capsys, "SCOPE-11/graph-def-and-scope", "--contract", "tensorflow")
    assert "  raises ValueError" not in lines
    assert "  the contract documented expects another answer: --contract documented" in lines


def test_earlier_calls_are_shown_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a case with several calls each has its line, the judged one last (UNB-07)."""
    lines = explained(capsys, "UNB-07/scoped-then-plain")
    start = lines.index("calls, of which the last one is judged")
    assert lines[start + 1].startswith("  export_meta_graph(")
    assert "filename=" in lines[start + 1]
    assert lines[start + 2].startswith("  export_meta_graph(")
    assert "filename=" not in lines[start + 2]


def test_a_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Sentence, level, basis, quote, TensorFlow's behaviour, who would miss the rule, and cases are there."""
    lines = explained(capsys, "scope-11")
    assert lines[:4] == [
        "rule SCOPE-11",
        "  A graph_def together with a scope that is not empty is a ValueError, and nothing is written.",
        "  level recommended, basis conflict",
        "  never blamed on an exporter that does not support export_scope",
    ]
    assert lines[lines.index("the documentation says") + 1] == (
        '  "graph_def and export_scope cannot both be specified."'
    )
    assert lines[lines.index("TensorFlow 2.21 does instead") + 1].startswith("  Both together are accepted")
    assert lines[lines.index("who would miss it") + 1].startswith("  Callers whose graph_def is not")
    cases = lines[lines.index("cases") :]
    assert cases[1] == "  SCOPE-11/graph-def-and-scope: A graph_def and a scope together are refused."
    assert cases[2].startswith("  SCOPE-11/versions-and-library: ")
    assert "cases of the tier full, such as" in cases[4]
    assert cases[5].startswith("    matrix/")


def test_a_rule_without_cases_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    """What no case can show has its reason instead (CALL-06)."""
    lines = explained(capsys, "CALL-06")
    assert lines[lines.index("cases") + 1] == (
        "  none: The order of checks is a quirk of how the calls are nested."
    )


@pytest.mark.parametrize(
    ("mistyped", "nearest"), [("SCOP-05", "SCOPE-05"), ("SCOPE-05/nested", "SCOPE-05/nested-scope")]
)
def test_a_mistyped_id_is_refused(mistyped: str, nearest: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The refusal names the nearest rule or case."""
    assert main(["explain", mistyped]) == 2
    line = capsys.readouterr().err
    assert line.startswith(
        f"metagraph explain: {mistyped!r} is neither a case nor a rule; the nearest ids are "
    )
    assert nearest in line


def test_a_retired_case_leads_to_its_replacement(capsys: pytest.CaptureFixture[str]) -> None:
    """A reader of an old report finds the case that tests the same now."""
    assert main(["explain", "SAV-05/listed-twice"]) == 2
    assert capsys.readouterr().err == (
        "metagraph explain: the case 'SAV-05/listed-twice' was retired; "
        "explain COL-19/savers-listed-twice, which replaces it\n"
    )


def test_a_rule_lists_the_mistakes_that_its_cases_catch(capsys: pytest.CaptureFixture[str]) -> None:
    """Each wrong exporter of the kit's tests stands under the rule that it violates, with its sentence."""
    lines = explained(capsys, "SCOPE-02")
    start = lines.index("mistakes that these cases catch; the kit's own tests make each of them on purpose")
    assert any(line.startswith("  drops-all-slashes-at-the-end: ") for line in lines[start:])
