"""`metagraph diff --svg`: the picture of a difference."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from diff_rows import compared, message, nodes

from pytest_metagraph.cli import main
from pytest_metagraph.diff import picture
from pytest_metagraph.diff.picture import State
from reference_impl.schema import MetaGraphDef

pytest.importorskip("igraph", reason="pictures need the extra pytest-metagraph[pictures]")

SVG = "{http://www.w3.org/2000/svg}"
ONE = nodes("name: 'a' op: 'A'", "name: 'b' op: 'B' input: 'a'", "name: 'z' op: 'Z'")
OTHER = nodes(
    "name: 'a' op: 'A'",
    "name: 'c' op: 'C' input: 'a:1'",
    "name: 'd' op: 'D' input: ['c', '^a']",
    "name: 'z' op: 'Z'",
)


def _picture(expected: Any, actual: Any) -> ET.Element:
    return ET.fromstring(picture.svg(compared(expected, actual)))  # noqa: S314 - made in the same line


def _shown(picture: ET.Element) -> dict[str | None, tuple[str | None, str | None]]:
    """Return the class and the label of each node by its title."""
    return {
        group.findtext(f"{SVG}title"): (group.get("class"), group.findtext(f"{SVG}text"))
        for group in picture.iter(f"{SVG}g")
    }


def _many(count: int, device: str = "") -> MetaGraphDef:
    found = MetaGraphDef()
    for number in range(count):
        found.graph_def.node.add(name=f"n{number}", op="A", device=device)
    return found


def test_what_differs_and_its_neighbours() -> None:
    """The picture shows the nodes that differ and the nodes connected to them, each marked with its state."""
    changed = OTHER.replace("op: 'A'", "op: 'X'")
    assert _shown(_picture(ONE, OTHER)) == {
        "a (A), same": ("same", "a"),
        "b (B), missing": ("missing", "- b"),
        "c (C), extra": ("extra", "+ c"),
        "d (D), extra": ("extra", "+ d"),
    }
    assert _shown(_picture(OTHER, changed))["a (A), changed"] == ("changed", "~ a")


def test_states_have_colours_of_their_own() -> None:
    """No two states share a mark, a fill colour or a line colour."""
    marks, fills, lines = zip(*(picture._STYLES[state] for state in State), strict=True)
    assert len({*marks}) == len({*fills}) == len({*lines}) == len(State)


def test_edges_run_down() -> None:
    """An arrow leads from the bottom of a node to the top of each node that uses it as an input."""
    picture = _picture(ONE, OTHER)
    arrows = [path.get("d") for path in picture.iter(f"{SVG}path") if path.get("marker-end")]
    assert len(arrows) == 4  # a -> b, a -> c, c -> d, a -> d
    for arrow in arrows:
        assert arrow is not None
        _, _, upper, _, _, lower = arrow.split()
        assert float(upper) < float(lower)


def test_nodes_do_not_overlap() -> None:
    """Boxes do not overlap, and all of them are inside the picture."""
    picture = _picture(_many(500), _many(500, "/d"))
    _, _, width, height = map(float, (picture.get("viewBox") or "").split())
    corners = set()
    for group in picture.iter(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        assert box is not None
        x, y, wide, high = (float(box.get(name) or 0) for name in ("x", "y", "width", "height"))
        corners.add((x, y))
        assert 0 <= x <= width - wide
        assert 0 <= y <= height - high
    assert len(corners) == 30
    assert width < 1_700


def test_a_large_difference_is_capped() -> None:
    """A picture has at most 60 nodes, half of which differ, and gives the number of the others."""
    picture = _picture(_many(500), _many(500, "/d"))
    assert len(_shown(picture)) == 30
    assert any("(470 more nodes differ)" in (text.text or "") for text in picture.iter(f"{SVG}text"))
    hub, other_hub = _many(500), _many(500, "")
    other_hub.graph_def.node[0].device = "/d"
    for graph in (hub, other_hub):
        for node in graph.graph_def.node[1:]:
            node.input.append("n0")
    assert len(_shown(_picture(hub, other_hub))) == 60


@pytest.mark.parametrize(
    "name", ["a\x01b", "<&\"'>", "\u202eback", "n" * 500], ids=["control", "markup", "direction", "long"]
)
def test_any_name_makes_a_picture(name: str) -> None:
    """The picture is well-formed and its labels are short for any node name."""
    expected, actual = MetaGraphDef(), MetaGraphDef()
    actual.graph_def.SetInParent()
    expected.graph_def.node.add(name=name, op=name)
    (shown,) = _shown(_picture(expected, actual)).values()
    assert len(shown[1] or "") <= 30


def test_cycles_make_a_picture() -> None:
    """Cycles are drawn, including a node that is its own input."""
    loop = nodes("name: 'a' op: 'A' input: ['b', 'a', 'a:1']", "name: 'b' op: 'B' input: 'a'")
    assert len(_shown(_picture(loop, loop.replace("'B'", "'C'")))) == 2


def test_equal_messages_make_a_picture() -> None:
    """The picture of equal messages is empty except for its legend."""
    assert _shown(_picture(ONE, ONE)) == {}


def test_command_writes_the_picture(tmp_path: Path) -> None:
    """The command writes the picture and prints the report."""
    paths = [tmp_path / "one.meta", tmp_path / "other.meta"]
    for path, text in zip(paths, (ONE, OTHER), strict=True):
        path.write_bytes(message(text).SerializeToString())
    picture = tmp_path / "picture.svg"
    assert main(["diff", *map(str, paths), "--svg", str(picture)]) == 1
    assert len(_shown(ET.parse(picture).getroot())) == 4  # noqa: S314 - written above


def test_command_replaces_no_file_that_it_compares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A picture in the place of one side, or of what a link leads to, is refused before anything is done."""
    one, other, link = (tmp_path / name for name in ("one.meta", "other.meta", "link.svg"))
    for path, text in ((one, ONE), (other, OTHER)):
        path.write_bytes(message(text).SerializeToString())
    link.symlink_to(one)
    for svg in (one, other, link):
        assert main(["diff", str(one), str(other), "--svg", str(svg)]) == 2
        shown = capsys.readouterr()
        assert "which is read; name another file" in shown.err
        assert shown.out == ""
    assert [path.read_bytes() for path in (one, other)] == [
        message(text).SerializeToString() for text in (ONE, OTHER)
    ]


def test_command_without_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without igraph, the command says what to install and writes no file."""
    path = tmp_path / "one.meta"
    path.write_bytes(message(ONE).SerializeToString())
    monkeypatch.setitem(sys.modules, "igraph", None)  # an import raises
    assert main(["diff", str(path), str(path), "--svg", str(tmp_path / "picture.svg")]) == 2
    assert "install pytest-metagraph[pictures]" in capsys.readouterr().err
    assert not (tmp_path / "picture.svg").exists()
