"""The places of the snapshots of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_metagraph.plugin.snapshots import names_of
from pytest_metagraph.snapshots.place import FolderListings, Place

MODULE = """
import pytest

def test_plain(): pass

class TestGroup:
    def test_method(self): pass

@pytest.mark.parametrize("x", ["a/b", "a:b", "line\\nbreak"])
def test_many(x): pass
"""


NAMES = [
    ["test_plain"],
    ["TestGroup", "test_method"],
    ["test_many[a/b]"],
    ["test_many[a:b]"],
    ["test_many[line\\nbreak]"],
]
"""The names that lead to each test of the module."""

OTHERS = ["test_many[line\nbreak]", f"test_many[{'z' * 300}]"]
"""Names that some versions of pytest, or its plugins, can give to a test."""


def test_names_are_those_of_class_and_function(pytester: pytest.Pytester) -> None:
    """The names that lead to a test are those of its class and its function, with its parameters."""
    assert [names_of(item) for item in pytester.getitems(MODULE)] == NAMES


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Place]:
    """Return the place of each test of a module, by the test's name."""
    every = [*NAMES, *([name] for name in OTHERS)]
    return {names[-1]: Place.of(tmp_path / "test_module.py", names) for names in every}


def test_a_place_is_beside_the_module(places: dict[str, Place], tmp_path: Path) -> None:
    """Snapshots are beside the module, in a folder with its name."""
    place = places["test_plain"]
    assert place.folder == tmp_path / "__metagraph_snapshots__" / "test_module"
    assert place.path("", 1) == place.folder / "test_plain.pbtxt"
    assert place.path("", 2).name == "test_plain-2.pbtxt"
    assert place.path("small", 0).name == "test_plain-small.pbtxt"


def test_a_class_is_part_of_the_name(places: dict[str, Place]) -> None:
    """The name of a method's class is a part of the names of its files."""
    assert places["test_method"].stem == "TestGroup.test_method"
    assert places["test_method"].test.endswith(".py::TestGroup::test_method")


def test_names_that_a_file_cannot_have_stay_different(places: dict[str, Place]) -> None:
    """Characters that file names cannot have are replaced, and a digest keeps the names different."""
    stems = [place.stem for name, place in places.items() if name.startswith("test_many")]
    assert len({*stems}) == len(stems) == 5
    assert all(len(stem) < 140 and "/" not in stem and "\n" not in stem for stem in stems)
    assert stems[0].startswith("test_many[a-b]-")


def test_a_test_is_named_in_one_line(places: dict[str, Place]) -> None:
    """The identity of a test is one line, even if a parameter has a line break."""
    assert all("\n" not in place.test for place in places.values())


def test_candidates_are_the_files_with_the_stem(places: dict[str, Place]) -> None:
    """Brackets in a name are not a pattern, and files with other suffixes are not snapshots."""
    place = next(place for name, place in places.items() if name.startswith("test_many[a/b"))
    place.folder.mkdir(parents=True)
    own = [place.path("", 1), place.path("x", 0)]
    for path in [*own, place.folder / "test_manya.pbtxt", place.path("", 1).with_suffix(".txt")]:
        path.touch()
    assert set(place.candidates(FolderListings())) == set(own)


def test_a_folder_is_listed_once(places: dict[str, Place], monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of a module share one listing of its folder, however many they are."""
    places["test_plain"].folder.mkdir(parents=True)
    paths = [place.path("", 1) for place in places.values()]
    for path in paths:
        path.touch()
    listings = FolderListings()
    assert places["test_method"].stem != places["test_plain"].stem
    assert list(places["test_plain"].candidates(listings)) == [places["test_plain"].path("", 1)]
    monkeypatch.setattr(Path, "glob", None)
    found = [path for place in places.values() for path in place.candidates(listings)]
    assert found == paths


@pytest.mark.parametrize("name", ["a/b", "..\\a", "a b", "ä", "\n"])
def test_a_name_is_part_of_a_file_name(places: dict[str, Place], name: str) -> None:
    """A name that leads out of the folder, or that some systems refuse, is refused."""
    with pytest.raises(ValueError, match="is not a valid name of a snapshot"):
        places["test_plain"].path(name, 0)
