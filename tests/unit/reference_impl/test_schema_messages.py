"""The schema: TensorFlow's messages, as classes of a private pool (design: Schema)."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from importlib import resources

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor
from small_graphs import parse

from reference_impl import schema
from reference_impl.schema import (
    POOL,
    REGISTERED_COLLECTIONS,
    AttrValue,
    DataType,
    GraphDebugInfo,
    GraphDef,
    MetaGraphDef,
    SavedModel,
    messages,
    provenance,
)

RECORDED = resources.files("reference_impl.schema")
MESSAGE_CLASSES = [name for name in schema.__all__ if isinstance(getattr(schema, name), type(GraphDef))]


def recorded_files() -> descriptor_pb2.FileDescriptorSet:
    """The descriptors as they were recorded."""
    return descriptor_pb2.FileDescriptorSet.FromString(RECORDED.joinpath("descriptors.binpb").read_bytes())


def test_the_public_classes_are_all_there_is_to_a_meta_graph() -> None:
    """Each message that a MetaGraphDef, its collections and its side files are made of has a public class."""
    assert set(MESSAGE_CLASSES) >= {
        "AttrValue", "CollectionDef", "CondContextDef", "FunctionDef", "GraphDebugInfo", "GraphDef",
        "MetaGraphDef", "NodeDef", "OpDef", "QueueRunnerDef", "SavedModel", "SaverDef", "TensorProto",
        "VariableDef", "WhileContextDef",
    }  # fmt: skip


@pytest.mark.parametrize("name", MESSAGE_CLASSES)
def test_every_public_class_is_the_pools_message_of_that_name(name: str) -> None:
    """A public class makes messages of TensorFlow's type, and its bytes parse back to an equal message."""
    kind = getattr(schema, name)

    assert kind.DESCRIPTOR.full_name == f"tensorflow.{name}"
    assert kind.DESCRIPTOR is POOL.FindMessageTypeByName(f"tensorflow.{name}")
    assert kind.FromString(kind().SerializeToString()) == kind()


def test_messages_nest_as_in_tensorflow() -> None:
    """A MetaGraphDef holds graphs, functions, collections and maps, and survives its own bytes."""
    message = parse(
        MetaGraphDef,
        """
        meta_info_def { meta_graph_version: "v" tags: "serve" any_info { type_url: "t" } }
        graph_def {
          node {
            name: "a" op: "Const"
            attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: 0.5 } } }
          }
          library { function { signature { name: "f" } node_def { name: "b" op: "NoOp" } } }
          versions { producer: 2474 bad_consumers: [1, 2] }
        }
        saver_def { save_tensor_name: "save/control_dependency:0" version: V2 }
        collection_def { key: "k" value { node_list { value: "a:0" } } }
        signature_def { key: "s" value { method_name: "m" inputs { key: "x" value { name: "a:0" } } } }
        """,
    )

    again = MetaGraphDef.FromString(message.SerializeToString())

    assert again == message
    assert again.graph_def.node[0].attr["value"].tensor.float_val[:] == [0.5]
    assert again.signature_def["s"].inputs["x"].name == "a:0"


def test_side_files_have_their_messages() -> None:
    """A SavedModel holds MetaGraphDefs of this schema, and a GraphDebugInfo keys traces by node."""
    saved = SavedModel(meta_graphs=[MetaGraphDef(graph_def=GraphDef())])
    info = GraphDebugInfo(name_to_trace_id={"a@": 0})

    assert isinstance(saved.meta_graphs[0], MetaGraphDef)
    assert "a@" in GraphDebugInfo.FromString(info.SerializeToString()).name_to_trace_id


def test_data_types_have_tensorflows_numbers() -> None:
    """The enum of data types maps names to TensorFlow's numbers and back."""
    assert DataType.Value("DT_FLOAT") == 1
    assert DataType.Value("DT_RESOURCE") == 20
    assert DataType.Name(101) == "DT_FLOAT_REF"
    assert AttrValue(type=messages.DT_STRING).type == 7


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("variables", "VariableDef"),
        ("trainable_variables", "VariableDef"),
        ("model_variables", "VariableDef"),
        ("local_variables", "VariableDef"),
        ("metric_variables", "VariableDef"),
        ("moving_average_variables", "VariableDef"),
        ("global_step", "VariableDef"),
        ("savers", "SaverDef"),
        ("queue_runners", "QueueRunnerDef"),
        ("cond_context", "CondContextDef"),
        ("while_context", "WhileContextDef"),
    ],
)
def test_registered_collections_hold_the_messages_of_tensorflow(key: str, name: str) -> None:
    """COL-11: the entries of each registered collection are messages of one type."""
    assert REGISTERED_COLLECTIONS[key].DESCRIPTOR.name == name


