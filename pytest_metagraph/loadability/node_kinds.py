"""Sort nodes into kinds, without a Python loop over the nodes.

A graph of 50,000 nodes has few different kinds of nodes. Nodes of one `NodeKind` have the same op and the
same facts about their attributes. The rules judge each kind once.
"""

from __future__ import annotations

import itertools
import operator
import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_metagraph.loadability.attr_facts import AttrFact, AttrFacts, is_usable_class, only_colocation
from pytest_metagraph.loadability.node_fields import RECORD_BYTES, NodeFields

BETWEEN: Final = "\0"
"""The code that separates two nodes; no value has it."""
_SURROGATES: Final = range(0xD800, 0xE000)
_SAMPLED: Final = 13
"""Of how many attributes one is looked at, to find out whether most of them are known."""
_MOST: Final = 0.75
"""The share of known attributes below which the others are read together."""


@dataclass(frozen=True, slots=True)
class NodeKind:
    """The properties of nodes that the rules judge in the same way.

    Attributes:
        op: the op.
        facts: the facts of the attributes, by name.
    """

    op: str
    facts: Mapping[str, AttrFact]


class NodeKinds:
    """The kinds of some nodes.

    Attributes:
        found: the kinds, in the order of their first nodes.
    """

    def __init__(self, facts: AttrFacts) -> None:
        """Start without nodes.

        Args:
            facts: the factory of the facts of attributes.
        """
        self.found: list[NodeKind] = []
        self._tokens = _AttrTokens(facts)
        self._code_of_kind = _KindCodes(self.found, self._tokens.codes.meanings)

    @property
    def colocations(self) -> set[str]:
        """Every node that the attribute `_class` of a node names."""
        return self._tokens.colocations

    def codes_of(self, columns: NodeFields) -> Iterator[str]:
        """Return the code of the kind of each node.

        Raises:
            DecodeError: if an attribute is damaged.
        """
        tokens = self._tokens
        texts = "".join(tokens.of(columns.attrs)).split(BETWEEN)
        keys = map(operator.add, map(tokens.codes.__getitem__, columns.ops), texts)
        return map(self._code_of_kind.__getitem__, keys)


class _AttrTokens(dict[bytes, str]):
    """The code of each serialised attribute, which is empty if no kind depends on it.

    Attributes:
        codes: the codes and the facts that they stand for.
        colocations: every node that one of the attributes colocates a node with; they are not part of a kind.
    """

    def __init__(self, facts: AttrFacts) -> None:
        super().__init__({RECORD_BYTES: BETWEEN})
        self.codes = Codes()
        self.colocations: set[str] = set()
        self._facts = facts

    def of(self, entries: Sequence[bytes]) -> Iterator[str]:
        """Return the code of each entry.

        Raises:
            DecodeError: if an entry is damaged.
        """
        sample = entries[::_SAMPLED]
        if sum(map(self.__contains__, sample)) >= len(sample) * _MOST:
            return map(self.__getitem__, entries)
        new = set(entries).difference(self)
        self.update((entry, self._token(entry)) for entry in self._facts.judged_of(new))
        return map(self.get, entries, itertools.repeat(""))

    def __missing__(self, entry: bytes) -> str:
        self[entry] = token = self._token(entry)
        return token

    def _token(self, entry: bytes) -> str:
        colocated = only_colocation(entry)
        if colocated is not None:
            self.colocations.add(colocated)
            return ""
        fact = self._facts.of_entry(entry)
        if fact is None:
            return ""
        if is_usable_class(fact):
            self.colocations.update(fact.colocated)
            return ""
        return self.codes[fact]


class _KindCodes(dict[str, str]):
    """The code of the kind of nodes with an op and attributes, given by their codes."""

    def __init__(self, kinds: list[NodeKind], meanings: Sequence[Any]) -> None:
        super().__init__()
        self._kinds = kinds
        self._meanings = meanings

    def __missing__(self, key: str) -> str:
        op, *facts = (self._meanings[number_of(code)] for code in key)
        self[key] = code = code_for(len(self._kinds))
        self._kinds.append(NodeKind(op, {fact.name: fact for fact in facts}))
        return code


def code_for(number: int) -> str:
    """Return the text of one character that encodes a number.

    Raises:
        OverflowError: if there are more numbers than characters.
    """
    point = number + 1
    if point >= _SURROGATES.start:
        point += len(_SURROGATES)
    if point > sys.maxunicode:
        raise OverflowError(f"the graph has more than {number:,} kinds of nodes")
    return chr(point)


def number_of(code: str) -> int:
    """Return the number that a text of one character encodes."""
    point = ord(code)
    return point - 1 if point < _SURROGATES.start else point - 1 - len(_SURROGATES)


class Codes(dict[Hashable, str]):
    """The text of one character that encodes each value; a value that has none is given one.

    Attributes:
        meanings: the values; the code of each is that of its position.
    """

    def __init__(self, meanings: Iterable[Any] = ()) -> None:
        super().__init__()
        self.meanings: list[Any] = list(meanings)

    def __missing__(self, value: Hashable) -> str:
        self[value] = code = code_for(len(self.meanings))
        self.meanings.append(value)
        return code
