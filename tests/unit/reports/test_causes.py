"""Causes: the smallest set of explanations for all failed cases."""

from __future__ import annotations

import report_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import CaseResult, DifferenceGroup, ReportedFinding, ReportedHint
from pytest_metagraph.judging.verdicts import Verdict
from pytest_metagraph.reports.causes import CauseWatch, _Pair, _search, causes_of

NODES = "graph_def.node"


def group(kind: str, *blamed: str, hint: str = "", section: str = NODES) -> DifferenceGroup:
    """One kind of difference that points at some requirements."""
    return DifferenceGroup(section, kind, 1, hint, blamed)


def failed(case: str, *groups: DifferenceGroup, verdict: Verdict = Verdict.FAIL) -> CaseResult:
    """Return a case whose message has some kinds of difference."""
    hints = tuple(ReportedHint(one.hint, f"{one.hint} in {case}") for one in groups if one.hint)
    finding = ReportedFinding(FindingCode.MESSAGE_DIFFERS, "It differs", "", hints, groups, ("returned",), ())
    return samples.result(case, verdict, findings=(finding,))


def test_a_defect_in_many_kinds_is_one_cause() -> None:
    """Kinds that point at the same requirement are explained together."""
    (cause,) = causes_of(
        [failed("a", group("x", "CLS-02"), group("y", "CLS-02")), failed("b", group("y", "CLS-02"))]
    )
    assert (cause.cases, cause.requirements) == (("b", "a"), ("CLS-02",))
    assert cause.kinds == ("graph_def.node: y", "graph_def.node: x")


def test_defects_that_meet_in_one_case_stay_apart() -> None:
    """Two defects are two causes, although every case shows both; the one with more cases comes first."""
    causes = causes_of(
        [failed("a", group("x", "CLS-02"), group("y", "COL-12")), failed("b", group("y", "COL-12"))]
    )
    assert [(cause.requirements, cause.cases) for cause in causes] == [
        (("COL-12",), ("b", "a")),
        (("CLS-02",), ("a",)),
    ]


def test_the_fewest_causes_are_chosen() -> None:
    """A requirement that all cases point at explains them alone, whatever else each of them points at."""
    causes = causes_of(
        [
            failed(case, group("x", "COL-12", other))
            for case, other in zip("abc", ("A-1", "A-2", "A-3"), strict=True)
        ]
    )
    assert [cause.requirements for cause in causes] == [("COL-12",)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.sampled_from(["device", "input", "op"]),
            st.lists(st.sampled_from(["R-1", "R-2", "R-3", "R-4"]), max_size=3, unique=True),
        ),
        max_size=20,
    )
)
def test_the_choice_of_causes_is_the_greedy_one(drawn: list[tuple[str, str, list[str]]]) -> None:
    """Each cause explains most of what is left, as a search that counts anew each time finds."""
    pairs = list(dict.fromkeys(_Pair(case, kind, tuple(blamed), "", "") for case, kind, blamed in drawn))
    keys = {key for pair in pairs for key in pair.explanations}
    left, expected = set(pairs), []
    while left:
        key = min(
            keys,
            key=lambda key: (
                -sum(key in pair.explanations for pair in left),
                -sum(key in pair.explanations for pair in pairs),
                key,
            ),
        )
        expected.append((key, [pair for pair in pairs if key in pair.explanations and pair in left]))
        left -= set(expected[-1][1])
    assert list(_search(pairs, ()).items()) == expected


def test_a_cause_speaks_in_the_words_of_its_smallest_case() -> None:
    """The hint of the case with the fewest kinds of difference is shown: it is looked at first."""
    (cause,) = causes_of(
        [
            failed("a", group("x", "CLS-02", hint="scope"), group("y", "CLS-02", hint="scope")),
            failed("b", group("x", "CLS-02", hint="scope")),
        ]
    )
    assert cause.cause == "scope in b"


