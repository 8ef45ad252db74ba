"""Snapshots, which the fixture `metagraph_snapshot` provides: exports compared with those of an earlier run."""
