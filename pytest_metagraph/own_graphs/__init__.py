"""Graphs of the user, which are judged as those of the corpus are; another exporter says what is right."""
