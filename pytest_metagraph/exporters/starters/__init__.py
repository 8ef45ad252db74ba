"""Write a first adapter, and a workflow that runs it in continuous integration."""

from __future__ import annotations

import ast
import enum
from importlib import resources
from pathlib import Path

from conformance_cases import Capability
from pytest_metagraph.exporters import worker_messages
from pytest_metagraph.exporters.case_files import REQUIREMENTS, requirements_text, schema_files
from reference_impl.atomic_write import write_files

_CAPABILITIES = "@CAPABILITIES@"
PLAIN_WORKER = "metagraph_worker.py"
"""The name of the file that is a worker in plain Python, without an exporter."""

TENSORFLOW_WORKER = "metagraph_tensorflow.py"
"""The name of the file that is a worker for any TensorFlow."""

_WORKFLOW = ".github/workflows/conformance.yml"


class AdapterKind(enum.StrEnum):
    """The kinds of adapters that there are starters for."""

    PYTHON = "python"
    COMMAND = "command"
    WORKER = "worker"
    TENSORFLOW = "tensorflow"


def starter_files(kind: AdapterKind) -> dict[str, bytes]:
    """Return the files of a starter.

    Args:
        kind: a Python function; a worker in JavaScript, with everything that a worker in another language
            needs: the protocol, the rules, and TensorFlow's messages and ops; a worker in plain Python 3.6 or
            newer; or the same for the TensorFlow that is installed beside it, in one file.

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
    if kind is AdapterKind.WORKER:
        return {
            "my_worker.py": _template("worker", "my_worker.py.txt", '        "{name}",  # {sentence}'),
            PLAIN_WORKER: _template("worker", PLAIN_WORKER),
        }
    if kind is AdapterKind.TENSORFLOW:
        return {TENSORFLOW_WORKER: tensorflow_worker()}
    return {
        "worker.mjs": _template("command", "worker.mjs"),
        "export_meta_graph.mjs": _template("command", "export_meta_graph.mjs", '  "{name}", // {sentence}'),
        "package.json": _template("command", "package.json"),
        worker_messages.PROTO_FILE: worker_messages.proto_text().encode(),
        **schema_files(),
        REQUIREMENTS: requirements_text(),
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


def tensorflow_worker() -> bytes:
    """Return the worker for any TensorFlow: one file, with what it imports from the plain worker inside."""
    docstring, own_imports, own_code = _parts("tensorflow", TENSORFLOW_WORKER)
    _, imports, code = _parts("worker", PLAIN_WORKER)
    # The plain worker imports every type that the other one needs.
    own = {line for line in own_imports if not line.startswith(("from typing ", f"from {__package__}"))}
    merged = sorted({*imports, *own}, key=lambda line: (line.startswith("from"), line))
    return "\n".join([docstring, "", *merged, code.rstrip(), "", own_code]).encode()


def _parts(kind: str, name: str) -> tuple[str, list[str], str]:
    """Return the docstring of a template, the lines of its imports, and the rest of its text."""
    text = _template(kind, name).decode()
    docstring, *statements = ast.parse(text).body
    imports = [one for one in statements if isinstance(one, ast.Import | ast.ImportFrom)]
    lines = text.splitlines(keepends=True)
    written = "".join(lines[: docstring.end_lineno]).rstrip()
    return written, [ast.unparse(one) for one in imports], "".join(lines[imports[-1].end_lineno :])


def _template(kind: str, name: str, capability_line: str = "") -> bytes:
    text = resources.files(__package__).joinpath(kind, name).read_text(encoding="utf-8")
    lines = [capability_line.format(name=item.value, sentence=item.sentence) for item in Capability]
    return text.replace(_CAPABILITIES, "\n".join(lines)).encode()
