"""The picture of the packages shows the imports of today."""

from __future__ import annotations

from architecture_picture import BOXES, PICTURE, PROJECT, columns_of, imports, picture, reduced, rows_of


def test_the_picture_shows_the_imports_of_today() -> None:
    """The stored picture is the one that `python tests/docs/architecture_picture.py` draws today."""
    assert PICTURE.read_text(encoding="utf-8") == picture()


def test_every_package_of_the_plugin_is_drawn_and_no_other() -> None:
    """A new package needs a box, and the box of a removed package has to go."""
    plugin = PROJECT / "pytest_metagraph"
    packages = {path.parent.name for path in plugin.glob("*/__init__.py")}
    modules = {path.stem for path in plugin.glob("*.py")} - {"__init__", "__main__", "_version"}
    others = {"reference_impl", "conformance_cases", "conformance_cases.recorder", "tensorflow"}
    assert set(BOXES) == packages | modules | others


def test_an_import_that_is_there_is_found() -> None:
    """The recorder imports TensorFlow; the differ imports the reference's schema and not TensorFlow."""
    found = imports()
    assert "tensorflow" in found["conformance_cases.recorder"]
    assert "reference_impl" in found["diff"]
    assert "tensorflow" not in found["diff"]


def test_arrows_that_a_path_makes_redundant_are_left_out() -> None:
    """Only the direct arrow is dropped, and everything stays reachable."""
    graph = {"a": {"b", "c", "d"}, "b": {"c"}, "c": set(), "d": set()}
    assert reduced(graph) == {"a": {"b", "d"}, "b": {"c"}, "c": set(), "d": set()}


def test_a_package_is_drawn_below_all_that_import_it() -> None:
    """The row is one below the lowest importer, also if another importer is higher up."""
    assert rows_of({"a": {"b", "d"}, "b": {"c"}, "c": {"d"}, "d": set()}) == {"a": 0, "b": 1, "c": 2, "d": 3}


def test_boxes_are_placed_so_that_arrows_do_not_cross() -> None:
    """Two arrows that would cross in the order of the names are drawn side by side."""
    rows = {"a": 0, "b": 0, "x": 1, "y": 1}
    columns = columns_of(rows, [("a", "y"), ("b", "x")])
    assert (columns["a"] < columns["b"]) == (columns["y"] < columns["x"])
