"""Names that are random by construction: two exports of one program never agree on them."""

from __future__ import annotations

import re

_HEX = rb"[0-9a-f]"
_UUID = rb"-".join(_HEX + b"{%d}" % count for count in (8, 4, 4, 4, 12))
_RANDOM = re.compile(rb"(?P<saver>_temp_)" + _HEX + rb"{32}/part|hash_table_" + _UUID)


def masked(text: bytes) -> bytes:
    """The text with its random parts replaced by `*`.

    Random are the folder of a sharded checkpoint (`_temp_<32 hexadecimal digits>/part`) and the shared
    name of a hash table (`hash_table_<uuid>`).
    """
    if b"_temp_" not in text and b"hash_table_" not in text:
        return text
    return _RANDOM.sub(lambda found: b"_temp_*/part" if found["saver"] else b"hash_table_*", text)
