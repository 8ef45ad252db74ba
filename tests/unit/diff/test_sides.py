"""The sides of a comparison: what can be read, and the errors for everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from diff_rows import message, nodes
from google.protobuf import text_format

from pytest_metagraph.diff import (
    CompareOptions,
    MetaGraphMismatch,
    UnusableInputError,
    assert_function_def_equal,
    assert_graph_def_equal,
    assert_meta_graph_equal,
    assert_node_def_equal,
    diff_meta_graphs,
)
from reference_impl.schema import FunctionDef, GraphDef, MetaGraphDef, NodeDef

GOOD = nodes("name: 'a' op: 'A'")


@pytest.mark.parametrize("suffix", [".pb", ".meta", ".pbtxt", ""])
@pytest.mark.parametrize("as_text", [False, True], ids=["binary", "text"])
def test_file_is_recognised_by_its_content(tmp_path: Path, suffix: str, as_text: bool) -> None:
    """A text file is recognised by its content, not by its name."""
    path = tmp_path / f"model{suffix}"
    good = message(GOOD)
    path.write_bytes(text_format.MessageToString(good).encode() if as_text else good.SerializeToString())
    assert diff_meta_graphs(expected=good, actual=path).equal
    assert diff_meta_graphs(expected=str(path), actual=good).equal


def test_binary_file_that_looks_like_text(tmp_path: Path) -> None:
    """A binary message without control characters is read as binary."""
    path = tmp_path / "odd.meta"
    odd = MetaGraphDef()
    odd.meta_info_def.meta_graph_version = "f" * 32
    data = odd.SerializeToString()
    assert all(byte >= 32 or byte in b"\n\t" for byte in data)
    path.write_bytes(data)
    assert diff_meta_graphs(expected=odd, actual=path).equal


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda _: 5, "its type is int; pass a MetaGraphDef message, its bytes, or the path of a file"),
        (lambda _: None, "its type is NoneType"),
        (lambda _: GraphDef(), "it is a tensorflow.GraphDef message, not a tensorflow.MetaGraphDef"),
        (
            lambda _: b"\x0a\xff",
            "these bytes are not a valid MetaGraphDef or SavedModel: truncated, damaged or another message",
        ),
        (lambda folder: folder / "none.meta", "cannot read .*none.meta: No such file"),
        (lambda folder: folder, "cannot read .*: it is a folder without a saved_model.pb"),
        (lambda _: "a\0b", "is not a valid path"),
        (lambda folder: _file(folder, b""), "is empty; check that it was written completely"),
        (lambda folder: _file(folder, b"no such field"), "file is text, but not a MetaGraphDef: "),
        (lambda folder: _file(folder, b"\0\1\2"), "is not a valid MetaGraphDef"),
        (lambda folder: _file(folder, b"graph_def { " * 50_000), "file is text, but not a MetaGraphDef: "),
        (
            lambda folder: _file(folder, b"node { " * 50_000),
            "file is a GraphDef, not a MetaGraphDef or SavedModel; ",
        ),
    ],
)
@pytest.mark.parametrize("side", ["expected", "actual"])
def test_unusable_side(tmp_path: Path, make: Any, problem: str, side: str) -> None:
    """A side that cannot be read raises an error that names the side and the problem."""
    good = message(GOOD)
    bad = make(tmp_path)
    sides = {"expected": good, "actual": good, side: bad}
    with pytest.raises(UnusableInputError, match=f"^the {side} side cannot be used: .*{problem}") as caught:
        diff_meta_graphs(**sides)
    assert caught.value.side == side


def test_inputs_stay_as_they_are() -> None:
    """A comparison changes neither message, even if only one of them has a map key."""
    left, right = message(GOOD), message(GOOD)
    left.graph_def.node[0].attr["x"].i = 1
    left.collection_def["c"].int64_list.value.append(1)
    before = [side.SerializeToString(deterministic=True) for side in (left, right)]
    diff_meta_graphs(expected=left, actual=right).render()
    assert [side.SerializeToString(deterministic=True) for side in (left, right)] == before


@pytest.mark.parametrize(
    ("check", "kind", "text"),
    [
        (assert_graph_def_equal, GraphDef, "node { name: 'n' input: ['^a', '^b'] }"),
        (assert_node_def_equal, NodeDef, "name: 'n' input: ['^a', '^b']"),
        (
            assert_function_def_equal,
            FunctionDef,
            "signature { name: 'f' } node_def { name: 'n' input: ['^a', '^b'] }",
        ),
    ],
)
def test_parts_of_a_meta_graph(check: Any, kind: Any, text: str) -> None:
    """GraphDef, NodeDef and FunctionDef are compared by the same rules, and other messages are refused."""
    good = text_format.Parse(text, kind())
    again = text_format.Parse(text.replace("['^a', '^b']", "['^b', '^a']"), kind())
    assert good != again
    check(expected=good, actual=again)
    other = text_format.Parse(text.replace("'^b'", "'^c'"), kind())
    with pytest.raises(MetaGraphMismatch):
        check(expected=good, actual=other)
    with pytest.raises(UnusableInputError, match=f"not a tensorflow.{kind.DESCRIPTOR.name}"):
        check(expected=MetaGraphDef(), actual=good)


def test_traced_function_by_itself() -> None:
    """The number at the end of a single FunctionDef's name can be ignored."""
    left, right = FunctionDef(), FunctionDef()
    left.signature.name, right.signature.name = "__inference_f_1", "__inference_f_2"
    with pytest.raises(MetaGraphMismatch):
        assert_function_def_equal(expected=left, actual=right)
    options = CompareOptions(canonicalize_function_names=True)
    assert_function_def_equal(expected=left, actual=right, options=options)


def test_assertion_carries_the_difference() -> None:
    """A failed assertion is an AssertionError whose text is the report."""
    with pytest.raises(AssertionError, match="~ op   expected 'A'   actual 'B'") as caught:
        assert_meta_graph_equal(expected=message(GOOD), actual=message(GOOD.replace("'A'", "'B'")))
    assert isinstance(caught.value, MetaGraphMismatch)
    assert [one.field for one in caught.value.diff.differences] == ["op"]
