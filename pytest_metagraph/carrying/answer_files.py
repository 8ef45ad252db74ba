"""Where the answers to a case lie in a folder of exports, under names that every file system takes.

For a case whose stem is `matrix/towers/plain`:

* `matrix/towers/plain.pb` or `.error.json` is the answer of every variant without one of its own;
* `matrix/towers/plain.variants/VARIANT.pb` or `.error.json` is the answer of one variant;
* `matrix/towers/plain.variants/VARIANT/` holds the files that this variant wrote.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from conformance_cases import Variant

EXPORTER_FILE = "exporter.json"
"""The file that says whose answers these are."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_=,.-]")
_MAX_PART = 100
_DIGEST_CHARACTERS = 12


def answer_stem(case_id: str) -> str:
    """The path of a case's answers inside the folder, without suffix.

    Each part of the id keeps letters, digits and `_=,.-`; other characters become `%` and the hexadecimal
    digits of their UTF-8 bytes, and so does a dot at the start or the end of a part, so that no id leads
    out of the folder. A part of more than 100 characters is cut and gets a digest of the whole.

    Args:
        case_id: the id of the case; `/` separates its parts.

    Returns:
        A relative path with `/` between its parts, another one for every other id.
    """
    return "/".join(_safe_part(part) for part in case_id.split("/"))


def answer_candidates(folder: Path, case_id: str, variant: Variant) -> Iterator[Path]:
    """The paths without suffix at which the answer of a variant may lie; the first that exists counts."""
    stem = answer_stem(case_id)
    yield folder / f"{stem}.variants" / variant.name
    yield folder / stem


def variant_folder(folder: Path, case_id: str, variant: Variant) -> Path:
    """Where the files lie that a variant wrote."""
    return folder / f"{answer_stem(case_id)}.variants" / variant.name


def with_suffix(path: Path, suffix: str) -> Path:
    """The path with a suffix behind its whole name; `Path.with_suffix` would replace what follows a dot."""
    return path.with_name(path.name + suffix)


def _safe_part(part: str) -> str:
    safe = _UNSAFE.sub(lambda found: _escape(found.group()), part)
    if safe.startswith("."):
        safe = _escape(".") + safe[1:]
    if safe.endswith("."):
        safe = safe[:-1] + _escape(".")
    if not safe:
        return "%"  # an empty part; no other part becomes a lone percent sign
    if len(safe) <= _MAX_PART:
        return safe
    digest = hashlib.sha256(part.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{safe[: _MAX_PART - _DIGEST_CHARACTERS - 1]}%{digest}"


def _escape(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())