def test_no_other_collection_is_registered() -> None:
    """COL-11: the eleven keys above are all."""
    assert len(REGISTERED_COLLECTIONS) == 11


def test_every_recorded_message_has_a_class() -> None:
    """Each top-level message of each recorded file is a class of the module `messages`."""
    names = [f"{file.package}.{kind.name}" for file in recorded_files().file for kind in file.message_type]

    assert len(names) == len({name.rpartition(".")[2] for name in names}), "two messages share a short name"
    for name in names:
        assert getattr(messages, name.rpartition(".")[2]).DESCRIPTOR.full_name == name


# -- the stubs that mypy reads


def _stated(statement: ast.stmt) -> str:
    match statement:
        case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name):
            return name
    return ""


def _members(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """The classes, attributes and methods of a module or class in the stubs, by name."""
    return {name: statement for statement in body if (name := _stated(statement))}


def _stub_members() -> dict[str, ast.stmt]:
    return _members(ast.parse(RECORDED.joinpath("messages.pyi").read_text(encoding="utf-8")).body)


def _missing_from_class(kind: Descriptor, body: list[ast.stmt]) -> list[str]:
    """What a message has and its class in the stubs lacks; nested messages included."""
    stated = _members(body)
    missing = [f"{kind.full_name}.{field.name}" for field in kind.fields if field.name not in stated]
    for enum in kind.enum_types:
        missing += _missing_from_enum(enum, stated)
    for nested in kind.nested_types:
        missing += _missing_message(nested, stated)
    return missing


def _missing_message(kind: Descriptor, stated: dict[str, ast.stmt]) -> list[str]:
    statement = stated.get(kind.name)
    if not isinstance(statement, ast.ClassDef):
        return [kind.full_name]
    return _missing_from_class(kind, statement.body)


def _missing_from_enum(enum: EnumDescriptor, stated: dict[str, ast.stmt]) -> list[str]:
    statement = stated.get(enum.name)
    names = _members(statement.body) if isinstance(statement, ast.ClassDef) else {}
    return [f"{enum.full_name}.{value.name}" for value in enum.values if value.name not in names]


def test_stubs_state_every_message_field_and_enum_value() -> None:
    """What the pool knows, mypy knows: each message, field, enum and value stands in the stubs."""
    stated = _stub_members()
    missing: list[str] = []
    for file in recorded_files().file:
        described = POOL.FindFileByName(file.name)
        if file.package != "tensorflow":
            continue  # protobuf's own well-known types bring their own stubs
        for kind in described.message_types_by_name.values():
            missing += _missing_message(kind, stated)
        for enum in described.enum_types_by_name.values():
            missing += _missing_from_enum(enum, stated)

    assert missing == []


def test_what_the_stubs_state_exists() -> None:
    """What mypy finds in the module `messages` is there: classes, enums and the values of the enums."""
    stated = _stub_members()
    stated.pop("DESCRIPTOR")  # protoc states the file it read; this module is made of many

    assert [name for name in stated if not hasattr(messages, name)] == []


# -- provenance


@pytest.mark.parametrize("name", ["descriptors.binpb", "op_registry.binpb", "messages.pyi"])
def test_provenance_states_the_digest_of_each_recorded_file(name: str) -> None:
    """A recorded file that was edited by hand is found out."""
    assert hashlib.sha256(RECORDED.joinpath(name).read_bytes()).hexdigest() == provenance().sha256[name]


def test_provenance_says_which_tensorflow_was_recorded() -> None:
    """META-01 and NODE-04 take the version strings and the producer of a fresh graph from here."""
    recorded = provenance()

    assert recorded.tensorflow == "2.21.0"
    assert recorded.tensorflow_git.startswith("v2.21.0")
    assert recorded.graph_def_version == 2474
    assert set(recorded.sha256) == {"descriptors.binpb", "op_registry.binpb", "messages.pyi"}


# -- privacy

DEFAULT_POOL_IS_UNTOUCHED = """
import reference_impl, reference_impl.schema
from google.protobuf import descriptor_pool
try:
    descriptor_pool.Default().FindFileByName("tensorflow/core/framework/graph.proto")
except KeyError:
    print("untouched")
"""


def test_importing_leaves_the_default_pool_untouched() -> None:
    """A process that imports this package can still load any other TensorFlow's messages."""
    finished = subprocess.run(
        [sys.executable, "-c", DEFAULT_POOL_IS_UNTOUCHED], capture_output=True, text=True, check=True
    )

    assert finished.stdout.split() == ["untouched"]
