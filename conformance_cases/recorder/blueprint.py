"""How a matrix graph is stated before it is recorded: a function that builds it, and its argument values."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance_cases.recorder import builders

SaverDefs = Mapping[str, Any]
"""The SaverDefs of a graph, TensorFlow's own messages, by the name that case ids use."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A matrix graph to be recorded.

    Attributes:
        name: the graph's name in the corpus.
        description: what is in it and why.
        export_scopes: the scopes to export; each selects something.
        some: keys of the graph, the collection list `some`.
        unknown: the collection list `unknown`, with at least one key that the graph lacks.
        build: builds into the default graph and returns at least one SaverDef.
    """

    name: str
    description: str
    export_scopes: tuple[str, ...]
    some: tuple[str, ...]
    unknown: tuple[str, ...]
    build: Callable[[], SaverDefs]


_REGISTERED: dict[str, Blueprint] = {}


def matrix_graph(
    description: str, *, export_scopes: tuple[str, ...], some: tuple[str, ...], unknown: tuple[str, ...]
) -> Callable[[Callable[[], SaverDefs]], Callable[[], SaverDefs]]:
    """Register a function as the builder of the matrix graph that has the function's name.

    Args:
        description: what is in the graph and why, in a sentence or two.
        export_scopes: see `Blueprint`.
        some: see `Blueprint`.
        unknown: see `Blueprint`.

    Returns:
        A decorator that leaves the function as it is.
    """

    def register(build: Callable[[], SaverDefs]) -> Callable[[], SaverDefs]:
        name = build.__name__
        _REGISTERED[name] = Blueprint(name, description, export_scopes, some, unknown, build)
        return build

    return register


def blueprints() -> Mapping[str, Blueprint]:
    """Every registered matrix graph by name, sorted; imports all modules of `builders`."""
    for module in pkgutil.iter_modules(builders.__path__, f"{builders.__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(_REGISTERED.items()))
