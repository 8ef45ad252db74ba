"""Miniatures: the reference exporter with one part replaced.

A wrong miniature has one defect and names the requirement that it violates. A right one answers the same in
another encoding or order, and violates none. Each is a short function under a decorator that says which part
of the exporter it changes; the function's docstring is the miniature's sentence.
"""

from __future__ import annotations

import contextlib
import functools
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from unittest import mock

from seams import SHORTCUTS, Seam

from pytest_metagraph import ExportRequest
from pytest_metagraph.exporters import reference
from reference_impl import file_kinds
from reference_impl.arguments import ExportArguments
from reference_impl.schema import GraphDef, MetaGraphDef

Right: TypeAlias = Callable[..., Any]
"""The part that a miniature replaces: what it is given first, and may call."""

Change: TypeAlias = Callable[..., Any]

_recognise = functools.lru_cache(maxsize=1_000)(file_kinds.recognise)
"""What a graph is, looked up once and not in each call: it takes as long as the export of a small graph."""


@dataclass(frozen=True)
class Miniature:
    """An exporter that differs from the reference in one thing.

    Attributes:
        name: what reports call it.
        requirement: the id of the requirement that it violates; empty for one that answers right.
        sentence: what it does.
        part: the part that is replaced.
        change: called in its place, with the right one before its arguments; for a constant, with its value.
        raises: the class of the exception that is the defect itself; empty if the defect is not an exception.
    """

    name: str
    requirement: str
    sentence: str
    part: Seam
    change: Change
    raises: str = ""

    def __call__(self, request: ExportRequest) -> MetaGraphDef:
        """Answer a request as the changed exporter does.

        Raises:
            Exception: what the changed exporter raises.
        """
        with self.planted():
            return reference.export(request)

    @contextlib.contextmanager
    def planted(self) -> Iterator[None]:
        """Replace the part of the reference while a block runs."""
        owner, name = _place_of(self.part)
        right = vars(owner)[name]
        # Loaded graphs are remembered between calls; one that this defect has touched must not be.
        reference._load.cache_clear()
        try:
            with contextlib.ExitStack() as replaced:
                for shortcut, longer in SHORTCUTS.items():
                    replaced.enter_context(mock.patch.object(*_place_of(shortcut), longer))
                replaced.enter_context(mock.patch.object(owner, name, self._replacement(right)))
                replaced.enter_context(mock.patch.object(file_kinds, "recognise", _recognise))
                yield
        finally:
            reference._load.cache_clear()

    def _replacement(self, right: Any) -> Any:
        if isinstance(right, property):
            read = right.fget
            return property(lambda owner: self.change(read, owner))
        if not callable(right):
            return self.change(right)

        def changed(*args: Any, **kwargs: Any) -> Any:
            return self.change(right, *args, **kwargs)

        return changed


def _place_of(part: str) -> tuple[Any, str]:
    """Return the module or class that has a part, and the name of the part in it."""
    module, _, path = part.partition(":")
    *above, name = path.split(".")
    owner = pkgutil.resolve_name(f"{module}:{'.'.join(above)}") if above else pkgutil.resolve_name(module)
    return owner, name


def replaces(part: Seam, requirement: str = "", raises: str = "") -> Callable[[Change], Miniature]:
    """Make a miniature of a function that takes the place of a part of the reference.

    Args:
        part: see `Miniature.part`.
        requirement: see `Miniature.requirement`.
        raises: see `Miniature.raises`.
    """

    def made(change: Change) -> Miniature:
        sentence = (change.__doc__ or "").strip()
        return Miniature(change.__name__.replace("_", "-"), requirement, sentence, part, change, raises)

    return made


def changes_arguments(requirement: str = "", raises: str = "") -> Callable[[Change], Miniature]:
    """Make a miniature of `change(arguments)`, which returns the checked arguments that it replaces."""

    def made(change: Callable[[ExportArguments], dict[str, Any]]) -> Miniature:
        def checked(right: Right, *args: Any) -> ExportArguments:
            arguments: ExportArguments = right(*args)
            return replace(arguments, **change(arguments))

        miniature = replaces(Seam.CHECK_ARGUMENTS, requirement, raises)(change)
        return replace(miniature, change=checked)

    return made


def changes_message(requirement: str = "", raises: str = "") -> Callable[[Change], Miniature]:
    """Make a miniature of `change(message, arguments)`, which changes what is returned and written."""

    def made(change: Callable[[MetaGraphDef, ExportArguments], None]) -> Miniature:
        def written(right: Right, arguments: ExportArguments, nodes: Any, message: MetaGraphDef) -> None:
            change(message, arguments)
            right(arguments, nodes, message)

        miniature = replaces(Seam.WRITE_MESSAGE, requirement, raises)(change)
        return replace(miniature, change=written)

    return made


def changes_graph(requirement: str = "") -> Callable[[Change], Miniature]:
    """Make a miniature of `change(graph_def, collections)`, which changes what is loaded of a graph."""

    def made(change: Callable[[GraphDef, dict[str, list[Any]]], None]) -> Miniature:
        def loaded(right: Right, message: Any) -> tuple[MetaGraphDef, None, dict[str, list[Any]]]:
            state, _, collections = right(message)
            change(state.graph_def, collections)
            return state, None, collections

        miniature = replaces(Seam.LOAD, requirement)(change)
        return replace(miniature, change=loaded)

    return made
