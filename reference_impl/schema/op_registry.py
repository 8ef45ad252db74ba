"""The op registry: the OpDef of every op that TensorFlow registers, without documentation texts (OPS-06)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from reference_impl.schema._pool import data
from reference_impl.schema.messages import OpDef, OpList

_RECORDED = "op_registry.binpb"


@functools.cache
def registered_ops() -> Mapping[str, OpDef]:
    """Every registered OpDef by op name; read once, and never to be changed.

    Returns:
        A read-only mapping in byte order of the names (OPS-01).
    """
    listing = OpList.FromString(data(_RECORDED))
    return MappingProxyType({op.name: op for op in listing.op})
