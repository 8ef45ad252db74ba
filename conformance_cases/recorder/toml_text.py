"""Writes the little TOML that the index of a graph or case needs; the standard library only reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def dumps(document: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """A document of strings, integers, lists of strings, and tables and lists of tables of these, as TOML.

    Args:
        document: the contents; an entry whose value is a mapping becomes a table, one whose value is a list
            of mappings becomes an array of tables.
        path: the names of the tables around it.

    Returns:
        The text; `tomllib.loads` gives an equal document.
    """
    plain = {key: value for key, value in document.items() if not _tables(value)}
    text = "".join(f"{_key(key)} = {_value(value)}\n" for key, value in plain.items())
    for key, value in document.items():
        inner = (*path, _key(key))
        header = f"[[{'.'.join(inner)}]]" if isinstance(value, list) else f"[{'.'.join(inner)}]"
        text += "".join(f"\n{header}\n{dumps(table, inner)}" for table in _tables(value))
    return text


def _tables(value: Any) -> list[Mapping[str, Any]]:
    """The tables that a value is; none where it is plain."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key, ensure_ascii=False)


def _value(value: str | int | list[str]) -> str:
    if isinstance(value, list):
        lines = "".join(f"  {json.dumps(item, ensure_ascii=False)},\n" for item in value)
        return f"[\n{lines}]" if value else "[]"
    if isinstance(value, str) and "\n" in value and "'''" not in value:
        return f"'''\n{value}'''"
    return json.dumps(value, ensure_ascii=False)
