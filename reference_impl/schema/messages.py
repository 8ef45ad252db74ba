"""Every top-level message and enum under its short name, and the values of the enums.

The module has the names of one that protoc generates, so that its types are in `messages.pyi`, which
`metagraph record --schema` has protoc generate.
"""

from reference_impl.schema._pool import CLASSES, ENUMS

globals().update(CLASSES)
globals().update(ENUMS)
for enum in ENUMS.values():
    globals().update(enum.items())
