"""Write cases as files that any language can read: graphs as protobuf messages, arguments as JSON.

The folder holds

* `corpus.json`: the corpus, contract and tier of the cases, and their number;
* `cases.jsonl`: one JSON object per line, see docs/reference/exports-folder.md;
* `graphs/NAME.pb`: the input graphs, as serialised MetaGraphDefs;
* `op_list.pb`: the ops that the cases were written for, if they were given;
* `messages/DIGEST.pb` and `.json`: the messages among the arguments, serialised and in protobuf's JSON form;
* `requirements.toml` and `schema/`: the rules, and TensorFlow's messages and ops, see `schema_files`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, json_format
from google.protobuf import message as protobuf

from conformance_cases import Case, Corpus, NotAsked, Tier
from pytest_metagraph.exporters.adapted_case import adapted
from pytest_metagraph.exporters.answer_paths import answer_stem
from pytest_metagraph.exporters.registry import KIT_REGISTRY, ExporterRegistry
from pytest_metagraph.exporters.worker_messages import UnencodableValueError
from reference_impl import schema
from reference_impl.atomic_write import write_files
from reference_impl.contracts import Contract
from reference_impl.schema import POOL

FORMAT = 1
"""The version of the layout; it rises if a reader of the previous one would misread it."""

REQUIREMENTS = "requirements.toml"
"""The name of the file with the sentence of every rule, in each folder that is written for an implementer."""

OP_LIST_FILE = "op_list.pb"
"""The name of the file with the ops; the description of an exporter can name a copy of it."""

_DIGEST_CHARACTERS = 16


def schema_files() -> dict[str, bytes]:
    """Return what an implementation in any language needs to read and write the messages of TensorFlow.

    Returns:
        Contents by name: the messages as a FileDescriptorSet, the names of its `.proto` files, one to a
        line, as arguments for protoc, and the definitions of all ops as an OpList. The names leave out the
        files of protobuf itself, which come with its runtime.
    """
    files = resources.files(schema)
    descriptors = files.joinpath("descriptors.binpb").read_bytes()
    names = [file.name for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file]
    own = [name for name in names if not name.startswith("google/protobuf/")]
    return {
        "tensorflow.binpb": descriptors,
        "protos.txt": "".join(f"{name}\n" for name in own).encode(),
        "tensorflow_ops.binpb": files.joinpath("op_registry.binpb").read_bytes(),
    }


def requirements_text() -> bytes:
    """Return the catalogue of the rules: a sentence for each, and where it is from."""
    return resources.files("conformance_cases").joinpath(REQUIREMENTS).read_bytes()


def write_cases(
    corpus: Corpus,
    folder: Path,
    tier: Tier,
    contract: Contract | None,
    registry: ExporterRegistry = KIT_REGISTRY,
) -> int:
    """Write the cases of a tier that the contract tests, with everything they need: all files or none.

    Args:
        corpus: the corpus.
        folder: the folder to write to; it is created if it does not exist.
        tier: the tier.
        contract: the contract that the answers will be judged under; None for both.
        registry: the ops that the exporter knows; attributes that these lack are left out.

    Returns:
        The number of cases.

    Raises:
        OSError: if a file cannot be written.
    """
    contracts = tuple(Contract) if contract is None else (contract,)
    cases = [
        adapted(case, registry)
        for case in corpus.cases(tier)
        if not all(isinstance(case.expectation(one), NotAsked) for one in contracts)
    ]
    encoder = _CaseEncoder()
    lines = [json.dumps(encoder.line(case), ensure_ascii=False) for case in cases]
    header = {
        "format": FORMAT,
        "corpus": corpus.digest,
        "contract": contract.value if contract else "both",
        "tier": tier.value,
        "cases": len(cases),
    }
    if registry.op_list_data:
        encoder.files[OP_LIST_FILE] = registry.op_list_data
    files = {
        **encoder.files,
        **{f"schema/{name}": data for name, data in schema_files().items()},
        REQUIREMENTS: requirements_text(),
        "cases.jsonl": "".join(f"{line}\n" for line in lines).encode(),
        "corpus.json": (json.dumps(header, indent=2) + "\n").encode(),
    }
    write_files({str(folder / name): data for name, data in files.items()}, make_folders=True)
    return len(cases)


class _CaseEncoder:
    """Converts cases into JSON.

    Attributes:
        files: the contents of the files that the JSON refers to, by name.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def line(self, case: Case) -> dict[str, Any]:
        """Return one case; docs/reference/exports-folder.md documents the keys."""
        *earlier, call = case.calls()
        graph = f"graphs/{answer_stem(case.graph.name)}.pb"
        self.files[graph] = case.graph.data
        return {
            "case": case.id,
            "graph": graph,
            "arguments": self._arguments(call),
            "preceding": [
                {"filename": name, "arguments": self._arguments(before)}
                for name, before in zip(case.earlier_filenames, earlier, strict=True)
            ],
            "filename": case.filename,
            "eager": case.eager,
            "variants": [
                {
                    "name": variant.name,
                    "filename": variant.filename,
                    "as_text": variant.as_text,
                    "save_debug_info": variant.save_debug_info,
                    "default_graph": variant.default_graph,
                }
                for variant in case.variants
            ],
            "capabilities": sorted(case.capabilities),
            "requirements": list(case.requirements),
            "answer": answer_stem(case.id),
        }

    def _arguments(self, call: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._value(value) for name, value in call.items()}

    def _value(self, value: Any) -> Any:
        """Return a value as JSON; a type that JSON lacks becomes an object whose first key names the type."""
        match value:
            case None | bool() | int() | float() | str():
                return value
            case bytes():
                return {"bytes": base64.b64encode(value).decode()}
            case list() | tuple():
                return [self._value(item) for item in value]
            case set() | frozenset():
                return [self._value(item) for item in sorted(value, key=str)]
            case dict():
                return {"dict": [[self._value(key), self._value(item)] for key, item in value.items()]}
            case protobuf.Message():
                return self._message(value)
            case _:
                raise UnencodableValueError(
                    f"a value of type {type(value).__name__} cannot be written as JSON"
                )

    def _message(self, message: protobuf.Message) -> Mapping[str, str]:
        kind = message.DESCRIPTOR.full_name
        data = message.SerializeToString(deterministic=True)
        # The digest covers the type: messages of two types can have the same bytes and different JSON.
        digest = hashlib.sha256(kind.encode() + b"\n" + data).hexdigest()
        stem = f"messages/{digest[:_DIGEST_CHARACTERS]}"
        if f"{stem}.pb" not in self.files:
            text = json_format.MessageToJson(message, preserving_proto_field_name=True, descriptor_pool=POOL)
            self.files |= {f"{stem}.pb": data, f"{stem}.json": text.encode()}
        return {"message": kind, "file": f"{stem}.pb", "json": f"{stem}.json"}
