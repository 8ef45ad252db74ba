"""The messages of the worker protocol: compiled from the shipped definition, private, and lossless."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool

from conformance_cases import Tier, load_corpus
from pytest_metagraph.exporters import worker_messages
from pytest_metagraph.exporters.worker_messages import UnencodableValueError, Value, decode, encode
from reference_impl.schema import SaverDef

FOLDER = Path(worker_messages.__file__).parent


def test_the_compiled_messages_are_those_of_the_definition(tmp_path: Path) -> None:
    """The compiled messages of the kit are those that the author of a worker compiles."""
    if importlib.util.find_spec("grpc_tools") is None:
        pytest.skip("needs grpcio-tools")
    compiled = tmp_path / "worker.binpb"
    # In a process of its own: the compiler ends a process that TensorFlow is loaded into.
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{FOLDER}", f"--descriptor_set_out={compiled}"]
    subprocess.run([*protoc, worker_messages.PROTO_FILE], check=True)
    recompiled, recorded = (
        descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
        for path in (compiled, FOLDER / "worker.binpb")
    )
    assert recompiled == recorded


def test_nothing_is_registered_in_the_default_pool() -> None:
    """Generated code of a worker and the kit can be used in one process."""
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("pytest_metagraph.worker.Request")
    assert worker_messages.Request.DESCRIPTOR.full_name == "pytest_metagraph.worker.Request"


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -(2**63),
        2**63 - 1,
        0.1,
        float("inf"),
        "",
        "tower_1/é",
        b"\xff\x00",
        [],
        ["variables", b"losses", 3, None, [1]],
        {},
        {"key": 1, 2: ["b"]},
        SaverDef(),
        SaverDef(filename_tensor_name="save/Const:0", max_to_keep=5),
    ],
)
def test_a_value_is_decoded_with_its_type(value: Any) -> None:
    """No type becomes another one: False stays apart from 0, bytes from text, an empty list from None."""
    returned = decode(Value.FromString(encode(value).SerializeToString()))
    assert returned == value
    assert type(returned) is type(value)


@pytest.mark.parametrize(
    ("value", "decoded"), [((1, 2), [1, 2]), ({"b", "a"}, ["a", "b"]), (frozenset({"x"}), ["x"])]
)
def test_other_iterables_become_lists(value: Any, decoded: list[Any]) -> None:
    """Tuples become lists, and sets become sorted lists, because other languages lack them."""
    assert decode(encode(value)) == decoded


@pytest.mark.parametrize("value", [2**63, "\ud800", object(), iter([]), [object()], {"key": 1j}])
def test_a_value_that_cannot_be_sent_is_refused(value: Any) -> None:
    """A value that the protocol cannot express is an error, and never becomes another value."""
    with pytest.raises(UnencodableValueError, match="cannot be sent in the worker protocol"):
        encode(value)


def test_a_message_of_an_unknown_type_is_refused() -> None:
    """Decoding a message of a type that the schema lacks names the type."""
    encoded = Value(message={"type": "tensorflow.NoSuchDef", "data": b""})
    with pytest.raises(ValueError, match=r"no message 'tensorflow\.NoSuchDef'"):
        decode(encoded)


def test_the_arguments_of_every_case_can_be_sent() -> None:
    """The arguments of every call of the default tier are decoded to what was encoded."""
    for case in load_corpus().cases(Tier.DEFAULT):
        for arguments in case.calls():
            assert {name: decode(encode(value)) for name, value in arguments.items()} == arguments, case.id
