"""Loading a graph from a MetaGraphDef (behaviour: stating an input graph)."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from typing import Any

import pytest
from google.protobuf import any_pb2
from small_graphs import graph, graph_def, meta_graph, node_names, parse

from reference_impl import Graph, Operation, Tensor, export_meta_graph
from reference_impl.schema import (
    REGISTERED_COLLECTIONS,
    CollectionDef,
    MetaGraphDef,
    NodeDef,
    SaverDef,
    VariableDef,
)

MESSAGE = meta_graph(
    """
    node { name: "b" op: "Mine" device: "/cpu" attr { key: "x" value { i: 1 } } }
    node { name: "a" op: "NoOp" input: "^b" input: "nowhere" }
    versions { producer: 21 min_consumer: 3 }
    """,
    texts='bytes_list { value: "x" value: "\\xff" }',
    elements='node_list { value: "a" value: "a:1" }',
    ints="int64_list { value: 5 }",
    floats="float_list { value: 0.5 }",
    any='any_list { value { type_url: "t" } }',
    variables=[VariableDef(variable_name="v:0", trainable=True)],
    savers=[SaverDef(restore_op_name="r")],
)


@pytest.mark.parametrize("form", ["message", "bytes"])
def test_a_message_and_its_bytes_are_the_same_graph(form: str) -> None:
    """A graph comes from either; nothing is inferred, filled in or reordered."""
    stated = MESSAGE if form == "message" else MESSAGE.SerializeToString()

    exported = export_meta_graph(graph=Graph.from_meta_graph_def(stated))

    assert exported.graph_def == graph_def("""
      node { name: "b" op: "Mine" device: "/cpu" attr { key: "x" value { i: 1 } } }
      node { name: "a" op: "NoOp" input: "nowhere" input: "^b" }
      versions { producer: 21 min_consumer: 3 }
    """)
    assert exported.collection_def == MESSAGE.collection_def


IN_SCOPE = meta_graph(
    """
    node { name: "s/a" op: "NoOp" device: "/cpu" }
    node { name: "s/b" op: "NoOp" input: "^s/a" attr { key: "_class" value { list { s: "loc:@s/a" } } } }
    """
)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"export_scope": "s"}, {"clear_devices": True}, {"strip_default_attrs": True}],
    ids=["plain", "export_scope", "clear_devices", "strip_default_attrs"],
)
@pytest.mark.parametrize(
    "text", [str(IN_SCOPE), "# nothing\n", "\n"], ids=["nodes", "a comment", "a line end"]
)
def test_bytes_of_text_are_a_graph_that_is_exported_again(text: str, arguments: dict[str, Any]) -> None:
    """Bytes may be text as well; every export of them is that of the message, not only the first one."""
    stated = IN_SCOPE if "node" in text else MetaGraphDef()
    expected = export_meta_graph(graph=Graph.from_meta_graph_def(stated), **arguments)
    loaded = Graph.from_meta_graph_def(text.encode())
    for _ in range(2):
        assert export_meta_graph(graph=loaded, **arguments) == expected


def test_collections_become_objects() -> None:
    """Entries of node lists are handles, registered entries messages, other bytes stay bytes."""
    loaded = Graph.from_meta_graph_def(MESSAGE)

    assert loaded.get_collection("texts") == [b"x", b"\xff"]
    assert loaded.get_collection("elements") == [Operation("a"), Tensor("a:1")]
    assert loaded.get_collection("ints") == [5]
    assert loaded.get_collection("floats") == [0.5]
    assert [value.type_url for value in loaded.get_collection("any")] == ["t"]
    assert loaded.get_collection("variables") == [VariableDef(variable_name="v:0", trainable=True)]
    assert loaded.get_collection("savers") == [SaverDef(restore_op_name="r")]
    assert set(loaded.get_all_collection_keys()) == set(MESSAGE.collection_def)


def test_parts_that_belong_to_an_export_are_not_loaded() -> None:
    """A graph has no info, saver, signatures, deprecated version, debug info or registered gradients."""
    stated = parse(
        MetaGraphDef,
        """
        meta_info_def { tags: "serve" stripped_op_list { op { name: "Mine" } } }
        graph_def {
          node { name: "a" op: "NoOp" }
          version: 7
          debug_info { files: "f" }
          library { function {} registered_gradients { gradient_func: "g" } }
        }
        saver_def { restore_op_name: "r" }
        signature_def { key: "s" value { method_name: "m" } }
        """,
    )

    exported = export_meta_graph(graph=Graph.from_meta_graph_def(stated))

    assert exported.graph_def == graph_def("""
      node { name: "a" op: "NoOp" } library { function {} } versions {}
    """)
    assert not exported.meta_info_def.tags
    assert [field.name for field, _ in exported.ListFields()] == ["meta_info_def", "graph_def"]


def test_a_library_with_nothing_of_a_graph_is_no_library() -> None:
    """NODE-07: registered gradients alone leave nothing in the graph."""
    loaded = graph('library { registered_gradients { gradient_func: "g" } }')

    assert not export_meta_graph(graph=loaded).graph_def.HasField("library")


@pytest.mark.parametrize("stated", ["", "bytes_list {}", "node_list {}"])
def test_a_collection_that_says_nothing_is_dropped_by_the_next_export(stated: str) -> None:
    """COL-03: a key without kind and an empty list have no items."""
    exported = export_meta_graph(graph=graph(k=stated))

    assert dict(exported.collection_def) == {}


OLD_NODE_LIST = 'node_list { value: "s/v:0" value: "w" }'


@pytest.mark.parametrize("key", REGISTERED_COLLECTIONS)
@pytest.mark.parametrize(("scope", "names"), [(None, ["s/v:0", "w"]), ("s", ["v:0"]), ("other", None)])
def test_a_node_list_under_a_registered_key_is_written_again(
    key: str, scope: str | None, names: list[str] | None
) -> None:
    """COL-20: files of TensorFlow 1.2 and earlier have them; a scope selects and strips the names."""
    exported = export_meta_graph(graph=graph(**{key: OLD_NODE_LIST}), export_scope=scope)

    found = {name: list(collection.node_list.value) for name, collection in exported.collection_def.items()}
    assert found == ({} if names is None else {key: names})


def test_a_node_list_under_a_registered_key_is_dropped_in_tensorflow(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """COL-20: the warning says what is left out, why, and what would keep it."""
    exported = export_meta_graph(graph=graph(model_variables=OLD_NODE_LIST), contract="tensorflow")

    assert dict(exported.collection_def) == {}
    assert "'model_variables' is left out" in caplog.text
    assert "files of TensorFlow 1.2 and earlier" in caplog.text
    assert 'The contract "documented" writes the names again.' in caplog.text


def test_a_loaded_graph_shares_nothing_with_its_message() -> None:
    """What happens to the message later does not reach the graph, nor the other way round."""
    stated = MetaGraphDef()
    stated.CopyFrom(MESSAGE)
    loaded = Graph.from_meta_graph_def(stated)
    before = export_meta_graph(graph=loaded)

    loaded.add_node(NodeDef(name="late", op="NoOp"))
    loaded.get_collection("any")[0].type_url = "changed"
    assert stated == MESSAGE

    loaded = Graph.from_meta_graph_def(stated)
    stated.Clear()
    assert export_meta_graph(graph=loaded) == before


def test_loading_keeps_the_message_as_it_was() -> None:
    """CALL-11: its bytes are the same before and after."""
    before = MESSAGE.SerializeToString(deterministic=True)

    Graph.from_meta_graph_def(MESSAGE)

    assert MESSAGE.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("stated", [None, "text", 5, graph_def(""), any_pb2.Any(), bytearray(b"")])
def test_what_is_no_meta_graph_is_a_type_error(stated: Any) -> None:
    """The error names the type that was given."""
    with pytest.raises(TypeError, match=r"expected a tensorflow\.MetaGraphDef message, got"):
        Graph.from_meta_graph_def(stated)


def test_bytes_that_are_no_meta_graph_are_a_value_error() -> None:
    """The error says how many bytes they are."""
    with pytest.raises(ValueError, match="these 3 bytes are not a valid MetaGraphDef: truncated, damaged"):
        Graph.from_meta_graph_def(b"\xff\xff\xff")


def test_a_broken_entry_of_a_registered_collection_is_a_value_error() -> None:
    """COL-11: the error names collection, position and message."""
    stated = meta_graph(variables=[VariableDef()])
    stated.collection_def["variables"].bytes_list.value.append(b"\xff")

    with pytest.raises(ValueError, match=r"collection 'variables', item 1: .* not a serialised VariableDef"):
        Graph.from_meta_graph_def(stated)


def test_reading_a_map_of_the_message_adds_no_key() -> None:
    """Reading a collection that does not exist changes nothing."""
    stated = MetaGraphDef(collection_def={"k": CollectionDef()})

    Graph.from_meta_graph_def(stated)

    assert list(stated.collection_def) == ["k"]


WITHOUT_TENSORFLOW = """
import sys
import reference_impl
graph = reference_impl.Graph.from_meta_graph_def(bytes.fromhex(sys.argv[1]))
reference_impl.export_meta_graph(graph=graph, strip_default_attrs=True)
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("tensorflow", "numpy", "pytest")))
"""


def test_an_export_imports_nothing_but_protobuf() -> None:
    """The reference needs neither TensorFlow nor numpy."""
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, MESSAGE.SerializeToString().hex()],
        capture_output=True,
        text=True,
        check=True,
    )

    assert finished.stdout.split() == ["[]"]


def test_a_loaded_graph_can_grow() -> None:
    """Nodes and items that are added follow the loaded ones, with unused names."""
    loaded = graph('node { name: "a" op: "NoOp" }', k="int64_list { value: 1 }")
    added = loaded.add_node(NodeDef(name="a", op="NoOp"))
    loaded.add_to_collection("k", 2)

    exported = export_meta_graph(graph=loaded)

    assert added == Operation("a_1")
    assert node_names(exported) == ["a", "a_1"]
    assert list(exported.collection_def["k"].int64_list.value) == [1, 2]


@pytest.mark.parametrize("flags", [{}, {"export_scope": "a"}, {"clear_devices": True}])
@pytest.mark.parametrize("source", [MESSAGE, MESSAGE.SerializeToString()], ids=["message", "bytes"])
def test_a_graph_is_freed_with_its_last_reference(
    source: MetaGraphDef | bytes, flags: dict[str, Any]
) -> None:
    """A graph of gigabytes does not wait for the garbage collector, whatever was exported."""
    loaded = Graph.from_meta_graph_def(source)
    export_meta_graph(graph=loaded, **flags)
    last = weakref.ref(loaded)
    gc.disable()
    try:
        del loaded
        assert last() is None
    finally:
        gc.enable()
