"""Findings: what is wrong with an answer, as data."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pytest_metagraph.diff import MetaGraphDiff


class FindingCode(enum.StrEnum):
    """The kinds of findings; stable, because lists of known failures and reports name them."""

    MESSAGE_DIFFERS = "message_differs"
    RAISED = "raised"
    NOT_RAISED = "not_raised"
    WRONG_ERROR = "wrong_error"
    UNSUPPORTED = "unsupported"
    NOT_LOADABLE = "not_loadable"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    MALFORMED = "malformed"
    INPUT_CHANGED = "input_changed"
    UNREPEATABLE = "unrepeatable"
    FILE_MISSING = "file_missing"
    FILE_UNREADABLE = "file_unreadable"
    FILE_DIFFERS = "file_differs"
    DEBUG_INFO_MISSING = "debug_info_missing"
    DEBUG_INFO_UNREADABLE = "debug_info_unreadable"
    DEBUG_INFO_DIFFERS = "debug_info_differs"
    STRAY_FILE = "stray_file"
    NOT_IMPORTABLE = "not_importable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code: the kind of finding.
        summary: what is wrong, as one sentence.
        detail: lines that show it, such as the differ's text or a traceback; may be empty.
        identity: what distinguishes this finding from others of its kind; the same in every run.
        variants: names of the variants of the case that show it.
        diff: the whole difference if messages were compared; None otherwise.
        blamed: the requirements that each group of the difference points at, in the order of its groups; one
            tuple if there is no difference. See `attribution`.
    """

    code: FindingCode
    summary: str
    detail: str = ""
    identity: str = ""
    variants: tuple[str, ...] = ()
    diff: MetaGraphDiff | None = field(default=None, repr=False, compare=False)
    blamed: tuple[tuple[str, ...], ...] = ()


def merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Join findings that differ only in their variant, in the order of their first appearance."""
    joined: dict[tuple[FindingCode, str, str], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.summary, finding.identity)
        known = joined.get(key)
        if known is not None:
            variants = dict.fromkeys((*known.variants, *finding.variants))
            joined[key] = replace(known, variants=tuple(variants))
        else:
            joined[key] = finding
    return tuple(joined.values())


def fingerprint(findings: Sequence[Finding]) -> str:
    """Return a short digest of what is wrong; it is the same in every run until something else is wrong.

    Returns:
        16 hexadecimal digits, or an empty string if nothing is wrong.
    """
    if not findings:
        return ""
    identities = sorted({f"{finding.code}\0{finding.identity}" for finding in findings})
    return hashlib.sha256("\n".join(identities).encode()).hexdigest()[:16]