def test_requirement_cases_are_smaller_than_matrix_cases() -> None:
    """Of two cases with as many kinds of difference, the one with a graph of a few nodes is named."""
    causes = causes_of([failed("matrix/a", group("x", "CLS-02")), failed("CLS-02/b", group("x", "CLS-02"))])
    assert causes[0].cases == ("CLS-02/b", "matrix/a")


def test_what_points_nowhere_is_explained_by_its_kind() -> None:
    """A crash has no part of a message; all crashes are one cause."""
    crash = samples.finding("crashed", "The exporter exited without answering")
    results = [samples.result(case, Verdict.FAIL, findings=(crash,)) for case in "ab"]
    (cause,) = causes_of(results)
    assert (cause.cause, cause.cases, cause.requirements) == (crash.summary, ("a", "b"), ())


def test_keys_of_collections_do_not_make_kinds() -> None:
    """The same defect in two collections is one kind."""
    variables, losses = (
        group("item-extra", "COL-12", section=f"collection_def[{key!r}]") for key in ("variables", "losses")
    )
    (cause,) = causes_of([failed("a", variables, losses)])
    assert cause.kinds == ("collection_def[*]: item-extra",)


def test_cases_that_passed_have_no_cause() -> None:
    """Only failed cases are explained, known failures among them."""
    assert causes_of([samples.result("a")]) == ()
    known = failed("b", group("x", "CLS-02"), verdict=Verdict.KNOWN_FAILURE)
    assert [cause.cases for cause in causes_of([known])] == [("b",)]


def test_a_hint_explains_cases_that_blame_different_requirements() -> None:
    """A cause that hints name is one cause, whatever rule each of its cases is named after."""
    (cause,) = causes_of(
        [
            failed(case, group("x", name, hint="ops-missing"))
            for case, name in (("a", "OPS-01"), ("b", "STRIP-05"))
        ]
    )
    assert cause.cause == "ops-missing in a"
    assert cause.cases == ("a", "b")


def test_a_wider_cause_explains_what_it_looks_like_elsewhere() -> None:
    """Collections that are not pruned keep the scope where all items lie in it: that is one cause."""
    (cause,) = causes_of(
        [
            failed("a", group("x", "COL-14", hint="collections-keep-scope")),
            failed("b", group("y", "COL-12", hint="collections-not-pruned")),
        ]
    )
    assert cause.cause == "collections-not-pruned in b"
    assert cause.cases == ("a", "b")


def test_names_of_files_and_of_what_was_due_do_not_make_causes() -> None:
    """The same exception, and the same thing wrong with files of other names, are one cause each."""
    raised = [
        samples.finding("raised", f"The exporter raised KeyError instead of {due}")
        for due in ("returning a message", "ValueError")
    ]
    stray = [
        samples.finding("stray_file", f"The export left a file that was not requested: {name}")
        for name in "xy"
    ]
    results = [
        samples.result(str(at), Verdict.FAIL, findings=(one,)) for at, one in enumerate((*raised, *stray))
    ]
    assert [(cause.cause, cause.cases) for cause in causes_of(results)] == [
        ("The export left a file that was not requested", ("2", "3")),
        ("The exporter raised KeyError", ("0", "1")),
    ]


def test_a_cause_is_news_once() -> None:
    """While results arrive, a cause is new in the first case that shows it, whatever kinds it has later."""
    watch = CauseWatch()
    (first,) = watch.new_causes(failed("a", group("x", "CLS-02")))
    assert (first.requirements, first.cases) == (("CLS-02",), ("a",))
    assert watch.new_causes(failed("b", group("y", "CLS-02"))) == ()
    (second,) = watch.new_causes(failed("c", group("x", "CLS-02"), group("z", "COL-12", hint="scope")))
    assert (second.requirements, second.cause) == (("COL-12",), "scope in c")


def test_a_case_that_does_not_fail_is_no_news() -> None:
    """A known failure shows its causes in the report and not while the run goes on."""
    known = failed("a", group("x", "CLS-02"), verdict=Verdict.UNSUPPORTED)
    assert CauseWatch().new_causes(known) == ()
