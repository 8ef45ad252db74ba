"""Exporters that answer right in another encoding or order than the reference.

A conformance kit must not ask for bytes: each of these is as right as the reference. Where one of them leaves
a detail behind that a requirement of its own asks for, it names that requirement.
"""

from __future__ import annotations

from miniature import Miniature

from re_encodings import answers_and_files, nodes_and_lists, tensors

RE_ENCODINGS: tuple[Miniature, ...] = tuple(
    value
    for module in (nodes_and_lists, tensors, answers_and_files)
    for value in vars(module).values()
    if isinstance(value, Miniature)
)
"""Every exporter that answers right in another way."""
