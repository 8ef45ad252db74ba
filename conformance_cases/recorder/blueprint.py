"""Blueprints of the graphs to record: a function that builds the graph, and its argument values."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock

from conformance_cases.matrix_graph import MATRIX, REAL
from conformance_cases.recorder import builders, tensorflow_calls
from reference_impl.schema import MetaGraphDef, SaverDef, adopt

SaverDefs = Mapping[str, Any]
"""The SaverDefs of a graph by the name in case ids; they are TensorFlow's own messages."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A graph to be recorded.

    Attributes:
        kind: `MATRIX`, if it is exported under every combination of its argument values, or `REAL`.
        name: the graph's name in the corpus.
        description: what it contains, and why.
        export_scopes: the scopes to export; each selects something.
        some: keys of the graph, the collection list `some`.
        unknown: the collection list `unknown`, with at least one key that the graph lacks.
        build: the function that builds into the default graph and returns at least one SaverDef.
    """

    kind: str
    name: str
    description: str
    export_scopes: tuple[str, ...]
    some: tuple[str, ...]
    unknown: tuple[str, ...]
    build: Callable[[], SaverDefs]


_REGISTERED: dict[str, Blueprint] = {}
_Build = Callable[[], SaverDefs]


def matrix_graph(
    description: str, *, export_scopes: tuple[str, ...], some: tuple[str, ...], unknown: tuple[str, ...]
) -> Callable[[_Build], _Build]:
    """Register a function as the builder of the matrix graph that has the function's name.

    Args:
        description: what the graph contains, and why, in a sentence or two.
        export_scopes: see `Blueprint`.
        some: see `Blueprint`.
        unknown: see `Blueprint`.

    Returns:
        A decorator that returns the function itself.
    """
    return _registering(MATRIX, description, export_scopes, some, unknown)


def real_graph(
    description: str, *, export_scopes: tuple[str, ...], some: tuple[str, ...], unknown: tuple[str, ...]
) -> Callable[[_Build], _Build]:
    """Register the builder of a whole model, which is exported under fewer combinations.

    See `matrix_graph`.
    """
    return _registering(REAL, description, export_scopes, some, unknown)


def _registering(
    kind: str,
    description: str,
    export_scopes: tuple[str, ...],
    some: tuple[str, ...],
    unknown: tuple[str, ...],
) -> Callable[[_Build], _Build]:
    def register(build: _Build) -> _Build:
        name = build.__name__
        _REGISTERED[name] = Blueprint(kind, name, description, export_scopes, some, unknown, build)
        return build

    return register


def blueprints() -> Mapping[str, Blueprint]:
    """Import all modules of `builders`, and return every registered graph by name, sorted."""
    for module in pkgutil.iter_modules(builders.__path__, f"{builders.__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(_REGISTERED.items()))


def build(blueprint: Blueprint) -> tuple[MetaGraphDef, Mapping[str, SaverDef]]:
    """Build a graph and export it as a MetaGraphDef.

    Returns:
        The fixpoint of the graph and its SaverDefs by name.

    Raises:
        ValueError: if a second load still changes the graph.
    """
    with (
        tensorflow_calls.tf.Graph().as_default() as graph,
        mock.patch.object(uuid, "uuid4", _numbered_uuids()),
    ):
        saver_defs = blueprint.build()
    return tensorflow_calls.fixpoint(tensorflow_calls.export(graph)), {
        name: adopt(saver_def, SaverDef) for name, saver_def in saver_defs.items()
    }


def _numbered_uuids() -> Any:
    """Return a replacement for uuid4, because random names of savers and tables would differ every time."""
    numbers = itertools.count()
    return lambda: uuid.UUID(int=next(numbers))
