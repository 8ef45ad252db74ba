"""The paths of answers: readable, and inside the folder for every case id."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance_cases import Tier, Variant, load_corpus
from pytest_metagraph.exporters.answer_paths import answer_candidates, answer_stem, with_suffix

PORTABLE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_=,.-%/")


@pytest.mark.parametrize(
    ("case_id", "stem"),
    [
        ("matrix/towers/plain", "matrix/towers/plain"),
        (
            "matrix/towers/export_scope=tower_1/inner,clear_devices",
            "matrix/towers/export_scope=tower_1/inner,clear_devices",
        ),
        ("SCOPE-08/a.b", "SCOPE-08/a.b"),
        ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
        ("/etc/passwd", "%/etc/passwd"),
        ("a/./b", "a/%2E/b"),
        ("a\\b:c*d", "a%5Cb%3Ac%2Ad"),
        ("é", "%C3%A9"),
        ("100%", "100%25"),
    ],
)
def test_a_stem_is_the_id_with_unsafe_characters_escaped(case_id: str, stem: str) -> None:
    """Usual ids stay unchanged; characters that a file system may refuse become hexadecimal digits."""
    assert answer_stem(case_id) == stem


@given(st.text(min_size=1))
def test_no_id_leads_out_of_the_folder(case_id: str) -> None:
    """For every id, the answer is inside the folder, under a name of portable characters."""
    case_id = case_id.encode(errors="replace").decode()
    stem = answer_stem(case_id)
    assert set(stem) <= PORTABLE
    folder = Path("/exports")
    assert (folder / stem).resolve().is_relative_to(folder)
    assert all(part not in {"", ".", ".."} and len(part) <= 100 for part in stem.split("/"))


@given(st.text(), st.text())
def test_two_ids_have_two_stems(first: str, second: str) -> None:
    """Different ids have different stems, so that no file answers two cases."""
    first, second = (text.encode(errors="replace").decode() for text in (first, second))
    assert (answer_stem(first) == answer_stem(second)) == (first == second)


def test_long_ids_are_cut_and_stay_different() -> None:
    """A long id is cut to 100 characters, and ids that differ only at their ends have different stems."""
    first, second = answer_stem("a" * 300 + "1"), answer_stem("a" * 300 + "2")
    assert first != second
    assert len(first) == len(second) == 100


def test_the_stems_of_the_corpus_differ_in_more_than_case() -> None:
    """The answers to the whole corpus fit into one folder of a file system that ignores case."""
    stems = [answer_stem(case.id).casefold() for case in load_corpus().cases(Tier.FULL)]
    assert len(set(stems)) == len(stems)


def test_a_suffix_is_appended_to_the_whole_name() -> None:
    """The part of an id after a dot is not replaced."""
    assert with_suffix(Path("SCOPE-08/a.b"), ".pb") == Path("SCOPE-08/a.b.pb")


def test_the_answer_of_a_variant_comes_before_that_of_its_case() -> None:
    """The answer of a variant takes precedence over that of its case."""
    variant = Variant(filename=True, as_text=True)
    assert [str(path) for path in answer_candidates(Path("out"), "SAV-01/given", variant)] == [
        "out/SAV-01/given.variants/file,as_text",
        "out/SAV-01/given",
    ]
