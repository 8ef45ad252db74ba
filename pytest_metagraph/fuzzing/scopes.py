"""Name scopes for random exports: those that a graph has, and those that are easily got wrong."""

from __future__ import annotations

from reference_impl.schema import MetaGraphDef

SCOPE_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("", "tower_1", "tower_10", "tower_1/inner", "tower"),
    ("s", "sp", "s/p", "s1", "s/p/q/r"),
    ("", "a.b", "aXb", "a.b/c", "a-b"),
    ("m.1", "m-1", "m.1/v", "gradients", "save"),
    ("model/layer_1", "model/layer_1_1", "model/layer_2", "mod", "model"),
    ("A", "a", "A/a", "a/A", "0"),
)
"""Scopes that nest, that are prefixes of each other, or that say something as a regular expression."""

ODD_SCOPES = ("a.b", "(", "t(1)", "(s)", "[a", "[a]", "\u4e16\u754c", "s|m", "a b", "x+", "$", ".*", "^", "*")
"""Scopes that say something else, or nothing valid, as a regular expression, or that no tf.Graph takes."""


def scopes_of(message: MetaGraphDef) -> list[str]:
    """Every name scope of a graph, sorted; scopes within scopes with their whole path."""
    scopes: set[str] = set()
    for node in message.graph_def.node:
        parts = node.name.split("/")
        scopes.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    return sorted(scopes)
