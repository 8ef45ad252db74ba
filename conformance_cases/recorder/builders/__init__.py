"""The builders of the matrix graphs: one module for each area, one function for each graph.

Every module of this package is imported when graphs are recorded; a function registers itself by its
decorator.
"""
