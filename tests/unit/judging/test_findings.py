"""Findings are joined over variants and have a stable fingerprint."""

from __future__ import annotations

from pytest_metagraph.judging.findings import Finding, FindingCode, fingerprint, merge

RAISED = Finding(FindingCode.RAISED, "KeyError was raised", "traceback", "KeyError", ("returned",))


def test_merge_joins_variants_with_one_identity() -> None:
    """Findings that differ only in the variant become one, in the order of their first appearance."""
    other = Finding(FindingCode.FILE_MISSING, "no file", variants=("file",))
    again = Finding(FindingCode.RAISED, "KeyError was raised", "another traceback", "KeyError", ("file",))
    joined = merge([RAISED, other, again])
    assert [(finding.code, finding.variants) for finding in joined] == [
        (FindingCode.RAISED, ("returned", "file")),
        (FindingCode.FILE_MISSING, ("file",)),
    ]
    assert joined[0].detail == "traceback"


def test_merge_keeps_different_identities_apart() -> None:
    """A finding of the same kind with another identity stays separate."""
    other = Finding(FindingCode.RAISED, "KeyError was raised", "traceback", "OSError", ("file",))
    assert merge([RAISED, other]) == (RAISED, other)


def test_the_fingerprint_depends_on_kind_and_identity() -> None:
    """The fingerprint changes with the kind and the identity, and with nothing else."""
    same = Finding(FindingCode.RAISED, "other words", "other detail", "KeyError", ("other variant",))
    assert fingerprint([RAISED]) == fingerprint([same]) == fingerprint([same, RAISED])
    changed = [
        [Finding(FindingCode.WRONG_ERROR, RAISED.summary, identity="KeyError")],
        [Finding(FindingCode.RAISED, RAISED.summary, identity="OSError")],
        [RAISED, Finding(FindingCode.FILE_MISSING, "no file")],
    ]
    assert len({fingerprint(findings) for findings in [[RAISED], *changed]}) == 4


def test_the_fingerprint_is_the_same_in_every_run() -> None:
    """The fingerprint is fixed, here SHA-256 of `raised NUL KeyError`, because lists keep it for years."""
    assert fingerprint([RAISED]) == "7e2461b3b41d8b32"
    assert not fingerprint([])
