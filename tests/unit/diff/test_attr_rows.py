"""The rows of the equivalence table about attributes."""

from __future__ import annotations

import pytest
from diff_rows import Row, attr, compared, different, equal, function, nodes, noted

from pytest_metagraph.diff import DifferenceCode


def _class(*entries: str) -> str:
    return attr("list { " + " ".join(f"s: '{entry}'" for entry in entries) + " }", "_class")


def _shapes(*shapes: str) -> str:
    return attr("list { " + " ".join(f"shape {{ {shape} }}" for shape in shapes) + " }", "_output_shapes")


def _ordered(first: str, second: str) -> str:
    texts = (f"attr {{ key: '{key}' value {{ b: true }} }}" for key in (first, second))
    return nodes("name: 'n' " + " ".join(texts))


NO_ATTR = nodes("name: 'n' op: 'Op'")
MATMUL = nodes("name: 'n' op: 'MatMul'")
FOLDER, OTHER_FOLDER = f"/scratch/_temp_{'0a' * 16}/part", f"/scratch/_temp_{'f1' * 16}/part"
KNOWN, UNKNOWN, NO_RANK = "dim { size: 2 }", "dim { size: -1 }", "unknown_rank: true"

ROWS = [
    equal("order of attr", _ordered("x", "y"), _ordered("y", "x")),
    equal("_class, its order", _class("loc:@a", "loc:@b"), _class("loc:@b", "loc:@a")),
    equal("_class, an entry twice", _class("loc:@a"), _class("loc:@a", "loc:@a")),
    different("_class, its content", _class("loc:@a"), _class("loc:@b"), DifferenceCode.ATTR_CHANGED),
    different(
        "_class, no list", _class("loc:@a"), attr("s: 'loc:@a'", "_class"), DifferenceCode.ATTR_CHANGED
    ),
    different("_output_shapes", _shapes(KNOWN), _shapes("dim { size: 3 }"), DifferenceCode.SHAPES_CHANGED),
    different("_output_shapes, unknown", _shapes(KNOWN), _shapes(UNKNOWN), DifferenceCode.SHAPES_CHANGED),
    equal(
        "_output_shapes, unknown and compatible",
        _shapes(KNOWN),
        _shapes(UNKNOWN),
        output_shapes="compatible",
    ),
    equal(
        "_output_shapes, no rank and compatible",
        _shapes(KNOWN),
        _shapes(NO_RANK),
        output_shapes="compatible",
    ),
    different(
        "_output_shapes, not compatible",
        _shapes(KNOWN),
        _shapes("dim { size: 3 }"),
        DifferenceCode.SHAPES_CHANGED,
        output_shapes="compatible",
    ),
    different(
        "_output_shapes, of two outputs and compatible",
        _shapes(KNOWN),
        _shapes(KNOWN, KNOWN),
        DifferenceCode.SHAPES_CHANGED,
        output_shapes="compatible",
    ),
    different("_output_shapes, missing", _shapes(KNOWN), NO_ATTR, DifferenceCode.ATTR_MISSING),
    different(
        "_output_shapes, missing and compatible",
        _shapes(KNOWN),
        NO_ATTR,
        DifferenceCode.ATTR_MISSING,
        output_shapes="compatible",
    ),
    equal("_output_shapes, missing and ignored", _shapes(KNOWN), NO_ATTR, output_shapes="ignore"),
    different(
        "another attribute that starts with _", attr("i: 1", "_user"), NO_ATTR, DifferenceCode.ATTR_MISSING
    ),
    equal("the same, ignored by a pattern", attr("i: 1", "_user"), NO_ATTR, ignore_attrs=["_u*"]),
    different(
        "the same, of a function",
        function("signature { name: 'f' } attr { key: '_x' value { b: true } }"),
        function("signature { name: 'f' }"),
        DifferenceCode.ATTR_MISSING,
    ),
    different(
        "a default", attr("b: false", "transpose_a", "MatMul"), MATMUL, DifferenceCode.DEFAULT_ATTR_MISSING
    ),
    equal("a default, ignored", attr("b: false", "transpose_a", "MatMul"), MATMUL, ignore_default_attrs=True),
    different(
        "no default, with defaults ignored",
        attr("b: true", "transpose_a", "MatMul"),
        MATMUL,
        DifferenceCode.ATTR_MISSING,
        ignore_default_attrs=True,
    ),
    different("empty list, against unset", attr("list { }"), attr(""), DifferenceCode.ATTR_CHANGED),
    different(
        "empty list, against DT_INVALID",
        attr("list { }"),
        attr("type: DT_INVALID"),
        DifferenceCode.ATTR_CHANGED,
    ),
    different("DT_INVALID, against unset", attr("type: DT_INVALID"), attr(""), DifferenceCode.ATTR_CHANGED),
    different(
        "unknown rank, against one unknown dimension",
        attr("shape { unknown_rank: true }"),
        attr("shape { dim { size: -1 } }"),
        DifferenceCode.ATTR_CHANGED,
    ),
    different(
        "the name of a dimension",
        attr("shape { dim { name: 'x' } }"),
        attr("shape { dim { } }"),
        DifferenceCode.ATTR_CHANGED,
    ),
    equal("a folder of a checkpoint", attr(f"s: '{FOLDER}'"), attr(f"s: '{OTHER_FOLDER}'")),
    equal("the same in a list", attr(f"list {{ s: '{FOLDER}' }}"), attr(f"list {{ s: '{OTHER_FOLDER}' }}")),
    equal(
        "the name of a hash table",
        attr("s: 'hash_table_d01c9bd2-0000-4a4b-8c8d-001122334455'"),
        attr("s: 'hash_table_5b5b5b5b-1111-4a4b-8c8d-998877665544'"),
    ),
    different(
        "a folder, beside the random part",
        attr(f"s: 'a{FOLDER}'"),
        attr(f"s: 'b{OTHER_FOLDER}'"),
        DifferenceCode.ATTR_CHANGED,
    ),
    different(
        "no random name", attr("s: 'hash_table_1'"), attr("s: 'hash_table_2'"), DifferenceCode.ATTR_CHANGED
    ),
    noted(
        "config_proto",
        attr("s: 'a'", "config_proto"),
        attr("s: 'b'", "config_proto"),
        DifferenceCode.ATTR_CHANGED,
    ),
    noted("config_proto, missing", attr("s: 'a'", "config_proto"), NO_ATTR, DifferenceCode.ATTR_CHANGED),
    different("-0.0, against 0.0", attr("f: -0.0"), attr("f: 0.0"), DifferenceCode.ATTR_CHANGED),
    different("floats", attr("f: 1.0"), attr("f: 1.001"), DifferenceCode.ATTR_CHANGED),
    equal("floats, within rtol", attr("f: 1.0"), attr("f: 1.001"), rtol=0.01),
    equal("floats, within atol", attr("f: 1.0"), attr("f: 1.001"), atol=0.01),
    different("floats, beyond rtol", attr("f: 1.0"), attr("f: 1.1"), DifferenceCode.ATTR_CHANGED, rtol=0.01),
    different(
        "a function's attribute",
        attr("func { name: 'f' attr { key: 'T' value { type: DT_FLOAT } } }"),
        attr("func { name: 'f' attr { key: 'T' value { type: DT_INT32 } } }"),
        DifferenceCode.ATTR_CHANGED,
    ),
    different(
        "a function's name",
        attr("func { name: 'f' }"),
        attr("func { name: 'g' }"),
        DifferenceCode.FIELD_CHANGED,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row) -> None:
    """The differ treats two attributes as the equivalence table says, in both directions."""
    row.check()


@pytest.mark.parametrize("option", ["ignore_attrs", "unordered_collections"])
def test_pattern_without_a_match_is_noted(option: str) -> None:
    """A pattern that matches nothing in either message is noted, because it may be a typing error."""
    notes = compared(NO_ATTR, NO_ATTR, **{option: ["no_such*"]}).notes
    assert [(one.code, one.key, one.field) for one in notes] == [
        (DifferenceCode.OPTION_UNUSED, "no_such*", option)
    ]


def test_pattern_that_matches_an_equal_attribute_is_not_noted() -> None:
    """A pattern counts as used if it matches an attribute that does not differ."""
    assert not compared(attr("i: 1", "_user"), attr("i: 1", "_user"), ignore_attrs=["_user"]).notes
