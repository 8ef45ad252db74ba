"""Exporters with one defect each, by what the defect is about."""

from __future__ import annotations

from types import ModuleType

from miniature import Miniature

from wrong_exporters import (
    arguments,
    attributes,
    collections,
    colocation_and_frames,
    files_and_calls,
    function_library,
    nodes_and_paths,
    op_list_and_meta_info,
    registered_collections,
    savers,
    scopes,
    unbound_inputs,
)

AREAS: tuple[ModuleType, ...] = (
    scopes,
    unbound_inputs,
    nodes_and_paths,
    function_library,
    colocation_and_frames,
    savers,
    attributes,
    op_list_and_meta_info,
    collections,
    registered_collections,
    files_and_calls,
    arguments,
)
"""The modules that define wrong exporters, in the order in which they are reported."""


def exporters_of(area: ModuleType) -> tuple[Miniature, ...]:
    """The wrong exporters that a module defines, alone or in a tuple, in their order."""
    values = (value if isinstance(value, tuple) else (value,) for value in vars(area).values())
    return tuple(value for group in values for value in group if isinstance(value, Miniature))


WRONG_EXPORTERS: tuple[Miniature, ...] = tuple(one for area in AREAS for one in exporters_of(area))
"""Every wrong exporter."""
