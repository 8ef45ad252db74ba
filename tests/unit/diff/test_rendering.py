"""The report of a comparison: its text, its length, and its form as data."""

from __future__ import annotations

import errno
import json
import re
import sys
from pathlib import Path

import jsonschema
import pytest
from diff_rows import attr, compared, message, nodes

from pytest_metagraph.diff import DifferenceCode, MetaGraphMismatch, assert_meta_graph_equal, json_schema
from reference_impl.schema import MetaGraphDef

OPS = (
    "meta_info_def { stripped_op_list { op { name: 'A' input_arg { name: 'x' } input_arg { name: 'y' } } } }"
)
FEWER_OPS = OPS.replace("input_arg { name: 'y' }", "")


def _many(count: int, device: str = "") -> MetaGraphDef:
    found = MetaGraphDef()
    for number in range(count):
        found.graph_def.node.add(name=f"node_{number}", op="NoOp", device=device)
    return found


def test_report() -> None:
    """A report consists of causes, sections with their kinds of difference, and notes."""
    expected = message(nodes("name: 'a' op: 'A'", "name: 'b' op: 'B'", "name: 'c' op: 'C' input: 'a'"))
    actual = message(nodes("name: 'a' op: 'A' device: '/d:0'", "name: 'c' op: 'C' input: 'b'"))
    expected.graph_def.versions.producer, actual.graph_def.versions.producer = 1, 2
    assert compared(expected, actual).render().splitlines() == [
        "3 kinds of difference (3 in all) in 1 section",
        "  expected: <message> (3 nodes)   actual: <message> (2 nodes)",
        "",
        "LIKELY CAUSES",
        '  1. clear_devices looks unapplied: 1 node with a device; expected is "" everywhere.',
        "  2. Nodes are missing: 1 node ('b').",
        "",
        "graph_def.node",
        "  ~ device   expected ''   actual /d:0",
        "        a (A)",
        "  - b (B)",
        "  ~ input   expected a   actual b",
        "        c (C)",
        "",
        "NOTES (no failures)",
        "  graph_def.versions producer: expected 1, actual 2",
    ]


def test_large_difference_stays_short() -> None:
    """Ten thousand nodes with the same difference take two lines: their number, examples, and the rest."""
    text = compared(_many(10_000), _many(10_000, "/device:GPU:0")).render()
    assert "~ device   10,000 nodes   expected ''   actual /device:GPU:0" in text
    assert "node_0 (NoOp), node_1 (NoOp), node_2 (NoOp), ... +9,997" in text
    assert len(text.splitlines()) < 12


def test_repr_is_short() -> None:
    """The repr of a result contains the number of differences and neither message."""
    assert repr(compared(_many(900), _many(900, "/d"))) == "<MetaGraphDiff: 900 differences of 1 kind>"
    assert repr(compared(_many(1), _many(1))) == "<MetaGraphDiff: equal>"
    assert len(repr(compared(_many(900), _many(900)).expected)) < 100


def test_values_that_differ_in_numbers() -> None:
    """Devices that differ only in their numbers are shown as one pattern."""
    actual = _many(4)
    for number, node in enumerate(actual.graph_def.node):
        node.device = f"/job:w/task:{number}"
    assert "actual /job:w/task:* (4 values)" in compared(_many(4), actual).render()


def test_many_kinds_are_cut() -> None:
    """A report has at most the requested number of lines, and gives the number of the others."""
    names = [f"c{number}" for number in range(200)]
    expected, actual = MetaGraphDef(), MetaGraphDef()
    for name in names:
        expected.collection_def[name].int64_list.value.append(1)
        actual.collection_def[name].int64_list.value.append(2)
    lines = compared(expected, actual).render(max_lines=50).splitlines()
    assert len(lines) == 50
    assert re.fullmatch(r"\.\.\. \d+ more lines", lines[-1])


def test_parts_of_a_list_are_explained() -> None:
    """A list with another length is explained by the parts that differ."""
    diff = compared(OPS, FEWER_OPS)
    assert [one.code for one in diff.differences] == [DifferenceCode.LIST_CHANGED]
    assert diff.explanations == {0: ("[1]   expected {'name': 'y'}   actual absent",)}
    assert "          [1]   expected {'name': 'y'}   actual absent" in diff.render()


def test_parts_of_an_attribute_are_explained() -> None:
    """A list attribute is explained by its items, including names that begin with two underscores."""
    left = attr("list { func { name: '__inference_f_1' } func { name: 'g' } }")
    right = attr("list { func { name: '__inference_f_2' } func { name: 'g' } }")
    explained = compared(left, right).explanations
    assert explained == {0: ("func[0].name   expected '__inference_f_1'   actual '__inference_f_2'",)}


