"""Graphs of the user, which are judged like those of the corpus; an oracle provides the expected answers."""
