"""Every top-level message and enum under its short name, and the values of the enums.

The module has the names of one that protoc generates, so that its types are in `messages.pyi`, which
`metagraph record --schema` has protoc generate.
"""

from reference_impl.schema._pool import CLASSES, ENUMS

globals().update(CLASSES)
for _name, _enum in ENUMS.items():
    globals()[_name] = _enum
    globals().update(_enum.items())
