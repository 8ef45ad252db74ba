"""The protocol's messages: compiled from the definition that is shipped, and private."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool

from pytest_metagraph.exporters import messages

FOLDER = Path(messages.__file__).parent


def test_the_compiled_messages_are_those_of_the_definition(tmp_path: Path) -> None:
    """What the kit speaks is what a worker's author compiles."""
    protoc = pytest.importorskip("grpc_tools.protoc", reason="needs grpcio-tools")
    compiled = tmp_path / "worker.binpb"
    status = protoc.main(["", f"-I{FOLDER}", f"--descriptor_set_out={compiled}", messages.PROTO_FILE])
    assert status == 0
    recompiled, recorded = (
        descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
        for path in (compiled, FOLDER / "worker.binpb")
    )
    assert recompiled == recorded


def test_nothing_is_registered_in_the_default_pool() -> None:
    """A worker's own generated code and the kit can live in one process."""
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("pytest_metagraph.worker.Request")
    assert messages.Request.DESCRIPTOR.full_name == "pytest_metagraph.worker.Request"
