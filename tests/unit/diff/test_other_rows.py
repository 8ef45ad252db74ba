"""The rows of the equivalence table about the library, op list, versions, meta info and signatures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from diff_rows import Row, attr, compared, different, equal, function, message, noted
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from pytest_metagraph.diff import DifferenceCode, diff_meta_graphs
from reference_impl.schema import POOL, FunctionDef, MetaGraphDef

F = "function { signature { name: 'f' } node_def { name: 'n' op: 'N' } }"
G = "function { signature { name: 'g' } }"
TRACED = (
    "graph_def {{ node {{ name: 'call' op: '__inference_f_{0}' }}"
    " library {{ function {{ signature {{ name: '__inference_f_{0}' }} }} }} }}"
)


def _library(text: str) -> str:
    return f"graph_def {{ library {{ {text} }} }}"


def _versions(text: str) -> str:
    return f"graph_def {{ versions {{ {text} }} }}"


def _info(text: str) -> str:
    return f"meta_info_def {{ {text} }}"


def _op(text: str = "") -> str:
    return _info(f"stripped_op_list {{ op {{ name: 'A' {text} }} }}")


def _any(url: str, value: bytes) -> MetaGraphDef:
    found = MetaGraphDef()
    found.meta_info_def.any_info.type_url = url
    found.meta_info_def.any_info.value = value
    return found


def _unknown(value: bytes) -> MetaGraphDef:
    """Return a message with the field number 1000, which is not in the schema."""
    return MetaGraphDef.FromString(b"\xc2\x3e" + bytes([len(value)]) + value)


PACKED = FunctionDef(resource_arg_unique_id={1: 2, 3: 4}).SerializeToString(deterministic=True)
REORDERED = PACKED[len(PACKED) // 2 :] + PACKED[: len(PACKED) // 2]
AB, BA = "op { name: 'A' } op { name: 'B' }", "op { name: 'B' } op { name: 'A' }"

ROWS = [
    equal("order of functions", _library(F + G), _library(G + F)),
    equal(
        "order of gradients",
        _library("gradient { function_name: 'f' } gradient { function_name: 'g' }"),
        _library("gradient { function_name: 'g' } gradient { function_name: 'f' }"),
    ),
    different(
        "gradient",
        _library("gradient { function_name: 'f' gradient_func: 'g' }"),
        _library("gradient { function_name: 'f' gradient_func: 'h' }"),
        DifferenceCode.FIELD_CHANGED,
    ),
    different("a function more", _library(F + G), _library(F), DifferenceCode.FUNCTION_MISSING),
    different(
        "a function changed", _library(F), _library(F.replace("'N'", "'M'")), DifferenceCode.FIELD_CHANGED
    ),
    different(
        "a traced function renamed",
        TRACED.format(7),
        TRACED.format(8),
        DifferenceCode.FUNCTION_MISSING,
        DifferenceCode.FUNCTION_EXTRA,
        DifferenceCode.FIELD_CHANGED,
    ),
    equal("the same, canonicalised", TRACED.format(7), TRACED.format(8), canonicalize_function_names=True),
    different(
        "two of one readable part, canonicalised",
        TRACED.format(7),
        TRACED.format(8).replace("library {", "library { function { signature { name: '__inference_f_9' } }"),
        DifferenceCode.FUNCTION_MISSING,
        DifferenceCode.FUNCTION_EXTRA,
        DifferenceCode.FIELD_CHANGED,
        canonicalize_function_names=True,
    ),
    equal("library, empty against unset", "graph_def { library { } }", "graph_def { }"),
    equal("versions, empty against unset", "graph_def { versions { } }", "graph_def { }"),
    different(
        "library, empty against unset, checked",
        "graph_def { library { } }",
        "graph_def { }",
        DifferenceCode.FIELD_MISSING,
        check_empty_parts=True,
    ),
    different(
        "versions, unset against empty, checked",
        "graph_def { }",
        "graph_def { versions { } }",
        DifferenceCode.FIELD_EXTRA,
        check_empty_parts=True,
    ),
    equal(
        "library, empty on both sides, checked",
        "graph_def { library { } versions { producer: 1 } }",
        "graph_def { library { } versions { producer: 1 } }",
        check_empty_parts=True,
    ),
    equal(
        "order of stripped_op_list",
        _info(f"stripped_op_list {{ {AB} }}"),
        _info(f"stripped_op_list {{ {BA} }}"),
    ),
    different(
        "order of stripped_op_list, checked",
        _info(f"stripped_op_list {{ {AB} }}"),
        _info(f"stripped_op_list {{ {BA} }}"),
        DifferenceCode.ORDER_CHANGED,
        check_op_order=True,
    ),
    equal(
        "order of stripped_op_list, checked and the same",
        _info(f"stripped_op_list {{ {AB} }}"),
        _info(f"stripped_op_list {{ {AB} }}"),
        check_op_order=True,
    ),
    different("stripped_op_list", _info(f"stripped_op_list {{ {AB} }}"), _op(), DifferenceCode.ITEM_MISSING),
    equal(
        "order of OpDef.attr",
        _op("attr { name: 'x' } attr { name: 'y' }"),
        _op("attr { name: 'y' } attr { name: 'x' }"),
    ),
    different(
        "OpDef.attr",
        _op("attr { name: 'x' type: 'int' }"),
        _op("attr { name: 'x' type: 'float' }"),
        DifferenceCode.FIELD_CHANGED,
    ),
    noted("OpDef.summary", _op(), _op("summary: 's'"), DifferenceCode.FIELD_CHANGED),
    noted("OpDef.description", _op(), _op("description: 's'"), DifferenceCode.FIELD_CHANGED),
    noted(
        "OpDef.ArgDef.description",
        _op("input_arg { }"),
        _op("input_arg { description: 's' }"),
        DifferenceCode.FIELD_CHANGED,
    ),
    noted(
        "OpDef.AttrDef.description",
        _op("attr { name: 'x' }"),
        _op("attr { name: 'x' description: 's' }"),
        DifferenceCode.FIELD_CHANGED,
    ),
    noted(
        "producer, both set",
        _versions("producer: 1"),
        _versions("producer: 2"),
        DifferenceCode.VERSION_CHANGED,
    ),
    noted(
        "min_consumer, both set",
        _versions("min_consumer: 1"),
        _versions("min_consumer: 2"),
        DifferenceCode.VERSION_CHANGED,
    ),
    different("producer, one unset", _versions("producer: 1"), _versions(""), DifferenceCode.VERSION_UNSET),
    different(
        "min_consumer, one unset", _versions("min_consumer: 1"), _versions(""), DifferenceCode.VERSION_UNSET
    ),
    noted(
        "tensorflow_version",
        _info("tensorflow_version: 'a'"),
        _info("tensorflow_version: 'b'"),
        DifferenceCode.FIELD_CHANGED,
    ),
    noted(
        "tensorflow_git_version",
        _info("tensorflow_git_version: 'a'"),
        _info(""),
        DifferenceCode.FIELD_CHANGED,
    ),
    different(
        "stripped_default_attrs",
        _info("stripped_default_attrs: true"),
        _info(""),
        DifferenceCode.FIELD_CHANGED,
    ),
    equal("order of tags", _info("tags: ['a', 'b']"), _info("tags: ['b', 'a']")),
    different("tags", _info("tags: ['a', 'b']"), _info("tags: 'a'"), DifferenceCode.ITEM_MISSING),
    equal(
        "order of asset_file_def",
        "asset_file_def { filename: 'a' } asset_file_def { filename: 'b' }",
        "asset_file_def { filename: 'b' } asset_file_def { filename: 'a' }",
    ),
    different(
        "asset_file_def",
        "asset_file_def { filename: 'a' tensor_info { name: 'x' } }",
        "asset_file_def { filename: 'a' tensor_info { name: 'y' } }",
        DifferenceCode.FIELD_CHANGED,
    ),
    different(
        "signature_def, x against x:0",
        "signature_def { key: 's' value { inputs { key: 'i' value { name: 'x' } } } }",
        "signature_def { key: 's' value { inputs { key: 'i' value { name: 'x:0' } } } }",
        DifferenceCode.FIELD_CHANGED,
    ),
    different(
        "signature_def, missing", "signature_def { key: 's' value { } }", "", DifferenceCode.ITEM_MISSING
    ),
    different(
        "object_graph_def",
        "object_graph_def { nodes { variable { name: 'a' } } }",
        "object_graph_def { nodes { variable { name: 'b' } } }",
        DifferenceCode.FIELD_CHANGED,
    ),
    different("saver_def, empty against absent", "saver_def { }", "", DifferenceCode.FIELD_MISSING),
    different(
        "saver_def",
        "saver_def { max_to_keep: 1 }",
        "saver_def { max_to_keep: 2 }",
        DifferenceCode.FIELD_CHANGED,
    ),
    noted(
        "debug_info", "graph_def { debug_info { files: 'a' } }", "graph_def { }", DifferenceCode.FIELD_CHANGED
    ),
    equal(
        "host of an Any",
        _any("type.googleapis.com/tensorflow.FunctionDef", PACKED),
        _any("x/tensorflow.FunctionDef", PACKED),
    ),
    equal(
        "content of a known Any",
        _any("x/tensorflow.FunctionDef", PACKED),
        _any("x/tensorflow.FunctionDef", REORDERED),
    ),
    different(
        "content of an unknown Any",
        _any("x/some.Type", PACKED),
        _any("x/some.Type", REORDERED),
        DifferenceCode.FIELD_CHANGED,
    ),
    different(
        "damaged content of an Any",
        _any("x/tensorflow.FunctionDef", b"\xff"),
        _any("x/tensorflow.FunctionDef", b"\xfe"),
        DifferenceCode.FIELD_CHANGED,
    ),
    different(
        "type of an Any",
        _any("x/tensorflow.FunctionDef", b""),
        _any("x/tensorflow.NodeDef", b""),
        DifferenceCode.FIELD_CHANGED,
    ),
    different("unknown fields", _unknown(b"a"), _unknown(b"b"), DifferenceCode.UNKNOWN_FIELD),
    equal("the same unknown fields", _unknown(b"a"), _unknown(b"a")),
    equal("unknown fields, ignored", _unknown(b"a"), _unknown(b"b"), ignore_unknown_fields=True),
    different(
        "a section", _library(F), _library(G), DifferenceCode.FUNCTION_MISSING, DifferenceCode.FUNCTION_EXTRA
    ),
    equal("a section, ignored", _library(F), _library(G), ignore_sections=["graph_def.library"]),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row) -> None:
    """The differ treats two messages as the equivalence table says, in both directions."""
    row.check()


def test_order_of_maps() -> None:
    """The order of map entries on the wire is ignored."""
    first, second = "ret { key: 'a' value: 'b' }", "ret { key: 'c' value: 'd' }"
    expected = message(function(f"signature {{ name: 'f' }} {first} {second}"))
    actual = message(function(f"signature {{ name: 'f' }} {second} {first}"))
    assert compared(expected, actual).equal
    actual.graph_def.library.function[0].ret["c"] = "e"
    assert not compared(expected, actual).equal


def test_order_of_signatures() -> None:
    """The order of signatures on the wire is ignored, but not their content."""
    one, other = (
        message(f"signature_def {{ key: '{key}' value {{ method_name: '{key}' }} }}").SerializeToString()
        for key in ("a", "b")
    )
    assert one + other != other + one
    assert compared(one + other, other + one).equal
    assert not compared(one + other, one + other.replace(b"b", b"c")).equal


def test_text_file_and_binary_file(tmp_path: Path) -> None:
    """A text file and a binary file of one message are equal, whatever their names."""
    expected = message(attr("f: 0.1"))
    binary, text = tmp_path / "model.meta", tmp_path / "model.pbtxt"
    binary.write_bytes(expected.SerializeToString())
    text.write_text(text_format.MessageToString(expected), encoding="utf-8")
    assert diff_meta_graphs(expected=binary, actual=str(text)).equal
    expected.graph_def.node[0].attr["x"].f = 2
    assert not diff_meta_graphs(expected=expected, actual=text).equal


def test_payload_of_a_nan_from_text(tmp_path: Path) -> None:
    """NaNs with different bits differ unless one side was text, which does not keep the payload."""
    expected = message(attr("tensor { dtype: DT_FLOAT }"))
    expected.graph_def.node[0].attr["x"].tensor.tensor_content = b"\x01\x00\xc0\x7f"
    plain = message(attr("tensor { dtype: DT_FLOAT float_val: nan }"))
    assert not diff_meta_graphs(expected=expected, actual=plain).equal
    text = tmp_path / "model.pbtxt"
    text.write_text(text_format.MessageToString(plain), encoding="utf-8")
    assert diff_meta_graphs(expected=expected, actual=text).equal


def _other_pool() -> Any:
    """Return the MetaGraphDef class of another descriptor pool, as in an installed TensorFlow."""
    pool = descriptor_pool.DescriptorPool()
    seen: set[str] = set()

    def add(file: Any) -> None:
        if file.name in seen:
            return
        seen.add(file.name)
        for dependency in file.dependencies:
            add(dependency)
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        pool.Add(proto)

    add(POOL.FindMessageTypeByName("tensorflow.MetaGraphDef").file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.MetaGraphDef"))


def test_message_of_another_pool() -> None:
    """A message of another descriptor pool is compared like one of this schema."""
    expected = message("graph_def { node { name: 'a' op: 'A' } }")
    foreign = _other_pool().FromString(expected.SerializeToString())
    assert foreign != expected
    assert diff_meta_graphs(expected=expected, actual=foreign).equal
    assert diff_meta_graphs(expected=expected.SerializeToString(), actual=foreign).equal
    foreign.graph_def.node[0].op = "B"
    assert not diff_meta_graphs(expected=expected, actual=foreign).equal
