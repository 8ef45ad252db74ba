"""Equality up to names: find which node is which by structure, and compare under one set of names."""

from pytest_metagraph.diff.names.renaming import NameMatch, match_names

__all__ = ["NameMatch", "match_names"]
