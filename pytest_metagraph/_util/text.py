"""Finds the case ids that someone may have meant."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable

_COMPARED = 200
"""Ids that are compared in full: comparing one of the corpus's tens of thousands takes 0.2 ms."""


def nearest_ids(mistyped: str, case_ids: Iterable[str]) -> list[str]:
    """The ids that are most like a mistyped one.

    Folder by folder the most similar name is followed, so that a mistyped graph leads to that graph.

    Args:
        mistyped: an id or a glob that matches nothing.
        case_ids: ids that exist.

    Returns:
        At most three ids, the most similar first; none where nothing is similar.
    """
    candidates = list(case_ids)
    folder = ""
    for name in mistyped.split("/")[:-1]:
        names = {case_id.removeprefix(folder).partition("/")[0] for case_id in candidates}
        similar = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        if not similar:
            break
        folder = f"{folder}{similar[0]}/"
        candidates = [case_id for case_id in candidates if case_id.startswith(folder)]
    compared = heapq.nsmallest(_COMPARED, candidates, key=lambda case_id: abs(len(case_id) - len(mistyped)))
    return difflib.get_close_matches(mistyped, compared, n=3, cutoff=0.5)
