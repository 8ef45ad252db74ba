"""Find and read a list of known failures, and refuse a list with any mistake."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import nearest_names
from pytest_metagraph.known_failures.model import Entry, FailureKind, KnownFailures
from pytest_metagraph.settings import CONTRACTS, TESTED_TENSORFLOW
from reference_impl.files import read_regular_file

TABLE = "known_failure"
"""The name of the array of tables that contains the entries."""

HEADER = re.compile(r"^[ \t]*\[\[[ \t]*known_failure[ \t]*\]\]", re.MULTILINE)
"""The start of an entry, if it is on a line of its own."""

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_REQUIRED = ("case", "kind", "reason")


class KnownFailuresError(MetagraphError):
    """A list cannot be used.

    Args:
        problems: the problems; each is a sentence with the place, the problem and what to do.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(text: str, name: str) -> KnownFailures:
    """Read a list.

    Args:
        text: the TOML text.
        name: the file's name, for messages.

    Raises:
        KnownFailuresError: if the text is not valid TOML or not a valid list; the error names every entry
            that is wrong.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # too many digits in a number, or too many nested brackets
        raise KnownFailuresError(f"{name} is not valid TOML: {error}") from error
    problems = [_unknown(f"{name}: ", key, (TABLE,)) for key in document if key != TABLE]
    tables = document.get(TABLE, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"{name}: {TABLE} is not an array of tables; start each entry with [[{TABLE}]]")
        tables = []
    entries = []
    for number, (table, place) in enumerate(zip(tables, _places(text, name, len(tables)), strict=True), 1):
        values, wrong = _read(table)
        problems.extend(f"{place}: entry {number}{_named(table)}: {problem}" for problem in wrong)
        if not wrong:
            entries.append(Entry(number=number, place=place, **values))
    if problems:
        raise KnownFailuresError(*problems)
    return KnownFailures(name, tuple(entries))


def _places(text: str, name: str, count: int) -> list[str]:
    """Return the place of each entry, with its line if every entry has a header of its own."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if HEADER.match(line)]
    return [f"{name}:{line}" for line in lines] if len(lines) == count else [name] * count


def _named(table: Mapping[str, Any]) -> str:
    case = table.get("case")
    first = case[0] if isinstance(case, list) and case else case
    return f" ({first!r})" if isinstance(first, str) and first else ""


