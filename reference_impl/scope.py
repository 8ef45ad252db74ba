"""The export scope: which names it selects, and how it changes names, colocations and inputs.

It implements SCOPE, CLS-02 and UNB-01.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from reference_impl.contracts import Contract
from reference_impl.node_columns import CONTROL_MARK, SEPARATOR

COLOCATION_PREFIX = "loc:@"
UNBOUND_INPUT_PREFIX = "$unbound_inputs_"


class ExportScope(Protocol):
    """The names that belong to an export, and their names in it."""

    def selects(self, name: str) -> bool:
        """Return whether a node, tensor or item of this name is inside the scope."""

    def strip(self, name: str) -> str:
        """Return the name without the scope; a name outside the scope is unchanged."""

    def strip_colocation(self, entry: str) -> str:
        """Return a `_class` entry without the scope after `loc:@`; other prefixes are unchanged (CLS-02)."""

    @property
    def plain_prefix(self) -> str:
        """What every name that begins with it loses, together with slashes after it; empty if nothing is."""


class DocumentedScope:
    """The scope of the documented contract: literal text that selects and strips the names below `scope/`.

    SCOPE-01, SCOPE-03, SCOPE-08 and SCOPE-09 as the catalogue words them.
    """

    def __init__(self, scope: str) -> None:
        self._below = scope.removesuffix("/") + "/"
        self._colocated_below = COLOCATION_PREFIX + self._below

    def selects(self, name: str) -> bool:
        """Return whether a name is below `scope/`; the scope's own name and `scope_2/x` are not."""
        return name.startswith(self._below)

    def strip(self, name: str) -> str:
        """Return the name without `scope/`; a name outside the scope is unchanged."""
        if not name.startswith(self._below):
            return name
        return name[len(self._below) :].lstrip("/")

    @property
    def plain_prefix(self) -> str:
        """The text `scope/`."""
        return self._below

    def strip_colocation(self, entry: str) -> str:
        """Return a `_class` entry without `scope/` after `loc:@`."""
        if not entry.startswith(self._colocated_below):
            return entry
        return COLOCATION_PREFIX + entry[len(self._colocated_below) :].lstrip("/")


class TensorFlowScope:
    """The scope of TensorFlow's contract: a raw prefix selects, and a regular expression strips.

    The catalogue records how TensorFlow deviates from SCOPE-01, SCOPE-03, SCOPE-08 and SCOPE-09.
    """

    def __init__(self, scope: str) -> None:
        self._prefix = scope
        self._pattern_text = scope.removesuffix("/")
        # A scope without special characters strips what it literally begins, and nothing if it does not
        # occur. Testing that first saves the regular expression, which is slow, on nearly every name.
        is_plain_text = re.fullmatch(r"[\w/\-]*", self._pattern_text) is not None
        self._needle = self._pattern_text + "/" if is_plain_text else ""
        self._pattern: re.Pattern[str] | None = None

    def selects(self, name: str) -> bool:
        """Return whether a name begins with the text of the scope: `tower_1` also selects `tower_10/x`."""
        return name.startswith(self._prefix)

    def strip(self, name: str) -> str:
        """Return the name without the first `SCOPE/` at its start, after a `^` or after a `loc:@`."""
        if self._needle and name.startswith(self._needle):
            return name[len(self._needle) :].lstrip("/")
        if self._needle not in name:
            return name
        if self._pattern is None:  # compiled late: an invalid one fails only if it strips (SCOPE-09)
            # As in TensorFlow: the brackets around the slash close the set of a scope such as `[a`, and the
            # second group is the scope's own if the scope has one.
            self._pattern = re.compile(rf"(\^|{COLOCATION_PREFIX}|^){self._pattern_text}[/]+(.*)")
        return self._pattern.sub(r"\1\2", name, count=1)

    @property
    def plain_prefix(self) -> str:
        """The text `scope/`; empty if the scope has special characters."""
        return self._needle

    def strip_colocation(self, entry: str) -> str:
        """Return a `_class` entry, stripped like any name."""
        return self.strip(entry)

    def check_variable_names(self) -> None:
        """Fail as TensorFlow does when it looks for variables inside the scope (SCOPE-09).

        Raises:
            re.error: if the scope is not a valid regular expression.
        """
        re.compile(self._prefix)


