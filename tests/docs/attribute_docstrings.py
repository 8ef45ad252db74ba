"""Read the docstrings of constants and type aliases, which exist only in the source."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools


def attribute_docstring(package: str, name: str) -> str:
    """Return the text below the assignment of a public name; empty if there is none."""
    home = _home_of(package, name)
    statements = ast.parse(inspect.getsource(importlib.import_module(home))).body
    for statement, following in itertools.pairwise(statements):
        match statement, following:
            case (
                (ast.AnnAssign(target=ast.Name(id=found)) | ast.Assign(targets=[ast.Name(id=found)])),
                ast.Expr(value=ast.Constant(value=str(text))),
            ) if found == name:
                return inspect.cleandoc(text)
    return ""


def _home_of(package: str, name: str) -> str:
    """Return the module that assigns the name: the one that the package imports it from, or the package."""
    for node in ast.walk(ast.parse(inspect.getsource(importlib.import_module(package)))):
        if isinstance(node, ast.ImportFrom) and node.module and name in {alias.name for alias in node.names}:
            return node.module
    return package
