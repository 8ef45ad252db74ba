"""Snapshots, which the fixture `metagraph_snapshot` provides: exports compared with earlier ones."""
