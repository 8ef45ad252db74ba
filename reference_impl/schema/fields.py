"""What a field descriptor says, in every supported version of protobuf."""

from __future__ import annotations

from google.protobuf import descriptor


def is_repeated(field: descriptor.FieldDescriptor) -> bool:
    """Whether a field holds a list or a map.

    protobuf 7.36 has no `label` any more, and versions before 6.31 have no `is_repeated` yet.
    """
    if hasattr(field, "is_repeated"):
        return bool(field.is_repeated)
    return bool(field.label == field.LABEL_REPEATED)  # type: ignore[attr-defined] # gone from the newest stubs
