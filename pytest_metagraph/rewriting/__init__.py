"""Rewrite a MetaGraphDef: export its graph, and keep whatever the caller did not ask to change."""

from pytest_metagraph.rewriting.parts import PARTS, OpListChoice
from pytest_metagraph.rewriting.rewrite import rewrite_meta_graph

__all__ = ["PARTS", "OpListChoice", "rewrite_meta_graph"]
