"""The picture of the packages shows the imports of today."""

from __future__ import annotations

from architecture_picture import BOXES, PICTURE, PROJECT, imports, picture, reduced


def test_the_picture_shows_the_imports_of_today() -> None:
    """It differs from the imports nowhere; `python tests/docs/architecture_picture.py` draws it anew."""
    assert PICTURE.read_text(encoding="utf-8") == picture()


def test_every_package_of_the_plugin_is_drawn_and_no_other() -> None:
    """A new package needs a box, and the box of one that is gone has to go."""
    packages = {path.parent.name for path in (PROJECT / "pytest_metagraph").glob("*/__init__.py")}
    others = {"plugin", "reference_impl", "conformance_cases", "conformance_cases.recorder", "tensorflow"}
    assert set(BOXES) == packages | others


def test_an_import_that_is_there_is_found() -> None:
    """The recorder is what imports TensorFlow, and the differ nothing but the schema."""
    assert "tensorflow" in imports()["conformance_cases.recorder"]
    assert imports()["diff"] == {"reference_impl"}


def test_arrows_that_a_path_makes_needless_are_left_out() -> None:
    """Only the direct way is dropped, and what can be reached stays the same."""
    graph = {"a": {"b", "c", "d"}, "b": {"c"}, "c": set(), "d": set()}
    assert reduced(graph) == {"a": {"b", "d"}, "b": {"c"}, "c": set(), "d": set()}
