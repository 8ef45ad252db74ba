"""A list of known failures is read, and every mistake in it is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_metagraph.known_failures.load import KnownFailuresError, load
from pytest_metagraph.known_failures.model import FailureKind

GOOD = {"case": '"a/*"', "kind": '"bug"', "reason": '"It is not done yet."'}


def text_with(**changed: str | None) -> str:
    """Return a list with a valid entry at line 3, except for some values; None leaves a key out."""
    values = {**GOOD, **changed}
    lines = [f"{key} = {value}" for key, value in values.items() if value is not None]
    return "\n".join(("# Known.", "", "[[known_failure]]", *lines, ""))


def problems_of(text: str) -> tuple[str, ...]:
    """Return the problems that `load` reports."""
    with pytest.raises(KnownFailuresError) as caught:
        load(text, "known.toml")
    return caught.value.problems


def test_every_key_is_read() -> None:
    """Every key of an entry is read into its attribute."""
    text = text_with(
        **{"except": '["a/b", "a/c"]'},
        fingerprint='"0123456789abcdef"',
        kind='"dispute"',
        reason='"""\nNot done\n  yet."""',
        issue='"https://example.org/1"',
        expires="2030-12-31",
        contract='"documented"',
        exporter_version='">=2.21,<2.22"',
    )
    (entry,) = load(text, "known.toml").entries
    assert (entry.number, entry.place) == (1, "known.toml:3")
    assert entry.patterns == ("a/*",)
    assert entry.exceptions == ("a/b", "a/c")
    assert entry.fingerprints == ("0123456789abcdef",)
    assert entry.kind is FailureKind.DISPUTE
    assert entry.reason == "Not done yet."
    assert entry.issue == "https://example.org/1"
    assert entry.expires == dt.date(2030, 12, 31)
    assert entry.contract == "documented"
    assert str(entry.exporter_version) in {">=2.21,<2.22", "<2.22,>=2.21"}


def test_an_empty_text_is_an_empty_list() -> None:
    """A list that starts empty has no entries."""
    assert load("", "known.toml").entries == ()


@pytest.mark.parametrize(
    ("changed", "what", "way_out"),
    [
        ({"case": None}, "case is missing", "by id or glob"),
        ({"kind": None}, "kind is missing", "use bug, wontfix or dispute"),
        ({"reason": None}, "reason is missing", "explain in a sentence why these cases fail"),
        ({"reason": '""'}, "reason = '' is empty", "explain in a sentence why these cases fail"),
        ({"reason": '"  "'}, "reason = '  ' is empty", "explain in a sentence"),
        ({"reason": "7"}, "reason = 7 is not a string", "explain in a sentence"),
        ({"kind": '""'}, "kind = '' is not a valid kind", "use bug, wontfix or dispute"),
        ({"kind": '"flaky"'}, "kind = 'flaky' is not a valid kind", "use bug, wontfix or dispute"),
        ({"case": "[]"}, "case = []", "must be the id of a case or a glob of ids"),
        ({"case": "7"}, "case = 7", "must be the id of a case"),
        ({"case": '["a", "a"]'}, "contains an item twice", "remove one of them"),
        ({"fingerprint": '"12"'}, "fingerprint = '12'", "16 digits"),
        ({"issue": '"TRACKER-1"'}, "issue = 'TRACKER-1' is not a link", "https://"),
        ({"expires": '"2030-12-31"'}, "expires = '2030-12-31' is not a date", "expires = 2030-12-31"),
        ({"expires": "2030-12-31T10:00:00"}, "is not a date", "expires = 2030-12-31"),
        ({"contract": '"tf"'}, "contract = 'tf' is not a contract", "use documented or tensorflow"),
        ({"exporter_version": '"new"'}, "exporter_version = 'new' is not a version specifier", "'==2.21.*'"),
        ({"python": '"new"'}, "python = 'new' is not a version specifier", "'==2.21.*'"),
        ({"protobuf": "7"}, "protobuf = 7 is not a version specifier", "'==2.21.*'"),
        ({"platform": '""'}, "platform = '' is not a glob of a platform", "'Darwin *'"),
        ({"exporter_version": '""'}, "exporter_version = '' is not a version specifier", "'==2.21.*'"),
        ({"reasons": '"x"'}, "unknown key 'reasons'", "did you mean 'reason'?"),
        ({"zzz": "1"}, "unknown key 'zzz'", "the known keys are case, except"),
    ],
)
def test_a_mistake_is_reported_with_its_place_and_what_to_do(
    changed: dict[str, str | None], what: str, way_out: str
) -> None:
    """Each wrong value is one problem, which names file, line and entry and says what to do."""
    (problem,) = problems_of(text_with(**changed))
    assert problem.startswith("known.toml:3: entry 1")
    assert what in problem
    assert way_out in problem.partition(what)[2]


def test_all_wrong_entries_are_named_at_once() -> None:
    """Two drafts are two problems, each with its own line."""
    problems = problems_of(text_with(reason='""') + text_with(reason='""'))
    assert [problem.partition(": ")[0] for problem in problems] == ["known.toml:3", "known.toml:9"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[known_failure]\n", r"known.toml is not valid TOML: .*line 1"),
        ("[[known_failures]]\n", r"known.toml: unknown key 'known_failures'; did you mean 'known_failure'\?"),
        (
            "known_failure = 3\n",
            r"known.toml: known_failure is not an array of tables; start each entry with",
        ),
        ("[known_failure]\n", r"known.toml: known_failure is not an array of tables; start each entry with"),
    ],
)
def test_a_text_of_another_shape_is_refused(text: str, sentence: str) -> None:
    """A text that is not a list is refused with the place and what to do."""
    with pytest.raises(KnownFailuresError, match=sentence):
        load(text, "known.toml")


def test_entries_written_in_line_have_no_line_number() -> None:
    """Entries without a header of their own are read, and their place is the file alone."""
    text = 'known_failure = [{case = "a", kind = "bug", reason = "x"}]'
    assert [entry.place for entry in load(text, "known.toml").entries] == ["known.toml"]


def test_a_header_inside_a_string_gives_no_wrong_line_number() -> None:
    """The place is the file alone if a string contains a line that looks like a header."""
    text = text_with(reason='"""\n[[known_failure]]\nis what an entry starts with."""')
    assert [entry.place for entry in load(text, "known.toml").entries] == ["known.toml"]
