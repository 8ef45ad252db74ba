"""Mistakes that a type checker has to find, each in a line that says which."""

from __future__ import annotations

import pytest_metagraph as mg


@mg.exporter(unsupported={"eager"})  # type-var: the function returns a text
def export(request: mg.ExportRequest) -> str:
    """Return what no exporter returns."""
    return request.case_id


def test_options(assert_metagraph: mg.AssertMetaGraph, metagraph_snapshot: mg.Snapshots) -> None:
    """Misspell arguments."""
    assert_metagraph(actual=b"", expect=b"")  # call-arg: misspelt
    metagraph_snapshot(b"", names="x")  # call-arg: misspelt
