"""The differential harness: random graphs, random calls, two sides, and a judge of its own."""
