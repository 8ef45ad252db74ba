"""Changes are written into the text of a list, and everything else stays as it is."""

from __future__ import annotations

import stat
import textwrap
import tomllib
from pathlib import Path

import pytest

from pytest_metagraph.known_failures.edit import (
    Change,
    Draft,
    Narrowing,
    NewFingerprints,
    Removal,
    edit,
    write,
)
from pytest_metagraph.known_failures.load import KnownFailuresError, load
from pytest_metagraph.known_failures.model import Entry

OLD, NEW = "0" * 16, "f" * 16
TEXT = textwrap.dedent(
    """\
    # Known failures of my exporter.

    # --- devices
    [[known_failure]]
    case = "m/devices/*"  # all of them
    reason = "Devices stay."
    kind = "bug"

    # --- savers
    # Two of them.
    [[known_failure]]
    kind = 'wontfix'
    case = [
        "m/savers/a", # the small one
        "m/savers/b",
    ]
    fingerprint = "0000000000000000"
    reason = '''
    [[ this is not a header ]]
    Savers go.'''
    # below the savers

    # --- scopes
    [[known_failure]]
    case = "m/scopes/a"
    reason = "Scopes are text."
    kind = "dispute"
    """
)


def entry(number: int) -> Entry:
    """Return an entry of `TEXT`."""
    return load(TEXT, "known.toml").entries[number - 1]


def edited(*changes: Change) -> str:
    """Return `TEXT` with changes."""
    return edit(TEXT, changes)


def test_no_change_changes_nothing() -> None:
    """Without changes, the text is returned byte for byte."""
    assert edited() == TEXT


@pytest.mark.parametrize(
    ("number", "gone"),
    [
        (1, TEXT[TEXT.index("[[known_failure]]") : TEXT.index("\n# --- savers")]),
        (2, TEXT[TEXT.index("[[known_failure]]\nkind") : TEXT.index("# below the savers")]),
        (3, TEXT[TEXT.index('[[known_failure]]\ncase = "m/scopes/a"') :]),
    ],
)
def test_a_removed_entry_leaves_everything_else(number: int, gone: str) -> None:
    """An entry is removed from its header to its last value; all comments above and below stay in order."""
    after = edited(Removal(entry(number)))
    assert after.split() == TEXT.replace(gone, "").split()
    assert len(load(after, "known.toml").entries) == 2


def test_all_entries_can_go() -> None:
    """The comments stay if every entry is removed."""
    after = edited(*(Removal(entry(number)) for number in (1, 2, 3)))
    assert load(after, "known.toml").entries == ()
    comments = [line for line in TEXT.splitlines() if line.startswith("#")]
    assert after.replace("\n\n", "\n").splitlines() == comments


def test_a_passing_id_is_removed_from_its_entry() -> None:
    """The other ids stay, and no exception is added for an id."""
    after = edited(Narrowing(entry(2), ("m/savers/a",)))
    narrowed = load(after, "known.toml").entries[1]
    assert narrowed.patterns == ("m/savers/b",)
    assert narrowed.exceptions == ()
    assert "# below the savers" in after


def test_a_passing_case_of_a_glob_becomes_an_exception() -> None:
    """A glob stays as it was written, with the comment after it, and the case becomes an exception."""
    after = edited(Narrowing(entry(1), ("m/devices/a", "m/devices/b")))
    assert load(after, "known.toml").entries[0].exceptions == ("m/devices/a", "m/devices/b")
    assert 'case = "m/devices/*"  # all of them\n' in after
    assert after.index("except") < after.index("# --- savers")


def test_a_passing_case_leaves_the_ids_and_the_globs_of_an_entry() -> None:
    """An id is removed, and becomes an exception if a glob of the same entry matches it as well."""
    text = TEXT.replace('"m/devices/*"', '["m/devices/a", "m/other/b", "m/devices/*"]')
    mixed = load(text, "known.toml").entries[0]
    after = edit(text, [Narrowing(mixed, ("m/devices/a", "m/other/b"))])
    narrowed = load(after, "known.toml").entries[0]
    assert (narrowed.patterns, narrowed.exceptions) == (("m/devices/*",), ("m/devices/a",))


