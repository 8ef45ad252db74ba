"""Reports of conformance runs, written as JSON Lines; every other format is rendered from those."""
