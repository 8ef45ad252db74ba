"""Bring two saves of one model into a form in which nothing differs that means nothing.

TensorFlow numbers functions, resources and gradients as it creates them, and takes the number into names; and
what a save and a restore do follows from the object graph, in an order that may come from a Python set.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.generated_names import SAVING_FUNCTIONS, rewrite_texts
from pytest_metagraph.diff.rules.object_graphs import ObjectGraph
from pytest_metagraph.diff.sides import Side
from reference_impl.schema import FunctionDef, NodeDef
from reference_impl.serialization import without

_NUMBERED: Final = re.compile(r"(?P<base>.*?)(?P<numbers>(?:_\d+)+)")
_COUNTERS: Final = (
    (re.compile(r"(?:(?<=^CustomGradient-)|(?<=^PartitionedCall-)|(?<=^StatefulPartitionedCall-))\d+$"), "*"),
    (re.compile(r"(?<=embedding_lookup/)\d+"), "*"),
    (re.compile(r"(?<= at 0x)[0-9a-f]+"), "*"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "*"),
)
"""The numbers of gradients and of looked-up resources, addresses of objects, and random identifiers."""

_IDENTIFIER_BYTES: Final = re.compile(rb"-[0-9a-f]{4}-[0-9a-f]{4}-")
_NUMBER_BYTES: Final = re.compile(rb"_(\d+)")

_MOST_CALLS: Final = 20
"""The depth of calls up to which functions are told apart by what they call."""

_SPECIFIED_NAME: Final = "_user_specified_name"
_UNORDERED_LIST: Final = "_all_variables"
"""The list of a Keras export that is made from a set."""

Rename = Callable[[str], str]


def canonical_saves(expected: Side, actual: Side) -> tuple[Side, Side]:
    """Return both sides without what differs between two saves of one model.

    Args:
        expected: a MetaGraphDef or GraphDef; it is not changed.
        actual: another one of the same type. It gets the names that the functions of the expected side have.

    Returns:
        The new sides.
    """
    left, right = _Save(expected.view), _Save(actual.view)
    digests = left.digests(), right.digests()
    paired = _pairs(_by_base(digests[0]), _by_base(digests[1]))
    left.rename({}, _alike(digests[0], *digests))
    right.rename(paired, paired | _alike(digests[1], *digests))
    return replace(expected, view=left.view()), replace(actual, view=right.view())


class _Function:
    """A function whose nodes stay bytes unless they change.

    Args:
        data: the serialised function.
    """

    def __init__(self, data: bytes) -> None:
        view = VIEWS["FunctionDef"].FromString(data)
        self.nodes = list(view.node_def)
        view.ClearField("node_def")
        self.head: Any = FunctionDef.FromString(view.SerializeToString())
        self.arguments = _name_arguments_by_position(self.head)
        self._changing: list[int] | None = None

    def rewritten(self, rewrite: Rename, numbers: frozenset[bytes]) -> tuple[Any, list[bytes]]:
        """Return the function without its nodes, and its nodes, with other texts."""
        head = FunctionDef()
        head.CopyFrom(self.head)
        rewrite_texts(head, rewrite)
        if self._changing is None:  # found once, because that takes most of the time
            numbers = numbers | _numbers_of(self.arguments)
            self._changing = [number for number, data in enumerate(self.nodes) if _may_change(data, numbers)]
        nodes = list(self.nodes)
        for number in self._changing:
            nodes[number] = _rewritten_node(nodes[number], rewrite, self.arguments)
        return head, nodes


class _Save:
    """A MetaGraphDef or GraphDef whose nodes stay bytes unless they change.

    Args:
        view: a shallow message, which is not changed.
    """

    def __init__(self, view: Any) -> None:
        self._is_graph = view.DESCRIPTOR.name == "GraphDef"
        graph = view if self._is_graph else view.graph_def
        self._nodes = list(graph.node)
        self._functions = [_Function(data) for data in graph.library.function]
        self._rest = VIEWS["MetaGraphDef"]() if self._is_graph else without(view, "graph_def")
        self._graph = without(graph, "node", "library")
        self._library = without(graph.library, "function")
        self._names = [function.head.signature.name for function in self._functions]
        self._numbers = _numbers_of(self._names)
        self._clear_saving()
        _sort_unordered_list(self._rest.object_graph_def)

    def view(self) -> Any:
        """Return the shallow message."""
        view = VIEWS["MetaGraphDef"].FromString(self._rest.SerializeToString(deterministic=True))
        view.graph_def.MergeFrom(self._graph)
        view.graph_def.node.extend(self._nodes)
        view.graph_def.library.MergeFrom(self._library)
        for function in self._functions:
            whole = VIEWS["FunctionDef"].FromString(function.head.SerializeToString(deterministic=True))
            whole.node_def.extend(function.nodes)
            view.graph_def.library.function.append(whole.SerializeToString(deterministic=True))
        return view.graph_def if self._is_graph else view

    def rename(self, names: Mapping[str, str], references: Mapping[str, str]) -> None:
        """Rename functions, and mask counters in every text.

        Args:
            names: the names that functions get, where they are defined.
            references: the names by which functions are called.
        """
        rewrite = _renaming(references, self._names)
        for function, name in zip(self._functions, self._names, strict=True):
            function.head, function.nodes = function.rewritten(rewrite, self._numbers)
            function.head.signature.name = names.get(name, name)
        self._nodes = [
            _rewritten_node(data, rewrite, {}) if _may_change(data, self._numbers) else data
            for data in self._nodes
        ]
        graph = self._rest.object_graph_def
        bound = {name: function.SerializeToString() for name, function in graph.concrete_functions.items()}
        graph.ClearField("concrete_functions")
        rewrite_texts(self._rest, rewrite)
        rewrite_texts(self._library, rewrite)
        for name, content in bound.items():
            graph.concrete_functions[names.get(name, name)].MergeFromString(content)
        for node in graph.nodes:
            if node.WhichOneof("kind") == "function":  # in the order of tracing, or none at all
                node.function.concrete_functions.sort()

    def digests(self) -> dict[str, str]:
        """Return a digest of what each function does and is bound to, whatever the numbers in names are."""
        graph = ObjectGraph(self._rest.object_graph_def)
        bound = {
            name: str([graph.path(number) for number in function.bound_inputs]).encode()
            for name, function in self._rest.object_graph_def.concrete_functions.items()
        }
        own: dict[str, bytes] = {}
        calls: dict[str, list[str]] = {}
        known = set(self._names)
        for function, name in zip(self._functions, self._names, strict=True):
            called: list[str] = []

            def without_number(text: str, called: list[str] = called) -> str:
                if text not in known:
                    return _masked(text)
                called.append(text)
                return _base(text)

            head, nodes = function.rewritten(without_number, self._numbers)
            content = hashlib.sha256(head.SerializeToString(deterministic=True) + bound.get(name, b""))
            for node in nodes:
                content.update(node)
            own[name] = content.digest()
            calls[name] = called
        return _with_calls(own, calls)

    def _clear_saving(self) -> None:
        """Reduce the functions that save and restore, and their calls, to what they are made of.

        What they do follows from the object graph, which is compared by itself. Which variable is saved at
        which place does not, and may be in the order of a set.
        """
        saving = {name for name in self._names if name.startswith(SAVING_FUNCTIONS)}
        for function, name in zip(self._functions, self._names, strict=True):
            if name in saving:
                ops = Counter(VIEWS["BodyNodeDef"].FromString(node).op for node in function.nodes)
                function.nodes = [
                    NodeDef(name=f"{count} of {op}", op=op).SerializeToString()
                    for op, count in sorted(ops.items())
                ]
                _forget_order(function.head)
        marks = [name.encode() for name in saving]
        inputs: set[str] = set()
        for position, data in enumerate(self._nodes):
            if not any(mark in data for mark in marks):
                continue
            node = NodeDef.FromString(data)
            inputs.update(source.partition(":")[0] for source in node.input)
            node.input[:] = sorted(node.input)
            node.attr["Tin"].list.type[:] = sorted(node.attr["Tin"].list.type)
            self._nodes[position] = node.SerializeToString(deterministic=True)
        for position, data in enumerate(self._nodes if inputs else ()):
            view = VIEWS["NodeDef"].FromString(data)
            if view.op == "Const" and view.name in inputs:  # the object graph of the checkpoint
                node = NodeDef.FromString(data)
                node.attr["value"].Clear()
                self._nodes[position] = node.SerializeToString(deterministic=True)


def _may_change(data: bytes, numbers: AbstractSet[bytes]) -> bool:
    """Return whether a serialised node may have a text that changes.

    Nearly all the time of a comparison is spent here: a loop over the marks would double it.

    Args:
        data: the node.
        numbers: the numbers in the names that change.
    """
    return (
        b"__inference_" in data  # of a function that was not saved, whose number is none of `numbers`
        or b"__forward_" in data
        or b"CustomGradient-" in data
        or b"PartitionedCall-" in data
        or b"embedding_lookup/" in data
        or b" at 0x" in data
        or not numbers.isdisjoint(_NUMBER_BYTES.findall(data))
        or _IDENTIFIER_BYTES.search(data) is not None
    )


def _numbers_of(names: Iterable[str]) -> frozenset[bytes]:
    """Return the numbers in names; of each name that is in a text, so are its numbers."""
    return frozenset(number for name in names for number in _NUMBER_BYTES.findall(name.encode()))


def _rewritten_node(data: bytes, rewrite: Rename, arguments: Mapping[str, str]) -> bytes:
    node = NodeDef.FromString(data)
    for index, source in enumerate(node.input):
        if source in arguments:
            node.input[index] = arguments[source]
    rewrite_texts(node, rewrite)
    return node.SerializeToString(deterministic=True)


def _alike(own: Mapping[str, str], expected: Mapping[str, str], actual: Mapping[str, str]) -> dict[str, str]:
    """Return one name for all functions that do the same, if both sides have such a function."""
    first: dict[str, str] = {}
    both = set(actual.values())
    for name, digest in expected.items():
        if digest in both:
            first.setdefault(digest, name)
    return {name: first[digest] for name, digest in own.items() if digest in first}


_Numbered = dict[str, list[tuple[str, str]]]
"""The numbered functions by their names without the number, with a digest of what each does, in order."""


def _by_base(digests: Mapping[str, str]) -> _Numbered:
    found: dict[str, list[tuple[list[int], str]]] = defaultdict(list)
    for name in digests:
        if (numbered := _NUMBERED.fullmatch(name)) is not None:
            numbers = [int(number) for number in numbered["numbers"].split("_")[1:]]
            found[numbered["base"]].append((numbers, name))
    return {base: [(name, digests[name]) for _, name in sorted(having)] for base, having in found.items()}


def _with_calls(own: Mapping[str, bytes], calls: Mapping[str, list[str]]) -> dict[str, str]:
    """Return digests of functions that also depend on what they call, directly or not."""
    digests = {name: _digest(content) for name, content in own.items()}
    for _ in range(_MOST_CALLS):
        refined = {
            name: _digest(own[name], *sorted(digests[other].encode() for other in calls[name]))
            for name in own
        }
        if len(set(refined.values())) == len(set(digests.values())):
            return refined
        digests = refined
    return digests


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _pairs(expected: _Numbered, actual: _Numbered) -> dict[str, str]:
    """Return the expected name of each actual function.

    Of those with the same base, those that do the same are paired first, then the others in their order if
    there are as many on both sides.
    """
    pairs: dict[str, str] = {}
    for base, functions in actual.items():
        partners = defaultdict(list)
        for name, digest in expected.get(base, ()):
            partners[digest].append(name)
        rest = []
        for name, digest in functions:
            if partners[digest]:
                pairs[name] = partners[digest].pop(0)
            else:
                rest.append(name)
        left = {name for names in partners.values() for name in names}
        if len(rest) == len(left):
            pairs |= zip(rest, (name for name, _ in expected.get(base, ()) if name in left), strict=True)
    taken = set(pairs.values())
    others = (name for functions in actual.values() for name, _ in functions if name not in pairs)
    return pairs | {name: f"{name}'" for name in others if name in taken}


def _base(name: str) -> str:
    found = _NUMBERED.fullmatch(name)
    return name if found is None else found["base"]


def _renaming(names: Mapping[str, str], known: Iterable[str]) -> Rename:
    """Return what renames functions, and masks counters in every other text."""
    library = set(known)

    def rename(text: str) -> str:
        new = names.get(text)
        if new is not None or text in library:
            return text if new is None else new
        return _masked(text)

    return rename


def _masked(text: str) -> str:
    """Return a text without counters; a function that was not saved is named without its number."""
    if text.startswith(("__forward_", "__inference_")) and (found := _NUMBERED.fullmatch(text)):
        return f"{found['base']}_*"
    for pattern, mask in _COUNTERS:
        text = pattern.sub(mask, text)
    return text


def _name_arguments_by_position(function: Any) -> dict[str, str]:
    """Replace the numbers at the end of the names of arguments, which are those of the captured resources.

    Returns:
        The new names of the arguments that have one, for the nodes.
    """
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for argument in function.signature.input_arg:
        found = _NUMBERED.fullmatch(re.sub(r"_\d+(?=___redundant_placeholder)", "", argument.name))
        base = found["base"] if found else re.sub(r"_\d+(?=___redundant)", "", argument.name)
        if base == argument.name:
            continue
        counts[base] += 1
        names[argument.name] = argument.name = f"{base}_*{counts[base]}"
    for attrs in function.arg_attr.values():
        if _SPECIFIED_NAME in attrs.attr:
            name = attrs.attr[_SPECIFIED_NAME].s
            attrs.attr[_SPECIFIED_NAME].s = b"*" if name.isdigit() else name
    for key, source in list(function.ret.items()):
        function.ret[key] = names.get(source, source)
    return names


def _forget_order(function: Any) -> None:
    """Sort the arguments of a function by what they are, and remove what depends on their order."""
    for argument in function.signature.input_arg:
        argument.ClearField("name")
    arguments = sorted(
        function.signature.input_arg, key=lambda one: one.SerializeToString(deterministic=True)
    )
    del function.signature.input_arg[:]
    function.signature.input_arg.extend(arguments)
    for field in ("arg_attr", "ret", "control_ret"):
        function.ClearField(field)


def _sort_unordered_list(graph: Any) -> None:
    """Sort the list that a Keras export makes from a set by what the variables in it are."""
    if not graph.nodes:
        return
    for child in graph.nodes[0].children:
        if child.local_name == _UNORDERED_LIST:
            references = graph.nodes[child.node_id].children
            ordered = sorted(
                (graph.nodes[one.node_id].SerializeToString(deterministic=True), one.node_id)
                for one in references
            )
            for number, (reference, (_, target)) in enumerate(zip(references, ordered, strict=True)):
                reference.local_name, reference.node_id = str(number), target
