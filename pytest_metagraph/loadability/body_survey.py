"""Read what the rules need from the bodies of all functions of a library, without parsing their nodes.

The nodes of bodies are sorted into kinds as those of a graph are. A use is a kind of node together with what
its inputs name: arguments of the function and outputs of nodes of certain kinds. Functions that are built
alike share their uses, and the rules judge each use once. Of functions that differ in their names only, the
nodes are read and judged once.
"""

from __future__ import annotations

import hashlib
import itertools
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pytest_metagraph.loadability.attr_facts import AttrFacts
from pytest_metagraph.loadability.kinds import BETWEEN, Codes, Kind, Kinds, number_of
from pytest_metagraph.loadability.node_fields import RECORD, read_fields
from reference_impl.schema import NodeDef

_AT_ONCE: Final = 1024
"""The number of nodes that are read at a time."""
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.>-/"
_ODD_START: Final = re.compile(rb"\n[>\-/\n]")


@dataclass(frozen=True, slots=True)
class Named:
    """The node or argument that an input of a body names.

    Attributes:
        kind: the number of the kind of the node; None if it is an argument.
        argument: the data type of the argument.
        is_control: whether it is a control input.
    """

    kind: int | None
    argument: int = 0
    is_control: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of the nodes of a body.

    Attributes:
        names: their names.
        kind_codes: the codes of their kinds.
        inputs: the inputs of all nodes, with RECORD between two nodes.
    """

    names: Sequence[str]
    kind_codes: Sequence[str]
    inputs: Sequence[str]


class BodyNodes:
    """The nodes of the body of one function.

    Attributes:
        function: the function, with its nodes serialised.
        content: a number that functions share if they differ in their names only.
        names: the names of its nodes.
        kinds: the numbers of the kinds of its nodes, in the order of their first nodes.
    """

    def __init__(self, function: Any, content: int, read: _Read, codes: tuple[Codes, Codes]) -> None:
        """Keep what was read of the nodes.

        Args:
            function: the function, with its nodes serialised.
            content: the number of its content.
            read: the fields of its nodes.
            codes: the codes of what inputs name, and of the outputs that they take, in all bodies.
        """
        self.function = function
        self.content = content
        self.names = read.names
        self.kinds = [number_of(code) for code in dict.fromkeys(read.kind_codes)]
        self._kind_codes = read.kind_codes
        self._inputs = read.inputs
        self._codes = codes

    @cached_property
    def uses(self) -> Mapping[str, int] | None:
        """The number of the first node of each different use.

        None if names are doubled or not valid, or an input names no node or argument: uses do not show what
        is wrong then.
        """
        named, outputs = self._codes
        name_codes = self._name_codes
        arguments = [argument.name for argument in self.function.signature.input_arg]
        is_regular = len(name_codes) == len(self.names) + len(arguments)
        if not is_regular or not _are_valid([*arguments, *self.names]) or _ends_in_colon(self._inputs):
            return None
        name_codes[RECORD] = BETWEEN
        texts = "".join([name_codes[name] + outputs[rest] for name, _, rest in self._split_inputs])
        if named[None] in name_codes.values():
            return None
        keys = list(map(operator.add, self._kind_codes, texts.split(BETWEEN + outputs[""])))
        return dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))

    @cached_property
    def _name_codes(self) -> _NameCodes:
        return _NameCodes(self.function, self.names, self._kind_codes, self._codes[0])

    def source_of(self, text: str) -> tuple[Named | None, str]:
        """Return what a text names, and the output, such as `y:0`, that it takes."""
        name, _, output = text.partition(":")
        named: Named | None = self._codes[0].meanings[number_of(self._name_codes[name])]
        return (None if text.endswith(":") else named), output

    @property
    def kind_of(self) -> Sequence[int]:
        """The number of the kind of each node."""
        return list(map(number_of, self._kind_codes))

    def node(self, number: int) -> NodeDef:
        """Return one node, parsed."""
        return NodeDef.FromString(self.function.node_def[number])

    @cached_property
    def nodes(self) -> Sequence[NodeDef]:
        """The nodes, parsed."""
        return [NodeDef.FromString(data) for data in self.function.node_def]

    @cached_property
    def is_sorted(self) -> bool:
        """Whether every node comes after those that its inputs name."""
        sources = [name for name, _, _ in self._split_inputs]
        numbers = range(len(self.names))
        position_of: dict[str, int | None] = dict(zip(self.names, numbers, strict=True))
        if "\n^" in "\n".join(["", *sources]):
            position_of |= {f"^{name}": number for name, number in position_of.items()}
        position_of[RECORD] = None
        current = 0
        for position in map(position_of.get, sources, itertools.repeat(-1)):
            if position is None:
                current += 1
            elif position >= current:
                return False
        return True

    @cached_property
    def _split_inputs(self) -> Sequence[tuple[str, str, str]]:
        """The name, the colon and the output of each input."""
        return list(map(str.partition, self._inputs, itertools.repeat(":")))


class BodySurvey:
    """The nodes of the bodies of all functions.

    Attributes:
        bodies: the nodes of each function, in order.
        kinds: the kinds of the nodes.
    """

    def __init__(self, functions: Sequence[Any], facts: AttrFacts) -> None:
        """Read the functions.

        Args:
            functions: the functions, with their nodes serialised.
            facts: the factory of the facts of attributes.

        Raises:
            DecodeError: if a node is damaged.
        """
        numbers: dict[bytes, int] = {}
        contents = [numbers.setdefault(_content_of(function), len(numbers)) for function in functions]
        different = dict(zip(reversed(contents), reversed(functions), strict=True))
        read = [different[number] for number in range(len(numbers))]  # of each content the first function
        nodes = list(itertools.chain.from_iterable(function.node_def for function in read))
        kinds = Kinds(facts)
        names: list[str] = []
        codes: list[str] = []
        inputs: list[str] = []
        for start in range(0, len(nodes), _AT_ONCE):
            columns = read_fields(nodes[start : start + _AT_ONCE])
            names += columns.names
            inputs += [RECORD, *columns.inputs]
            codes += kinds.codes_of(columns)
        self.kinds: Sequence[Kind] = kinds.found
        codes_of_inputs = Codes(), Codes()
        cuts = [*(number for number, text in enumerate(inputs) if text == RECORD), len(inputs)]
        lengths = (len(function.node_def) for function in read)
        ends = [0, *itertools.accumulate(lengths)]
        parts = [
            _Read(names[first:last], codes[first:last], inputs[cuts[first] + 1 : cuts[last]])
            for first, last in itertools.pairwise(ends)
        ]
        self.bodies = [
            BodyNodes(function, content, parts[content], codes_of_inputs)
            for function, content in zip(functions, contents, strict=True)
        ]
        self._named, self._outputs = (one.meanings for one in codes_of_inputs)

    def sources(self, use: str) -> Sequence[tuple[Named | None, str]]:
        """Return what each input of a use names, and the output, such as `y:0`, that it takes."""
        pairs = zip(use[1::2], use[2::2], strict=True)
        return [(self._named[number_of(name)], self._outputs[number_of(output)]) for name, output in pairs]


def _content_of(function: Any) -> bytes:
    """Return a digest of a function apart from its name."""
    content = type(function)()
    content.CopyFrom(function)
    content.signature.ClearField("name")
    return hashlib.sha256(content.SerializeToString(deterministic=True)).digest()


class _NameCodes(dict[str, str]):
    """The code of what each name in an input stands for."""

    def __init__(self, function: Any, names: Iterable[str], kind_codes: Iterable[str], named: Codes) -> None:
        of_kind = {code: named[Named(number_of(code))] for code in set(kind_codes)}
        super().__init__(zip(names, map(of_kind.__getitem__, kind_codes), strict=True))
        self.update(
            (argument.name, named[Named(None, argument.type)]) for argument in function.signature.input_arg
        )
        self._named = named

    def __missing__(self, name: str) -> str:
        code = self.get(name[1:]) if name.startswith("^") and not name.startswith("^^") else None
        if code is None:
            self[name] = unknown = self._named[None]
            return unknown
        target = self._named.meanings[number_of(code)]
        self[name] = found = self._named[Named(target.kind, target.argument, is_control=True)]
        return found


def _are_valid(names: Sequence[str]) -> bool:
    """Return whether names can be those of nodes of a body."""
    lines = "\n".join(["", *names, ""]).encode("utf-8", "surrogatepass")
    return lines.translate(None, _LETTERS) == b"\n" * (len(names) + 1) and not _ODD_START.search(lines)


def _ends_in_colon(texts: Sequence[str]) -> bool:
    return ":\x1f" in "\x1f".join([*texts, ""])
