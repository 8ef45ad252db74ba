"""Counts, nearest names, and characters made visible."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence

import pytest

from pytest_metagraph._util.text import (
    counted,
    named,
    nearest_names,
    printable,
    printable_json,
    scopes_around,
    storable,
)

IDS = [
    "SCOPE-05/nested-scope",
    *(f"matrix/{graph}/{name}" for graph in ("queues", "towers") for name in ("plain", "clear_devices")),
    *(f"matrix/queues/export_scope=scope_{number}" for number in range(1000)),
]


@pytest.mark.parametrize(
    ("mistyped", "nearest"),
    [
        ("matrix/tower/plain", "matrix/towers/plain"),
        ("matrix/towers/clear_device", "matrix/towers/clear_devices"),
        ("matrix/queues/plane", "matrix/queues/plain"),
        ("SCOPE-5/nested-scope", "SCOPE-05/nested-scope"),
        ("nested-scope", "SCOPE-05/nested-scope"),
    ],
)
def test_the_nearest_id_comes_first(mistyped: str, nearest: str) -> None:
    """A mistyped graph, name or requirement leads to the one that was meant, among a thousand others."""
    assert nearest_names(mistyped, IDS)[0] == nearest


def test_names_without_folders_have_nearest_ones() -> None:
    """Any kind of name can be looked up, and the number of names that are offered is limited."""
    known = ["reason", "expires", "exporter_version", "kind"]
    assert nearest_names("reasons", known) == ["reason"]
    assert nearest_names("graph_1", [f"graph_{number}" for number in range(9)], most=2) == [
        "graph_1",
        "graph_8",
    ]


def test_nothing_is_offered_for_nonsense() -> None:
    """A name that is similar to none gets no hint."""
    assert nearest_names("!!", IDS) == []


@pytest.mark.parametrize(
    ("name", "scopes"),
    [
        ("a/b/c", ["a/b", "a"]),
        ("a", []),
        ("", []),
        ("a/", ["a"]),
        ("/a/b", ["/a"]),
        ("a//b", ["a/", "a"]),
    ],
)
def test_a_name_lies_in_the_scopes_around_it(name: str, scopes: list[str]) -> None:
    """The innermost scope comes first, and an empty one is none."""
    assert list(scopes_around(name)) == scopes


def test_of_very_many_scopes_the_outermost_are_looked_at() -> None:
    """A name of 80 KB does not have scopes of 3 GB."""
    scopes = list(scopes_around("s/" * 40_000))
    assert len(scopes) == 100
    assert scopes[-2:] == ["s/s", "s"]


@pytest.mark.parametrize(
    ("names", "most", "text"),
    [
        ((), 3, ""),
        (("a",), 1, "a"),
        (("a", "b", "c"), 3, "a, b, c"),
        (("a", "b", "c", "d"), 3, "a, b, c and 1 more"),
        (["a"] * 2001, 1, "a and 2,000 more"),
    ],
)
def test_many_names_are_counted(names: Sequence[str], most: int, text: str) -> None:
    """The first names are listed, and the others counted."""
    assert named(names, most) == text


def test_only_the_names_that_are_listed_are_shown() -> None:
    """Of a million names, three are made into texts."""
    shown: list[int] = []
    text = named(range(1_000_000), show=lambda number: shown.append(number) or repr(number))  # type: ignore[func-returns-value] # append has none
    assert text == "0, 1, 2 and 999,997 more"
    assert shown == [0, 1, 2]


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("case",), "0 cases"),
        (1, ("case",), "1 case"),
        (1043, ("node",), "1,043 nodes"),
        (1, ("entry", "entries"), "1 entry"),
        (2, ("entry", "entries"), "2 entries"),
    ],
)
def test_a_noun_follows_its_number(number: int, words: tuple[str, ...], text: str) -> None:
    """One is singular, everything else is plural, regular unless the plural is given."""
    assert counted(number, *words) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a/b:0 (Add)", "a/b:0 (Add)"),
        ("schl\u00fcssel \u4e16 \U0001f600", "schl\u00fcssel \u4e16 \U0001f600"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\tb\r\nc\x00", r"a\tb\r\nc\x00"),
        ("\x7f\x9b31m", r"\x7f\x9b31m"),
        ("user\u202enimda", r"user\u202enimda"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("one\u2028two\u2029three\x85", r"one\u2028two\u2029three\x85"),
        ("file\udcff", r"file\udcff"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("a\ufe0f b\U000e0101 c\u034f", r"a\ufe0f b\U000e0101 c\u034f"),
        ("\u3164\uffa0\u115f\u2800", r"\u3164\uffa0\u115f\u2800"),
        ("\ufffe\uffff", r"\ufffe\uffff"),
    ],
)
def test_characters_that_act_are_shown_by_number(text: str, shown: str) -> None:
    """Visible characters of any script stay; the others are shown as Python escapes them."""
    assert printable(text) == shown


def test_line_feeds_can_stay() -> None:
    """In a text of several lines only line feeds stay; a carriage return could overwrite the line."""
    assert printable("a\nb\r\x0bc", keep_newlines=True) == "a\nb\\r\\x0bc"


def test_no_character_of_these_categories_stays() -> None:
    """Unicode's control, surrogate and separator characters, and all that reorder text, are escaped."""
    reordering = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(character) in reordering:
            assert printable(character) != character, hex(code)


IGNORABLE = (
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010)),
    *(*range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0),
    *(*range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
)
"""The code points that Unicode lets a font show as nothing: its property Default_Ignorable_Code_Point."""


def test_no_character_that_is_shown_as_nothing_stays() -> None:
    """Two names that differ in a character which is not seen are shown as different names."""
    assert [hex(code) for code in IGNORABLE if printable(chr(code)) == chr(code)] == []
    assert printable_json('"a\ufe0f\U000e0101"') == r'"a\ufe0f\udb40\udd01"'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("a ::error::x", "a \\x3a:error::x"),
        ("section_start:1:a", "\\x73ection_start:1:a"),
        ("a##[error]b", "a\\x23#[error]b"),
        ("###[x", "#\\x23#[x"),
        ("##VSO[task]", "\\x23#VSO[task]"),
        ("##teamcity[x]", "\\x23#teamcity[x]"),
        ("a::b std::vector loc:@a ## [x] #[x] section_of: : :", None),
    ],
)
def test_commands_of_ci_systems_are_shown_escaped(text: str, shown: str | None) -> None:
    """The first character of a command is escaped, once, and nothing else; JSON keeps the text."""
    assert printable(text) == (text if shown is None else shown)
    assert printable(printable(text)) == printable(text)
    assert json.loads(printable_json(json.dumps([text, "\x9b\u202e\U000e0001"], ensure_ascii=False))) == [
        text,
        "\x9b\u202e\U000e0001",
    ]


def test_a_text_to_store_can_be_encoded_and_is_not_long() -> None:
    """Half a character is escaped, a longer text is cut, and a text that was made storable stays as it is."""
    assert storable("a\ud800b\n\x1b") == "a\\ud800b\n\x1b"
    for text in ("x" * 10_000_000, "\ud800" * 10_000_000, "\ud800" * 19_000):
        stored = storable(text)
        assert stored.startswith(text[:1].encode(errors="backslashreplace").decode() * 1000)
        assert f"{len(text):,} characters" in stored
        assert len(stored) <= 20_000
        assert storable(stored) == stored


def test_a_text_to_store_is_what_it_contains() -> None:
    """A subclass of str cannot say that it is something else."""

    class Lying(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "something else"

    assert storable(Lying("itself")) == "itself"
    assert type(storable(Lying("itself"))) is str
