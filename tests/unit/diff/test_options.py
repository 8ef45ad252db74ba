"""CompareOptions: presets and invalid values."""

from __future__ import annotations

from typing import Any

import pytest
from diff_rows import attr, compared, function, message, nodes

from pytest_metagraph.diff import CompareOptions, assert_meta_graph_equal, diff_meta_graphs


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"output_shapes": "exactly"}, "output_shapes must be one of 'exact', 'compatible', 'ignore'"),
        ({"tensor_encoding": "loose"}, "tensor_encoding must be one of"),
        ({"rtol": -1.0}, "rtol must be a finite number"),
        ({"atol": float("nan")}, "atol must be a finite number"),
        ({"atol": float("inf")}, "atol must be a finite number"),
        ({"rtol": 10**5000}, "rtol must be a finite number"),
        ({"ignore_sections": ["graph_def.libary"]}, "has no field 'libary'; use one of debug_info, library"),
        ({"ignore_sections": ["saver_def.version.x"]}, "has no field 'x'; its parent has no fields"),
        (
            {"collection_types": {"c": "NoSuchDef"}},
            r"^collection_types\['c'\] = 'NoSuchDef' is not a message of the schema$",
        ),
        ({"collection_types": {"c": "provenance"}}, "'provenance' is not a message of the schema"),
    ],
)
def test_refused_value(arguments: dict[str, Any], problem: str) -> None:
    """An invalid value is refused, and the error lists the valid ones."""
    with pytest.raises(ValueError, match=problem):
        CompareOptions(**arguments)


def test_unknown_option() -> None:
    """A misspelt option is an error."""
    with pytest.raises(TypeError, match="check_order"):
        compared("", "", check_order=True)


@pytest.mark.parametrize("option", ["ignore_attrs", "ignore_sections", "unordered_collections"])
def test_one_string_for_a_list(option: str) -> None:
    """A single string instead of a list of patterns is refused, because it would be read letter by letter."""
    with pytest.raises(
        TypeError, match=rf"{option} must be a list of strings, not one string; use \['abc'\]"
    ):
        CompareOptions(**{option: "abc"})


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"rtol": "1"}, "rtol must be a number, not str"),
        ({"atol": None}, "atol must be a number, not NoneType"),
        (
            {"ignore_sections": ["graph_def", 5]},
            "ignore_sections must be a list of strings; 5 is not a string",
        ),
        ({"ignore_attrs": (b"_*",)}, "ignore_attrs must be a list of strings; b'_\\*' is not a string"),
    ],
)
def test_a_value_of_a_wrong_type_names_its_option(arguments: dict[str, Any], problem: str) -> None:
    """The error is a TypeError about the option, and not one of an operator."""
    with pytest.raises(TypeError, match=problem):
        CompareOptions(**arguments)


@pytest.mark.parametrize("options", [None, "strict", {"rtol": 1.0}])
def test_other_options_are_refused(options: Any) -> None:
    """Options are CompareOptions, also of a comparison of equal messages."""
    with pytest.raises(TypeError, match=f"options must be CompareOptions, not {type(options).__name__}"):
        diff_meta_graphs(actual=message(""), expected=message(""), options=options)


def test_conformance_is_the_default() -> None:
    """The preset of the conformance run has the default options."""
    assert CompareOptions.conformance() == CompareOptions()


def test_strict() -> None:
    """The strict preset reports orders, empty parts, encodings and notes as differences."""
    strict = CompareOptions.strict()
    for expected, actual in [
        (nodes("name: 'a'", "name: 'b'"), nodes("name: 'b'", "name: 'a'")),
        (attr("tensor { dtype: DT_INT32 }"), attr("tensor { dtype: DT_INT32 int_val: 0 }")),
        ("meta_info_def { tensorflow_version: 'a' }", "meta_info_def { tensorflow_version: 'b' }"),
        ("graph_def { library { } }", "graph_def { }"),
        (
            "meta_info_def { stripped_op_list { op { name: 'a' } op { name: 'b' } } }",
            "meta_info_def { stripped_op_list { op { name: 'b' } op { name: 'a' } } }",
        ),
    ]:
        left, right = message(expected), message(actual)
        assert diff_meta_graphs(expected=left, actual=right).equal
        assert not diff_meta_graphs(expected=left, actual=right, options=strict).equal


def test_tf_compat() -> None:
    """The preset of TensorFlow's comparer ignores only the library, the versions and private attributes."""
    compat = CompareOptions.tf_compat()
    overlooked = message(function("signature { name: 'f' }"))
    overlooked.graph_def.versions.producer = 1
    overlooked.graph_def.node.add(name="n", op="N").attr["_x"].b = True
    plain = message(nodes("name: 'n' op: 'N'"))
    assert len(diff_meta_graphs(expected=plain, actual=overlooked).groups) == 3
    assert diff_meta_graphs(expected=plain, actual=overlooked, options=compat).equal
    overlooked.graph_def.node[0].op = "M"
    assert not diff_meta_graphs(expected=plain, actual=overlooked, options=compat).equal


def test_options_have_no_effect_on_equal_messages() -> None:
    """Equal messages are equal under each single option."""
    text = attr("f: 1.0")
    for option in ("check_node_order", "normalize_devices", "canonicalize_function_names", "fail_on_notes"):
        assert compared(text, text, **{option: True}).equal


def test_pattern_without_a_match_is_warned_of() -> None:
    """An assertion that passes warns about an unused pattern, at the line of the assertion."""
    options = CompareOptions(ignore_attrs=["x", "no_such*"])
    one = message(attr("f: 1.0"))
    with pytest.warns(UserWarning, match=r"^ignore_attrs: the pattern 'no_such\*' matches nothing") as caught:
        assert_meta_graph_equal(expected=one, actual=one, options=options)
    assert [warning.filename for warning in caught] == [__file__]


def test_pattern_of_a_preset_is_not_warned_of() -> None:
    """The unused pattern of a preset causes neither a warning nor a note."""
    one = message(attr("f: 1.0"))
    diff = diff_meta_graphs(expected=one, actual=one, options=CompareOptions.tf_compat())
    assert diff.equal
    assert diff.notes == ()
