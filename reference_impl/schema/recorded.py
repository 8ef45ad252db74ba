"""The data that is recorded from TensorFlow beside its messages: ops, registered collections, provenance."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from google.protobuf import message

from reference_impl.schema._pool import data
from reference_impl.schema.messages import (
    CondContextDef,
    OpDef,
    OpList,
    QueueRunnerDef,
    SaverDef,
    VariableDef,
    WhileContextDef,
)

_REGISTRY_FILE = "op_registry.binpb"
_PROVENANCE_FILE = "provenance.json"

REGISTERED_COLLECTIONS: Mapping[str, type[message.Message]] = MappingProxyType(
    {
        "variables": VariableDef,
        "trainable_variables": VariableDef,
        "model_variables": VariableDef,
        "local_variables": VariableDef,
        "metric_variables": VariableDef,
        "moving_average_variables": VariableDef,
        "global_step": VariableDef,
        "savers": SaverDef,
        "queue_runners": QueueRunnerDef,
        "cond_context": CondContextDef,
        "while_context": WhileContextDef,
    }
)
"""The class of the serialised messages in the bytes_list of each registered collection, by key."""


SAVE_AND_RESTORE_OPS = frozenset(
    {
        "SaveV2", "Save", "SaveSlice", "LegacySave", "LegacySaveSlice",
        "RestoreV2", "Restore", "RestoreSlice", "LegacyRestore", "LegacyRestoreSlice",
    }
)  # fmt: skip
"""The ops by which TensorFlow, and everything in this kit, finds the scope of a saver (SAV-02).

The list is TensorFlow's. TensorFlow 2.21 registers neither `SaveSlice` nor any `Legacy...` op, and it does
register `SaveSlices`, which is not in the list (SAV-03).
"""


@functools.cache
def registered_ops() -> Mapping[str, OpDef]:
    """Return every registered OpDef by op name, in byte order of the names (OPS-01).

    The registry is read once, and its messages must not be changed.
    """
    listing = OpList.FromString(data(_REGISTRY_FILE))
    return MappingProxyType({op.name: op for op in listing.op})


@dataclass(frozen=True, slots=True)
class Provenance:
    """The TensorFlow that the schema was recorded from.

    Attributes:
        tensorflow: its version, such as `2.21.0`.
        tensorflow_git: its git version.
        graph_def_version: the `producer` of a graph that it builds (NODE-04).
        protobuf: the version of protobuf that wrote the files.
        recorded_on: the date of the recording, ISO 8601.
        ops: the number of OpDefs in the registry.
        sha256: the hexadecimal digest of each recorded file, by file name.
    """

    tensorflow: str
    tensorflow_git: str
    graph_def_version: int
    protobuf: str
    recorded_on: str
    ops: int
    sha256: dict[str, str]


@functools.cache
def provenance() -> Provenance:
    """Return the provenance of the recorded schema; its file is read once."""
    return Provenance(**json.loads(data(_PROVENANCE_FILE)))
