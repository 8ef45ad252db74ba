"""The pytest side of a run: collects the corpus as items, judges each case, sums up."""
