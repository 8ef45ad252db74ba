"""Bring a graph into the form that TensorFlow loads and exports without a change (DET-01, DET-02)."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from typing import Any
from unittest import mock

from conformance_cases.case_writer import canonical
from conformance_cases.recorder import oracle
from conformance_cases.recorder.blueprint import Blueprint
from reference_impl.schema import MetaGraphDef, SaverDef, adopt


def build(blueprint: Blueprint) -> tuple[MetaGraphDef, Mapping[str, SaverDef]]:
    """Build a graph and export it as a MetaGraphDef.

    Returns:
        The fixpoint of the graph and its SaverDefs by name.

    Raises:
        ValueError: if a second load still changes the graph.
    """
    with oracle.tf.Graph().as_default() as graph, mock.patch.object(uuid, "uuid4", _numbered_uuids()):
        saver_defs = blueprint.build()
    return fixpoint(oracle.export(graph)), {
        name: adopt(saver_def, SaverDef) for name, saver_def in saver_defs.items()
    }


def fixpoint(exported: Any) -> MetaGraphDef:
    """Load and export a MetaGraphDef, and check that another load changes nothing.

    TensorFlow reorders v1 loops at the first load.

    Args:
        exported: TensorFlow's own MetaGraphDef.

    Returns:
        A canonical MetaGraphDef.

    Raises:
        ValueError: if a second load still changes it.
    """
    once = canonical(oracle.export(oracle.load_without_saver(exported)))
    twice = canonical(oracle.export(oracle.load_without_saver(once)))
    if once != twice:
        raise ValueError("the graph is not a load/export fixpoint: a second load changes it again")
    return once


def _numbered_uuids() -> Any:
    """Return a replacement for uuid4, because random names of savers and tables would differ every time."""
    numbers = itertools.count()
    return lambda: uuid.UUID(int=next(numbers))
