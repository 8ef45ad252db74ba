"""Write a first adapter, and a workflow that runs it in continuous integration."""

from __future__ import annotations

import enum
from importlib import resources
from pathlib import Path

from conformance_cases import Capability
from pytest_metagraph.exporters import messages
from reference_impl import schema
from reference_impl.atomic_write import write_files

_CAPABILITIES = "@CAPABILITIES@"
_WORKFLOW = ".github/workflows/conformance.yml"


class AdapterKind(enum.StrEnum):
    """The kinds of adapters that there are starters for."""

    PYTHON = "python"
    COMMAND = "command"


def starter_files(kind: AdapterKind) -> dict[str, bytes]:
    """Return the files of a starter.

    Args:
        kind: a Python function, or a worker process. The worker is in JavaScript, with everything that a
            worker in another language needs: the protocol, TensorFlow's messages as a FileDescriptorSet, and
            its ops.

    Returns:
        Contents by relative path.
    """
    if kind is AdapterKind.PYTHON:
        return {
            "metagraph_adapter.py": _template(
                "python", "metagraph_adapter.py.txt", '    "{name}",  # {sentence}'
            ),
            _WORKFLOW: _template("python", "conformance.yml"),
        }
    return {
        "worker.mjs": _template("command", "worker.mjs"),
        "export_meta_graph.mjs": _template("command", "export_meta_graph.mjs", '  "{name}", // {sentence}'),
        "package.json": _template("command", "package.json"),
        messages.PROTO_FILE: messages.proto_text().encode(),
        "tensorflow.binpb": _schema_file("descriptors.binpb"),
        "tensorflow_ops.binpb": _schema_file("op_registry.binpb"),
        _WORKFLOW: _template("command", "conformance.yml"),
    }


def write_starter(kind: AdapterKind, folder: Path) -> list[str]:
    """Write the files of a starter, all or none.

    Args:
        kind: see `starter_files`.
        folder: the folder to write to; it is created if it does not exist.

    Returns:
        The relative paths of the files.

    Raises:
        FileExistsError: if one of the files exists already; nothing is written then.
    """
    files = starter_files(kind)
    for name in files:
        if (folder / name).exists():
            raise FileExistsError(f"{str(folder / name)!r} exists already; choose another folder")
    write_files({str(folder / name): content for name, content in files.items()}, make_folders=True)
    return list(files)


def _template(kind: str, name: str, capability_line: str = "") -> bytes:
    text = resources.files(__package__).joinpath(kind, name).read_text(encoding="utf-8")
    lines = [capability_line.format(name=item.value, sentence=item.sentence) for item in Capability]
    return text.replace(_CAPABILITIES, "\n".join(lines)).encode()


def _schema_file(name: str) -> bytes:
    return resources.files(schema).joinpath(name).read_bytes()
