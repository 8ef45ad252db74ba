"""Text for people: counts with their nouns, names that were probably meant, and characters made visible."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

MOST_OF_A_LINE = 4_000
"""The characters of a line of a report or a summary that are shown: a name may have millions."""

_COMPARED = 200
"""Names that are compared in full: comparing one of the corpus's tens of thousands of ids takes 0.2 ms."""

_MOST_STORED = 20_000
"""The length of the longest text of an exporter that is kept, in characters: more than of stderr is read."""

_LEFT_OF_LONGER = 16_000

_MOST_LEVELS = 100
"""The scopes of one name that are looked at; real graphs have about ten in one another."""

# Patterns are compiled when they are first used: pytest imports this module in every session.
_INVISIBLE = (
    "["
    "\x00-\x1f\x7f-\x9f\xad"  # control characters (C0, DEL, C1) and the soft hyphen
    "\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidi, joiners, zero width
    "\u034f\u180b-\u180f\ufe00-\ufe0f"  # variants of the character before, which often look like it
    "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters of Hangul, Khmer and Braille that are blank
    "\ufff0-\ufff8\ufffe\uffff"  # no characters; XML refuses the last two
    "\u2028\u2029"  # line and paragraph separators
    "\ud800-\udfff"  # surrogates: bytes of a file name that are not UTF-8, or half a character
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # formats of shorthand and music
    "\U000e0000-\U000e0fff"  # tags, and further variants
    "]"
)

_COMMANDS = r"(?i)(?<!\S)(?:::|section_(?=(?:start|end):))|\#(?=\#(?:vso|teamcity)?\[)"
"""What CI systems may read as commands in a log: `::error::` of GitHub and `section_start:` of GitLab at the
start of a line, which is wherever a text is wrapped; `##[error]`, `##vso[task]` of Azure, `##teamcity[`."""


def printable(text: str, *, keep_newlines: bool = False) -> str:
    r"""Return a text in which no character acts on a terminal, hides, or reorders its neighbours.

    Every control, bidirectional, blank, zero-width, line-separator and surrogate character, and each that
    chooses a variant of the character before it, is shown as Python escapes it: `\n`, `\x1b`, `\u202e`. So is
    the first character of what a CI system would read as a command in its log: `\x3a:error::`,
    `\x23#[error]`. A text that was escaped stays as it is.

    The function is for the border where names of a graph, messages of an exporter or file names reach a
    person. The escapes of Markdown and HTML do not replace it: they protect markup, and leave characters that
    hide or reorder text. JSON has `printable_json`.

    Args:
        text: any text.
        keep_newlines: leave line feeds as they are, for a text of several lines.
    """
    shown = re.sub(
        _INVISIBLE, lambda match: "\n" if keep_newlines and match[0] == "\n" else _escape(match[0]), text
    )
    return re.sub(_COMMANDS, lambda match: f"\\x{ord(match[0][0]):02x}{match[0][1:]}", shown)


def shortened(text: str, most: int = 500) -> str:
    """Return a text, or its beginning and its length if it has more than some characters.

    Names in a graph can have millions of characters.

    Args:
        text: any text.
        most: the number of characters that are left.
    """
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def storable(text: str) -> str:
    """Return a text of an exporter as reports can store it, and people read it.

    It can be encoded as UTF-8, is an exact `str`, and has at most some thousand characters: of a longer text
    the beginning is left. A text that was made storable stays as it is.

    Args:
        text: any text, even one with lone surrogates, or of a subclass whose methods lie.
    """
    exact = str.__str__(text)
    start = exact[: _MOST_STORED + 1].encode(errors="backslashreplace").decode()
    if len(start) <= _MOST_STORED:
        return start
    return f"{start[:_LEFT_OF_LONGER]}\n... (the rest of {len(exact):,} characters is omitted)"


def printable_json(text: str) -> str:
    """Return a JSON text that means the same, and in which nothing acts; line feeds between values stay."""
    shown = re.sub(_INVISIBLE, lambda match: "\n" if match[0] == "\n" else json.dumps(match[0])[1:-1], text)
    return re.sub(_COMMANDS, lambda match: f"\\u{ord(match[0][0]):04x}{match[0][1:]}", shown)


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of a JSON object, as `object_pairs_hook` of `json.loads`.

    Raises:
        ValueError: if a name is repeated: readers of JSON differ in which value they take.
    """
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"{name} occurs more than once")
        members[name] = value
    return members


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number followed by its noun: `1 node`, `1,043 nodes`.

    Args:
        number: how many there are.
        noun: the noun in the singular.
        plural: the noun in the plural; the singular with an `s` if not given.
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def named(names: Sequence[Any], most: int = 3, show: Callable[[Any], str] = str) -> str:
    """Return names in one line; of more than `most`, the first of them and the number of the others.

    Args:
        names: the names.
        most: the number of names that are shown.
        show: returns how a name is shown; it is called for these names only, of which there may be millions.
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(show, names[:most])) + more


def scopes_around(name: str) -> Iterator[str]:
    """Yield the name scopes that a node lies in, the innermost first; of more than 100, the outermost ones.

    All scopes of one deep name have together the square of its length.

    Args:
        name: the name of the node.
    """
    parts = name.split("/", _MOST_LEVELS)[:-1]
    for level in range(len(parts), 0, -1):
        if scope := "/".join(parts[:level]):
            yield scope


def nearest_names(mistyped: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return the names that are most similar to a mistyped one.

    In names such as case ids, whose parts are separated by `/`, the most similar part is followed first, so
    that a mistyped graph leads to that graph.

    Args:
        mistyped: a name, or a glob of names, that matches nothing.
        known: the names that exist.
        most: the number of names to return at most.

    Returns:
        The most similar name first; nothing if no name is similar.
    """
    import difflib  # noqa: PLC0415 - `metagraph --version` does not need it

    candidates = list(known)
    folder = ""
    for part in mistyped.split("/")[:-1]:
        parts = {name.removeprefix(folder).partition("/")[0] for name in candidates}
        similar = difflib.get_close_matches(part, parts, n=1, cutoff=0.5)
        if not similar:
            break
        folder = f"{folder}{similar[0]}/"
        candidates = [name for name in candidates if name.startswith(folder)]
    compared = heapq.nsmallest(_COMPARED, candidates, key=lambda name: abs(len(name) - len(mistyped)))
    return difflib.get_close_matches(mistyped, compared, n=most, cutoff=0.5)
