"""Reports of conformance runs: JSON Lines is the source, every other format is rendered from it."""
