"""Where the answers to the cases lie in a folder of exports."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from conformance_cases import Variant
from conformance_cases.model import ALL_VARIANTS
from reference_impl.files import leads_through_link

_VARIANT_FILES = frozenset(
    f"{variant.name}{suffix}" for variant in ALL_VARIANTS for suffix in ("", ".pb", ".error.json", ".done")
)
"""The names of answers, of the folders of their files, and of what the starters note: a finished variant."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_=,.-]")
_MAX_PART = 100
_DIGEST_CHARACTERS = 12


def answer_stem(case_id: str) -> str:
    """Return the path of a case's answers inside the folder, without suffix.

    Each part of the id keeps letters, digits and `_=,.-`. Every other character becomes `%` and the
    hexadecimal digits of its UTF-8 bytes. So does a dot at the start or the end of a part, so that no id
    leads out of the folder. A part of more than 100 characters is cut, and gets a digest of the whole part.

    Args:
        case_id: the id of the case; `/` separates its parts.

    Returns:
        A relative path with `/` between its parts, different for every id.
    """
    return "/".join(_safe_part(part) for part in case_id.split("/"))


def answer_candidates(folder: Path, case_id: str, variant: Variant) -> Iterator[Path]:
    """Yield the possible paths of a variant's answer, without suffix; the first that exists counts."""
    stem = answer_stem(case_id)
    yield folder / f"{stem}.variants" / variant.name
    yield folder / stem


def variant_folder(folder: Path, case_id: str, variant: Variant) -> Path:
    """Return the folder of the files that a variant wrote."""
    return folder / f"{answer_stem(case_id)}.variants" / variant.name


def unknown_variants(folder: Path, case_id: str) -> list[str]:
    """Return what lies among the variants of a case and is of none of them, sorted.

    Files whose names begin with a dot are those of a system, such as `.DS_Store`.
    """
    variants = folder / f"{answer_stem(case_id)}.variants"
    if leads_through_link(variants, folder):
        return []
    try:
        names = [path.name for path in variants.iterdir()]
    except OSError:  # most cases have no variants
        return []
    return sorted(name for name in names if name not in _VARIANT_FILES and not name.startswith("."))


def with_suffix(path: Path, suffix: str) -> Path:
    """Append a suffix to a path; `Path.with_suffix` would replace what follows a dot in the name."""
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
