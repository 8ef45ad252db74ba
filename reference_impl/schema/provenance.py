"""Where the recorded schema and op registry come from."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from reference_impl.schema._pool import data

_RECORDED = "provenance.json"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The TensorFlow that the schema was recorded from.

    Attributes:
        tensorflow: its version, such as `2.21.0`.
        tensorflow_git: its git version.
        graph_def_version: the `producer` of a graph that it builds (NODE-04).
        protobuf: the version of protobuf that wrote the files.
        recorded_on: the date of the recording, ISO 8601.
        ops: how many OpDefs the registry holds.
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
    """Read the provenance of the recorded schema; the file is read once."""
    return Provenance(**json.loads(data(_RECORDED)))