def test_exceptions_are_added_to_those_that_are_there() -> None:
    """A second update keeps the exceptions of the first."""
    once = edited(Narrowing(entry(1), ("m/devices/a",)))
    twice = edit(once, [Narrowing(load(once, "known.toml").entries[0], ("m/devices/b",))])
    assert load(twice, "known.toml").entries[0].exceptions == ("m/devices/a", "m/devices/b")


def test_fingerprints_are_replaced_in_place() -> None:
    """One fingerprint is written as a string, several as an array; the other lines stay."""
    after = edited(NewFingerprints(entry(2), (OLD, NEW)))
    assert load(after, "known.toml").entries[1].fingerprints == (OLD, NEW)
    one = edited(NewFingerprints(entry(2), (NEW,)))
    assert one == TEXT.replace(OLD, NEW)


def test_a_draft_is_appended_and_refused_until_a_person_completes_it() -> None:
    """A new entry is appended with everything but kind and reason, and the list is refused without those."""
    draft = Draft(("m/new/a", "m/new/b"), NEW, "documented", "The message differs")
    after = edited(draft)
    assert after.startswith(TEXT)
    assert "# The message differs.\n[[known_failure]]\n" in after
    drafted = tomllib.loads(after)["known_failure"][3]
    assert drafted == {
        "case": ["m/new/a", "m/new/b"],
        "fingerprint": NEW,
        "contract": "documented",
        "kind": "",
        "reason": "",
    }
    with pytest.raises(KnownFailuresError) as caught:
        load(after, "known.toml")
    wrong_keys = [problem.partition(" = ")[0].rpartition(" ")[2] for problem in caught.value.problems]
    assert wrong_keys == ["kind", "reason"]


def test_a_new_list_starts_with_a_comment() -> None:
    """The draft of a file that does not exist yet is written below a comment."""
    after = edit("", [Draft(("m/a",), NEW, "documented", "The message differs")])
    assert after.startswith("# Cases that are known to fail.")
    assert tomllib.loads(after)["known_failure"][0]["case"] == "m/a"


def test_several_changes_of_one_entry_are_all_made() -> None:
    """An entry can lose cases and get new fingerprints in one update."""
    after = edited(Narrowing(entry(2), ("m/savers/a",)), NewFingerprints(entry(2), (NEW,)))
    changed = load(after, "known.toml").entries[1]
    assert (changed.patterns, changed.fingerprints) == (("m/savers/b",), (NEW,))


def test_line_endings_are_kept() -> None:
    """A list with the line endings of Windows keeps them in every line that is not new."""
    windows = TEXT.replace("\n", "\r\n")
    after = edit(windows, [Removal(load(windows, "known.toml").entries[0])])
    assert after.count("\r\n") == after.count("\n")
    assert len(load(after, "known.toml").entries) == 2


@pytest.mark.parametrize(
    "text", ['known_failure = [{case = "a", kind = "bug", reason = "x"}]\n', "known_failure = []\n"]
)
def test_entries_without_headers_of_their_own_are_not_edited(text: str) -> None:
    """A list that can be read but not edited, also an empty one, is refused with what to do."""
    with pytest.raises(KnownFailuresError, match=r"start each entry with \[\[known_failure\]\]"):
        edit(text, [Draft(("m/a",), NEW, "documented", "The message differs")])


def test_writing_replaces_the_target_of_a_link_and_keeps_its_mode(tmp_path: Path) -> None:
    """The link still points to the file, the mode is the same, and no other file is left."""
    target = tmp_path / "known.toml"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    (tmp_path / "link.toml").symlink_to(target)
    write(tmp_path / "link.toml", "new\n")
    assert target.read_text(encoding="utf-8") == "new\n"
    assert (tmp_path / "link.toml").is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["known.toml", "link.toml"]


def test_a_failed_write_leaves_the_old_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the last step fails, the list is unchanged and the temporary file is removed."""
    target = tmp_path / "known.toml"
    target.write_text("old", encoding="utf-8")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(f"no space to move {self} to {target}")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KnownFailuresError, match="cannot be written: no space"):
        write(target, "new")
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["known.toml"]