def _read(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the attributes of an entry, and everything that is wrong with it."""
    problems = [f"{key} is missing; {_HELP[key]}" for key in _REQUIRED if key not in table]
    values = {}
    for key, value in table.items():
        if key not in _READERS:
            problems.append(_unknown("", key, _READERS))
            continue
        attribute, read = _READERS[key]
        try:
            values[attribute] = read(value)
        except ValueError as error:
            problems.append(f"{key} = {value!r} {error}")
    return values, problems


def _unknown(where: str, key: str, known: Any) -> str:
    near = nearest_names(key, known, most=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the known keys are {', '.join(known)}"
    return f"{where}unknown key {key!r}; {hint}"


def _globs(value: Any) -> tuple[str, ...]:
    return _strings(value, "must be the id of a case or a glob of ids, or a list of them")


def _fingerprints(value: Any) -> tuple[str, ...]:
    text = "must be a fingerprint (16 digits 0-9 a-f, as a failure prints it) or a list of them"
    found = _strings(value, text)
    if not all(_FINGERPRINT.fullmatch(item) for item in found):
        raise ValueError(text)
    return found


def _strings(value: Any, text: str) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str) and item.strip() for item in items):
        raise ValueError(text)
    if len(set(items)) < len(items):
        raise ValueError("contains an item twice; remove one of them")
    return tuple(items)


def _kind(value: Any) -> FailureKind:
    if value not in list(FailureKind):
        raise ValueError(f"is not a valid kind; {_HELP['kind']}")
    return FailureKind(value)


def _reason(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        problem = "is empty" if isinstance(value, str) else "is not a string"
        raise ValueError(f"{problem}; {_HELP['reason']}")
    return " ".join(value.split())


def _issue(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        raise ValueError("is not a link; give one that starts with https://")
    return value


def _expires(value: Any) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    raise ValueError("is not a date; write it without quotes, such as expires = 2030-12-31")


def _contract(value: Any) -> str:
    if value not in CONTRACTS:
        raise ValueError(f"is not a contract; use {' or '.join(CONTRACTS)}")
    return str(value)


def _versions(value: Any) -> SpecifierSet:
    text = value.strip() if isinstance(value, str) else ""
    try:
        # An empty specifier would silently allow every version.
        return SpecifierSet(text or "nothing")
    except InvalidSpecifier:
        raise ValueError(
            f"is not a version specifier; write it as for pip, such as '=={TESTED_TENSORFLOW}.*'"
        ) from None


def _platform(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is not a glob of a platform; write it as a report names it, such as 'Darwin *'")
    return value.strip()


_HELP = {
    "case": "name the cases that fail, by id or glob, such as 'matrix/towers/*clear_devices*'",
    "kind": f"use {', '.join(list(FailureKind)[:-1])} or {list(FailureKind)[-1]}",
    "reason": "explain in a sentence why these cases fail and what would have to change",
}
_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "case": ("patterns", _globs),
    "except": ("exceptions", _globs),
    "fingerprint": ("fingerprints", _fingerprints),
    "kind": ("kind", _kind),
    "reason": ("reason", _reason),
    "issue": ("issue", _issue),
    "expires": ("expires", _expires),
    "contract": ("contract", _contract),
    "exporter_version": ("exporter_version", _versions),
    "python": ("python", _versions),
    "protobuf": ("protobuf", _versions),
    "platform": ("platform", _platform),
}
"""The keys of an entry, each with its attribute and the function that reads its value."""


_SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True, slots=True)
class Source:
    """The file of a list.

    Attributes:
        name: the name of the list, as the user gave it.
        path: the path of the file.
        is_shipped: whether the list comes with the kit.
    """

    name: str
    path: Path
    is_shipped: bool

    def read(self) -> str:
        """Return the text of the list; empty if the file does not exist yet.

        Raises:
            KnownFailuresError: if the file cannot be read.
        """
        try:
            return read_regular_file(self.path).decode()  # keeps the line endings
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise KnownFailuresError(f"the known failures {self.name!r} cannot be read: {error}") from error


def shipped_lists() -> dict[str, Path]:
    """Return the lists that come with the kit, by the name that the option takes."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.toml"))}


def locate(name: str, folder: Path, *, update: bool) -> Source:
    """Find a list.

    Args:
        name: the name of a shipped list, or a path.
        folder: the folder that a relative path starts from.
        update: whether the list will be written; in that case it need not exist yet.

    Raises:
        KnownFailuresError: if there is no such list, or if a shipped one would be written.
    """
    shipped = shipped_lists()
    if name in shipped:
        if update:
            raise KnownFailuresError(
                f"the known failures {name!r} come with the kit and cannot be updated; "
                f"copy {shipped[name]} and give the path of the copy"
            )
        return Source(name, shipped[name], is_shipped=True)
    path = folder / name
    if path.exists() and not path.is_file():
        raise KnownFailuresError(
            f"the known failures {str(path)!r} are not a regular file; give the path of a TOML file"
        )
    if not path.exists() and not (update and path.parent.is_dir()):
        near = nearest_names(name, shipped, most=1)
        hint = f"did you mean {near[0]!r}?" if near else "--metagraph-update-known-failures starts a new list"
        raise KnownFailuresError(
            f"there is no file {str(path)!r}, and the only known failures that come with the kit are "
            f"{', '.join(shipped)}; {hint}"
        )
    return Source(name, path, is_shipped=False)
