"""Attributes that hold the default of their op, which `strip_default_attrs` removes."""

from __future__ import annotations

import functools

from reference_impl.schema import AttrValue, registered_ops


@functools.cache
def default_of(op: str, name: str) -> AttrValue | None:
    """The value that an op declares as the default of an attribute.

    Returns:
        The default; None where there is none, or the op is one that TensorFlow does not register.
    """
    op_def = registered_ops().get(op)
    for attr in op_def.attr if op_def else ():
        if attr.name == name and attr.HasField("default_value"):
            return attr.default_value
    return None