def test_parts_of_a_very_large_list_are_not_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of more than 10,000 items is reported as a whole, without deepdiff."""
    monkeypatch.setitem(sys.modules, "deepdiff", None)  # an import would raise
    expected, actual = MetaGraphDef(), MetaGraphDef()
    for message_, count in ((expected, 10_000), (actual, 10_001)):
        arguments = message_.meta_info_def.stripped_op_list.op.add(name="A").input_arg
        for number in range(count):
            arguments.add(name=f"x{number}")
    diff = compared(expected, actual)
    assert [one.code for one in diff.differences] == [DifferenceCode.LIST_CHANGED]
    assert diff.explanations == {}
    assert '~ input_arg   expected [{name: "x0"}, {name: "x1"},' in diff.render()


def test_deepdiff_is_imported_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package deepdiff is imported only if there is a composite value to explain."""
    monkeypatch.setitem(sys.modules, "deepdiff", None)  # an import would raise
    compared(_many(3), _many(3, "/d")).render()
    with pytest.raises(ImportError):
        compared(OPS, FEWER_OPS).render()


def test_color() -> None:
    """Colour does not change the text of a report."""
    diff = compared(_many(2), _many(1, "/d"))
    colored = diff.render(color=True)
    assert "\x1b[31m  - node_1 (NoOp)\x1b[0m" in colored
    assert re.sub(r"\x1b\[\d+m", "", colored) == diff.render()


@pytest.mark.parametrize(
    ("expected", "actual"), [("", ""), (OPS, FEWER_OPS), (nodes("name: 'a'"), nodes("name: 'b'"))]
)
def test_json(expected: str, actual: str) -> None:
    """The JSON form conforms to the published schema and contains every difference."""
    diff = compared(expected, actual)
    found = json.loads(diff.to_json())
    jsonschema.Draft202012Validator(json_schema()).validate(found)
    assert [one["code"] for one in found["differences"]] == [one.code for one in diff.differences]
    assert found["equal"] is diff.equal


def test_schema_refuses_another_form() -> None:
    """The published schema does not allow additional fields."""
    found = {**compared("", "").to_dict(), "extra": 1}
    with pytest.raises(jsonschema.ValidationError, match="extra"):
        jsonschema.Draft202012Validator(json_schema()).validate(found)


def test_details_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that omits entries refers to a file with all differences and with the nodes as text."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(MetaGraphMismatch) as caught:
        assert_meta_graph_equal(expected=_many(9), actual=_many(9, "/d"))
    path = Path(str(caught.value).rpartition("All differences: ")[2])
    found = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json_schema()).validate(found)
    assert found["nodes"]["node_8"]["actual"] == 'name: "node_8"\nop: "NoOp"\ndevice: "/d"\n'
    assert path.is_relative_to(tmp_path)


def test_a_full_disk_hides_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the details cannot be written, the assertion still fails, gives the reason and leaves no folder."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("reference_impl.atomic_write.os.fdopen", full)
    with pytest.raises(
        MetaGraphMismatch, match=r"The file with all differences cannot be written: No space left on device$"
    ):
        assert_meta_graph_equal(expected=_many(9), actual=_many(9, "/d"))
    assert list(tmp_path.iterdir()) == []


def test_no_details_of_a_small_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is written if the report names every entry."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(MetaGraphMismatch):
        assert_meta_graph_equal(expected=_many(2), actual=_many(2, "/d"))
    assert list(tmp_path.iterdir()) == []


def test_fingerprint_tells_kinds_apart() -> None:
    """A fingerprint depends on the kinds of difference only, not on names, values, order or number."""
    few, many = compared(_many(1), _many(1, "/a")), compared(_many(9), _many(9, "/b"))
    assert few.fingerprint == many.fingerprint
    assert few.fingerprint != compared(_many(2), _many(1, "/a")).fingerprint
    body = "signature {{ name: '{}' }} node_def {{ name: '{}' op: '{}' }}"
    library = "graph_def {{ library {{ function {{ {} }} }} }}"
    one, other = (
        compared(library.format(body.format(f, n, "A")), library.format(body.format(f, n, "B")))
        for f, n in (("__inference_f_1", "x"), ("__inference_g_2", "y"))
    )
    assert one.fingerprint == other.fingerprint != few.fingerprint


def test_a_long_name_is_cut_wherever_it_is() -> None:
    """A name of a million characters ends with their number in causes, titles, entries and values."""
    long = "n" * 1_000_000
    actual = MetaGraphDef()
    actual.graph_def.node.add(name=long, op=long, device=long).attr[long].i = 1
    actual.graph_def.node.add(name="a", op="NoOp", device=long).attr[long].i = 1
    actual.collection_def[long].node_list.value.append(long)
    actual.signature_def[long].inputs[long].name = long
    actual.meta_info_def.tags.append(long)
    expected = MetaGraphDef()
    expected.graph_def.node.add(name="a", op="NoOp")
    for diff in (compared(expected, actual), compared(actual, expected), compared(actual, MetaGraphDef())):
        lines = diff.render().split("\n")
        assert max(map(len, lines)) < 5_000
        assert any(line.endswith(" characters)") for line in lines)
