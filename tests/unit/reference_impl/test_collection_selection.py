"""Which collections are exported, and which of their items (COL-01 to COL-03, COL-10, COL-12)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import pytest
from google.protobuf import any_pb2
from small_graphs import entries, graph, graph_with_items, texts

from reference_impl import Contract, Graph, Operation, Tensor, export_meta_graph
from reference_impl.schema import MetaGraphDef, VariableDef


def export_keys(collection_list: Iterable[Any] | None, contract: Contract) -> MetaGraphDef:
    """The export of a graph with the collections a, b and two that no str names."""
    built = Graph()
    built.add_to_collection("a", "of a")
    built.add_to_collection("b", "of b")
    built.add_to_collection(b"c", "of c")
    built.add_to_collection(5, "of five")
    return export_meta_graph(graph=built, collection_list=collection_list, contract=contract)


def test_without_a_list_every_collection_with_a_text_key_is_exported(
    contract: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    """COL-01: keys that are bytes or numbers are skipped without a word."""
    assert set(export_keys(None, contract).collection_def) == {"a", "b"}
    assert caplog.records == []


@pytest.mark.parametrize(
    ("collection_list", "keys"),
    [
        ([], set()),
        ({}, set()),
        (["a"], {"a"}),
        (("b", "a"), {"a", "b"}),
        ({"b"}, {"b"}),
        ({"a": 1}, {"a"}),
        (["unknown", "a"], {"a"}),
        ([b"c", "a"], {"c", "a"}),
        ([b"a"], set()),
    ],
)
def test_a_list_says_which(collection_list: Iterable[Any], keys: set[str], contract: Contract) -> None:
    """COL-01, COL-02: any iterable will do, unknown keys are skipped, and a bytes key becomes its text."""
    assert set(export_keys(collection_list, contract).collection_def) == keys


@pytest.mark.parametrize("collection_list", ["ab", "", b"ab"])
def test_one_text_is_not_a_list_as_documented(collection_list: Any) -> None:
    """CALL-13: neither a str nor bytes is a list of keys, and the error says what to pass."""
    with pytest.raises(TypeError, match=r"must be a list of keys. Received one: .*; pass \["):
        export_keys(collection_list, Contract.DOCUMENTED)


@pytest.mark.parametrize(("collection_list", "keys"), [("ab", {"a", "b"}), ("", set()), (b"ab", set())])
def test_one_text_is_its_letters_in_tensorflow(collection_list: Any, keys: set[str]) -> None:
    """CALL-13: TensorFlow takes each letter as a key, and skips the numbers that bytes consist of."""
    assert set(export_keys(collection_list, Contract.TENSORFLOW).collection_def) == keys


def test_a_generator_is_a_list(contract: Contract) -> None:
    """COL-02: an iterable that can be read only once is read once."""
    assert set(export_keys((key for key in "ab"), contract).collection_def) == {"a", "b"}


def test_a_key_that_is_listed_twice_has_its_items_twice(contract: Contract) -> None:
    """COL-02: as str, followed by bytes of the same text."""
    built = graph_with_items("a", "x", "y")
    built.add_to_collection(b"a", b"z")

    exported = export_meta_graph(graph=built, collection_list=["a", b"a", "a"], contract=contract)

    assert texts(exported, "a") == ["x", "y", "z", "x", "y"]


def test_a_bytes_key_of_a_registered_collection_is_registered(contract: Contract) -> None:
    """COL-02, COL-11: what counts is the text of the key."""
    built = graph_with_items(b"variables", VariableDef(variable_name="v:0"))

    exported = export_meta_graph(graph=built, collection_list=[b"variables"], contract=contract)

    assert entries(exported, "variables", VariableDef) == [VariableDef(variable_name="v:0")]


@pytest.mark.parametrize("key", [5, None, ("a",)])
def test_a_listed_key_that_is_no_text_is_skipped_with_a_warning(
    key: Any, contract: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    """COL-02: the other keys are exported."""
    assert set(export_keys([key, "a"], contract).collection_def) == {"a"}
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("reference_impl", logging.WARNING)
    ]
    assert f"exported only under a str key; {key!r} is skipped" in caplog.text


@pytest.mark.parametrize("key", [b"\xff", "\ud800"])
def test_a_key_that_is_no_utf_8_is_left_out_with_a_warning(
    key: Any, contract: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    """COL-08: the others are exported."""
    built = graph_with_items(key, "x")
    built.add_to_collection("a", "x")

    exported = export_meta_graph(graph=built, collection_list=[key, "a"], contract=contract)

    assert set(exported.collection_def) == {"a"}
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_keys_may_be_empty_or_foreign(contract: Contract) -> None:
    """COL-10: '' and characters outside ASCII are keys like others."""
    built = graph_with_items("", "x")
    built.add_to_collection("größe", "y")

    exported = export_meta_graph(graph=built, contract=contract)

    assert {key: texts(exported, key) for key in exported.collection_def} == {"": ["x"], "größe": ["y"]}


def test_order_and_duplicates_are_kept(contract: Contract) -> None:
    """COL-10: items come as they were added."""
    built = graph_with_items("k", "b", "a", "b")

    assert texts(export_meta_graph(graph=built, contract=contract), "k") == ["b", "a", "b"]


def test_an_empty_collection_is_absent(contract: Contract) -> None:
    """COL-03: one that was cleared, and one whose items all lie outside the scope."""
    built = graph_with_items("k", "t/x", Operation("t/y"))
    built.add_to_collection("cleared", 1)
    built.clear_collection("cleared")

    assert dict(export_meta_graph(graph=built, export_scope="s", contract=contract).collection_def) == {}


def test_a_scope_selects_named_and_textual_items(contract: Contract) -> None:
    """COL-12: both have to lie in the scope; names of nodes are stripped, texts are not."""
    built = graph_with_items("texts", "s/a", "t/a", "s/b")
    for item in (Operation("s/a"), Tensor("t/a:0"), Tensor("s/a:1")):
        built.add_to_collection("nodes", item)

    exported = export_meta_graph(graph=built, export_scope="s", contract=contract)

    assert texts(exported, "texts") == ["s/a", "s/b"]
    assert texts(exported, "nodes") == ["a", "a:1"]


@pytest.mark.parametrize(("chosen", "names"), [("tensorflow", ["s1/a", "s", "b"]), ("documented", ["b"])])
def test_a_scope_takes_siblings_in_tensorflow_only(chosen: str, names: list[str]) -> None:
    """COL-12, SCOPE-01: items of `s1` and the one named `s` belong to the prefix `s`."""
    built = graph_with_items("nodes", Operation("s1/a"), Operation("s"), Operation("s/b"))

    assert texts(export_meta_graph(graph=built, export_scope="s", contract=chosen), "nodes") == names


def test_a_scope_filters_no_other_items(contract: Contract) -> None:
    """COL-12: bytes, numbers and Any messages belong to every scope."""
    built = graph(
        ints="int64_list { value: 5 }",
        floats="float_list { value: 0.5 }",
        texts='bytes_list { value: "t/x" }',
        any='any_list { value { type_url: "t/x" } }',
    )
    built.add_to_collection("any", any_pb2.Any(type_url="other"))

    scoped = export_meta_graph(graph=built, export_scope="s", contract=contract)

    assert scoped.collection_def == export_meta_graph(graph=built, contract=contract).collection_def
    assert [value.type_url for value in scoped.collection_def["any"].any_list.value] == ["t/x", "other"]
