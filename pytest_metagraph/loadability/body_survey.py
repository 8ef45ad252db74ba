"""Read what the rules need from the bodies of all functions of a library, without parsing their nodes.

The nodes of bodies are sorted into kinds as those of a graph are. A use is a kind of node together with what
its inputs name: arguments of the function and outputs of nodes of certain kinds. Functions that are built
alike share their uses, and the rules judge each use once. Of functions that differ in their names only, the
nodes are read and judged once.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from pytest_metagraph.loadability.attr_facts import AttrFacts
from pytest_metagraph.loadability.node_fields import RECORD, read_fields
from pytest_metagraph.loadability.node_kinds import BETWEEN, Codes, NodeKind, NodeKinds, number_of
from reference_impl.schema import NodeDef

_AT_ONCE: Final = 1024
"""The number of nodes that are read at a time."""
_SAMPLES: Final = 64
"""About how many inputs of a body are looked at, to find out which outputs are usual."""
_NO_NODE: Final = -1
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


class _Read:
    """What was read of the nodes of a body.

    Attributes:
        names: their names.
        kind_codes: the codes of their kinds.
        inputs: the inputs of all nodes, with RECORD between two nodes.
    """

    def __init__(self, names: Sequence[str], kind_codes: Sequence[str], inputs: Sequence[str]) -> None:
        self.names = names
        self.kind_codes = kind_codes
        self.inputs = inputs

    @cached_property
    def node_named(self) -> Mapping[str, int]:
        """The number of the node with each name, of several the last one."""
        return dict(zip(self.names, range(len(self.names)), strict=True))


class _Shared:
    """What all bodies share.

    Attributes:
        named: the codes of what inputs name.
        outputs: the codes of the outputs that they take.
        usual: for the code of a kind, the output that most inputs take of its nodes, such as `:y:0`.
    """

    def __init__(self) -> None:
        self.named = Codes()
        self.outputs = Codes()
        self.usual: dict[str, str] = {}


class BodyNodes:
    """The nodes of the body of one function.

    Attributes:
        function: the function, with its nodes serialised.
        content: a number that functions share if they differ in their names only.
        names: the names of its nodes.
        kinds: the numbers of the kinds of its nodes, in the order of their first nodes.
    """

    def __init__(self, function: Any, content: int, read: _Read, shared: _Shared) -> None:
        """Keep what was read of the nodes.

        Args:
            function: the function, with its nodes serialised.
            content: the number of its content.
            read: the fields of its nodes.
            shared: what all bodies share.
        """
        self.function = function
        self.content = content
        self.names = read.names
        self.kinds = [number_of(code) for code in dict.fromkeys(read.kind_codes)]
        self._read = read
        self._shared = shared

    @property
    def has_doubled_names(self) -> bool:
        """Whether several nodes have the same name."""
        return len(self._read.node_named) < len(self.names)

    @cached_property
    def uses(self) -> Mapping[str, int] | None:
        """The number of the first node of each different use.

        None if names are doubled or not valid, or an input names no node or argument: uses do not show what
        is wrong then.
        """
        arguments = self._arguments
        is_regular = (
            not self.has_doubled_names
            and len(arguments) == len(self.function.signature.input_arg)
            and arguments.keys().isdisjoint(self._read.node_named)
        )
        if not is_regular or not _are_valid([*arguments, *self.names]):
            return None
        targets, taken = self._targets
        if targets.has_unknown:
            return None
        texts = "".join(map(targets.codes.__getitem__, taken)).split(BETWEEN)
        keys = list(map(operator.add, self._read.kind_codes, texts))
        return dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))

    @cached_property
    def _arguments(self) -> Mapping[str, int]:
        """The data type of each argument."""
        return {argument.name: argument.type for argument in self.function.signature.input_arg}

    @cached_property
    def _targets(self) -> tuple[_Targets, Sequence[int]]:
        """The target of each different input, and the targets of all inputs in order."""
        targets = _Targets(self._read, self._shared, self._named)
        return targets, list(map(targets.__getitem__, self._read.inputs))

    def _named(self, name: str) -> tuple[Named | None, int]:
        """Return what the first part of an input names, and the number of the node; -1 if it is none."""
        node = self._read.node_named.get(name)
        if node is not None:
            return Named(number_of(self._read.kind_codes[node])), node
        if name in self._arguments:
            return Named(None, self._arguments[name]), _NO_NODE
        if name.startswith("^") and not name.startswith("^^"):
            named, node = self._named(name[1:])
            return named and replace(named, is_control=True), node
        return None, _NO_NODE

    def source_of(self, text: str) -> tuple[Named | None, str]:
        """Return what a text names, and the output, such as `y:0`, that it takes."""
        name, colon, output = text.partition(":")
        return (None if colon and not output else self._named(name)[0]), output

    @property
    def kind_of(self) -> Sequence[int]:
        """The number of the kind of each node."""
        return list(map(number_of, self._read.kind_codes))

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
        targets, taken = self._targets
        separator = len(self.names)
        current = 0
        for node in map(targets.nodes.__getitem__, taken):
            if node >= current:
                if node != separator:
                    return False
                current += 1
        return True


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
        nodes: list[bytes] = []
        ends = [0]
        for function in read:
            nodes += function.node_def[:]
            ends.append(len(nodes))
        kinds = NodeKinds(facts)
        names: list[str] = []
        codes: list[str] = []
        inputs: list[str] = []
        for start in range(0, len(nodes), _AT_ONCE):
            columns = read_fields(nodes[start : start + _AT_ONCE])
            names += columns.names
            inputs.append(RECORD)
            inputs += columns.inputs
            codes += kinds.codes_of(columns)
        self.kinds: Sequence[NodeKind] = kinds.found
        cuts = [number for number, text in enumerate(inputs) if text == RECORD]
        cuts.append(len(inputs))
        parts = [
            _Read(names[first:last], codes[first:last], inputs[cuts[first] + 1 : cuts[last]])
            for first, last in itertools.pairwise(ends)
        ]
        self._shared = shared = _Shared()
        self.bodies = [
            BodyNodes(function, content, parts[content], shared)
            for function, content in zip(functions, contents, strict=True)
        ]

    def sources(self, use: str) -> Sequence[tuple[Named | None, str]]:
        """Return what each input of a use names, and the output, such as `y:0`, that it takes."""
        pairs = zip(use[1::2], use[2::2], strict=True)
        named, outputs = self._shared.named.meanings, self._shared.outputs.meanings
        return [(named[number_of(name)], outputs[number_of(output)]) for name, output in pairs]


def _content_of(function: Any) -> bytes:
    """Return a function apart from its name, in wire format."""
    content = type(function)()
    content.CopyFrom(function)
    content.signature.ClearField("name")
    data: bytes = content.SerializeToString(deterministic=True)
    return data


class _Targets(dict[str, int]):
    """The target of each input of a body.

    It is the number of a node whose usual output is taken; the number of nodes between the inputs of two
    nodes; or a number above that for any other input.

    Attributes:
        codes: for each target, the codes of what is named and of the output.
        nodes: for each target, the number of the node that it names, or _NO_NODE.
        has_unknown: whether an input names nothing.
    """

    def __init__(
        self, read: _Read, shared: _Shared, named: Callable[[str], tuple[Named | None, int]]
    ) -> None:
        self._named = named
        self._shared = shared
        self._learn(read)
        usual = shared.usual
        of_kind = {
            code: shared.named[Named(number_of(code))] + shared.outputs[usual.get(code, "")[1:]]
            for code in dict.fromkeys(read.kind_codes)
        }
        count = len(read.names)
        texts = map(operator.add, read.names, map(usual.get, read.kind_codes, itertools.repeat("")))
        super().__init__(zip(texts, range(count), strict=True))
        self[RECORD] = count
        self.codes = [*map(of_kind.__getitem__, read.kind_codes), BETWEEN]
        self.nodes = list(range(count + 1))
        self.has_unknown = False

    def _learn(self, read: _Read) -> None:
        """Find out from some inputs which outputs are usual; the others need a Python call for each input."""
        for text in read.inputs[:: len(read.inputs) // _SAMPLES | 1]:
            name, colon, output = text.partition(":")
            node = read.node_named.get(name)
            if node is not None and output:
                self._shared.usual.setdefault(read.kind_codes[node], colon + output)

    def __missing__(self, text: str) -> int:
        name, colon, output = text.partition(":")
        named, node = self._named(name)
        self.has_unknown |= named is None or (bool(colon) and not output)
        self[text] = target = len(self.codes)
        self.codes.append(self._shared.named[named] + self._shared.outputs[output])
        self.nodes.append(node)
        return target


def _are_valid(names: Sequence[str]) -> bool:
    """Return whether names can be those of nodes of a body."""
    lines = "\n".join(["", *names, ""]).encode("utf-8", "surrogatepass")
    return lines.translate(None, _LETTERS) == b"\n" * (len(names) + 1) and not _ODD_START.search(lines)