def make_scope(export_scope: str, contract: Contract) -> DocumentedScope | TensorFlowScope | None:
    """Return the rule for an export scope under a contract.

    Args:
        export_scope: the argument of the export; an empty string means the whole graph (SCOPE-07).
        contract: the contract that is followed.

    Returns:
        The rule; None if there is no scope.
    """
    if not export_scope:
        return None
    return TensorFlowScope(export_scope) if contract is Contract.TENSORFLOW else DocumentedScope(export_scope)


def rescope_colocations(entries: Iterable[str], scope: ExportScope) -> list[bytes]:
    """Return the entries that name a node inside the scope, without the scope (CLS-02).

    Args:
        entries: the texts in a node's attribute `_class`, in order; bytes that are not UTF-8 as surrogates.
        scope: the scope of the export.
    """
    return [_strip_entry(entry, scope) for entry in entries if _is_inside(entry, scope)]


def _is_inside(entry: str, scope: ExportScope) -> bool:
    """Return whether the node that an entry names is inside the scope; an entry without `@` names none."""
    _, _, rest = entry.partition("@")
    return scope.selects(rest.partition("@")[0])


def _strip_entry(entry: str, scope: ExportScope) -> bytes:
    return scope.strip_colocation(entry).encode(errors="surrogateescape")


def strip_lines(lines: bytes, scope: ExportScope, *, are_inputs: bool = False) -> tuple[bytes, int]:
    """Strip a scope from many names at once, which takes a fraction of the time of `strip` for each.

    Args:
        lines: the lines of the names.
        scope: the scope of the export.
        are_inputs: whether some of them may be control inputs.

    Returns:
        The lines without the scope, and the number of lines that had it. The number is 0 if names have to be
        stripped one by one.
    """
    prefix = scope.plain_prefix.encode(errors="surrogatepass")  # which no name contains
    mark = CONTROL_MARK.encode()
    if not prefix or prefix.startswith(mark):
        return lines, 0
    size = len(lines)
    starts = [SEPARATOR + mark, SEPARATOR] if are_inputs and SEPARATOR + mark in lines else [SEPARATOR]
    for start in starts:
        lines = lines.replace(start + prefix, start)
        if start + b"/" in lines:  # the scope takes more than one slash with it
            return lines, 0
    return lines, (size - len(lines)) // len(prefix)


class RescopedNames(dict[str, str]):
    """The names of inputs in an export under a scope, by their names in the graph; each is computed once.

    Inputs inside the scope lose it. Others get the prefix of unbound inputs; their output index and the mark
    of a control input stay, so `^ctl` becomes `^$unbound_inputs_ctl`.

    Attributes:
        scope: the scope of the export.
        unbound: the new names of the inputs from outside the scope that were looked up.

    Args:
        scope: the scope of the export.
        end: the text after the inputs of each node, which stays.
    """

    def __init__(self, scope: ExportScope, end: str) -> None:
        super().__init__({end: end})
        self.unbound: set[str] = set()
        self.scope = scope

    def __missing__(self, name: str) -> str:
        mark, producer = (CONTROL_MARK, name[1:]) if name.startswith(CONTROL_MARK) else ("", name)
        if self.scope.selects(producer):
            renamed = mark + self.scope.strip(producer)
        else:
            renamed = mark + UNBOUND_INPUT_PREFIX + producer
            self.unbound.add(renamed)
        self[name] = renamed
        return renamed


def rescope_inputs(inputs: Iterable[str], names: RescopedNames, unbound: list[str]) -> list[str]:
    """Rename inputs for an export under a scope.

    Args:
        inputs: the inputs of some nodes, one after the other, with the same text after those of each node.
        names: their names in the export.
        unbound: receives the new name of each input from outside the scope, once per use, in order (UNB-02).
    """
    renamed = [names[name] for name in inputs]
    if names.unbound:
        unbound.extend(name for name in renamed if name in names.unbound)
    return renamed
