"""Read the op registries of TensorFlow's releases, one of each minor version.

Two files beside this module contain them, both written by `metagraph record --registries`. The file
`op_registries.json` describes the releases, and `op_definitions.xz` contains every OpDef that any of them
registers. An OpDef that several releases share is stored once, with the releases that have it.
"""

from __future__ import annotations

import functools
import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from pytest_metagraph._util.errors import MetagraphError
from reference_impl.schema import OpDef, OpList

LISTED_OPS_READ_UNTIL: Final = (1, 14)
"""Up to this version the importer looks up the ops of the graph's own op list in Python's list of ops."""
RELEASES_FILE: Final = "op_registries.json"
DEFINITIONS_FILE: Final = "op_definitions.xz"


class UnknownVersionError(MetagraphError, ValueError):
    """The text is not a version of TensorFlow whose op registry is recorded."""


@dataclass(frozen=True)
class OpRegistry:
    """The ops that one release of TensorFlow registers.

    Attributes:
        version: the minor version, such as `1.15`.
        release: the release that was recorded, such as `1.15.5`.
        git: the git version of that release.
        producer: its GRAPH_DEF_VERSION, the `producer` of the graphs that it builds.
        min_consumer: its GRAPH_DEF_VERSION_MIN_CONSUMER, the `min_consumer` of the graphs that it builds.
        min_producer: its GRAPH_DEF_VERSION_MIN_PRODUCER, the oldest `producer` that it imports.
        ops: the OpDef of every public op by name, in byte order of the names and without documentation texts.
            Releases with the same definition of an op share one OpDef object. Never change one.
        missing_names: the fields and enum values of `reference_impl.schema` that its MetaGraphDef, and the
            messages in it, do not have, such as `NodeDef.experimental_type` and `DataType.DT_INT4`. It reads
            such fields as unknown ones, and refuses text that has one of the names.
        lazy_ops: the ops whose Python modules it imports only when a program asks for them. A release that
            keeps no list of Python's ops has none.
    """

    version: str
    release: str
    git: str
    producer: int
    min_consumer: int
    min_producer: int
    ops: Mapping[str, OpDef] = field(repr=False, hash=False)
    missing_names: frozenset[str] = field(repr=False)
    lazy_ops: frozenset[str] = field(repr=False)


@dataclass(frozen=True)
class Definition:
    """One of the definitions that an op has had.

    Attributes:
        op: the OpDef.
        versions: the minor versions that have this definition, ascending.
    """

    op: OpDef
    versions: tuple[str, ...]


@functools.cache
def known_versions() -> tuple[str, ...]:
    """Return the minor versions of TensorFlow whose op registry is recorded, ascending.

    Returns:
        Versions such as `1.15`.
    """
    return tuple(_releases())


@functools.cache
def registry(version: str) -> OpRegistry:
    """Return the op registry of a version of TensorFlow; it is read when it is first requested.

    Args:
        version: a minor version, such as `1.15`.

    Returns:
        The op registry of the recorded release of that minor version.

    Raises:
        UnknownVersionError: if no release of that minor version is recorded.
    """
    described = _releases().get(version)
    if described is None:
        known = known_versions()
        raise UnknownVersionError(
            f"{version!r} is not a version of TensorFlow whose op registry is recorded; "
            f"use one from {known[0]} to {known[-1]}, such as {known[-1]!r}"
        )
    ops = {
        name: definition.op
        for name, definitions in op_history().items()
        for definition in definitions
        if version in definition.versions
    }
    return OpRegistry(
        version=version,
        release=described["release"],
        git=described["git"],
        producer=described["producer"],
        min_consumer=described["min_consumer"],
        min_producer=described["min_producer"],
        ops=MappingProxyType(ops),
        missing_names=frozenset(described["missing_names"]),
        lazy_ops=frozenset(described["lazy_ops"]),
    )


@functools.cache
def op_history() -> Mapping[str, Sequence[Definition]]:
    """Return every definition that each op has had in the recorded releases.

    Returns:
        The definitions by op name, in byte order of the names; those of an op are in order of the first
        version that has them.
    """
    unpacked = lzma.decompress(_data(DEFINITIONS_FILE))
    header, _, listing = unpacked.partition(b"\n")
    versions = known_versions()
    history: dict[str, list[Definition]] = {}
    for op, spans in zip(OpList.FromString(listing).op, json.loads(header), strict=True):
        having = tuple(version for first, last in spans for version in versions[first : last + 1])
        history.setdefault(op.name, []).append(Definition(op, having))
    return MappingProxyType(history)


@functools.cache
def _releases() -> dict[str, dict[str, Any]]:
    """Return the description of each recorded release by its minor version, ascending."""
    releases: dict[str, dict[str, Any]] = json.loads(_data(RELEASES_FILE))["releases"]
    return releases


def _data(name: str) -> bytes:
    """Read one recorded file beside this module."""
    return resources.files(__package__).joinpath(name).read_bytes()
