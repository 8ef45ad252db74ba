"""Bring two saves of one model into a form in which nothing differs that means nothing.

TensorFlow numbers functions, resources and gradients as it creates them, and takes the number into names; and
what a save and a restore do follows from the object graph, in an order that may come from a Python set.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.generated_names import SAVING_FUNCTIONS, rewrite_texts
from pytest_metagraph.diff.rules.object_graphs import ObjectGraph
from pytest_metagraph.diff.saved_functions import (
    Rename,
    SavedFunction,
    base_and_numbers,
    forget_order,
    masked,
    masked_numbers,
    may_change,
    numbers_of,
    renaming,
    rewritten_node,
    same_nodes,
)
from pytest_metagraph.diff.sides import Side
from reference_impl.schema import NodeDef
from reference_impl.serialization import without

_MOST_CALLS: Final = 20
"""The depth of calls up to which functions are told apart by what they call."""

_UNORDERED_LIST: Final = "_all_variables"
"""The list of a Keras export that is made from a set."""


def canonical_saves(expected: Side, actual: Side) -> tuple[Side, Side]:
    """Return both sides without what differs between two saves of one model.

    Args:
        expected: a MetaGraphDef or GraphDef; it is not changed.
        actual: another one of the same type. It gets the names that the functions of the expected side have.

    Returns:
        The new sides.
    """
    left, right = _Save(expected.view), _Save(actual.view)
    in_order = _in_order(left, right)
    if in_order is not None and left.has_the_content_of(right, in_order):
        right.share_content(left, in_order)
        return replace(expected, view=left.view()), replace(actual, view=right.view())
    digests = left.digests(), right.digests()
    paired = _pairs(_by_base(digests[0]), _by_base(digests[1]))
    left.rename({}, _alike(digests[0], *digests))
    right.rename(paired, paired | _alike(digests[1], *digests))
    return replace(expected, view=left.view()), replace(actual, view=right.view())


class _Save:
    """A MetaGraphDef or GraphDef whose nodes stay bytes unless they change.

    Args:
        view: a shallow message, which is not changed.
    """

    def __init__(self, view: Any) -> None:
        self._is_graph = view.DESCRIPTOR.name == "GraphDef"
        graph = view if self._is_graph else view.graph_def
        self._nodes = list(graph.node)
        self._functions = [SavedFunction(data) for data in graph.library.function]
        self.rest = VIEWS["MetaGraphDef"]() if self._is_graph else without(view, "graph_def")
        self._graph = without(graph, "node", "library")
        self.library = without(graph.library, "function")
        self.names = [function.head.signature.name for function in self._functions]
        self._numbers = numbers_of(self.names)
        self._clear_saving()
        _sort_unordered_list(self.rest.object_graph_def)

    def view(self) -> Any:
        """Return the shallow message."""
        view = VIEWS["MetaGraphDef"].FromString(self.rest.SerializeToString(deterministic=True))
        view.graph_def.MergeFrom(self._graph)
        view.graph_def.node.extend(self._nodes)
        view.graph_def.library.MergeFrom(self.library)
        for function in self._functions:
            view.graph_def.library.function.append(function.serialised())
        return view.graph_def if self._is_graph else view

    def rename(self, names: Mapping[str, str], references: Mapping[str, str]) -> None:
        """Rename functions, and mask counters in every text.

        Args:
            names: the names that functions get, where they are defined.
            references: the names by which functions are called.
        """
        rewrite = renaming(references, self.names)
        for function, name in zip(self._functions, self.names, strict=True):
            function.change(*function.rewritten(rewrite, self._numbers))
            function.head.signature.name = names.get(name, name)
        self._nodes = [
            rewritten_node(data, rewrite, {}) if may_change(data, self._numbers) else data
            for data in self._nodes
        ]
        self.rest = self.renamed_rest(names, rewrite)
        rewrite_texts(self.library, rewrite)

    def renamed_rest(self, names: Mapping[str, str], rewrite: Rename) -> Any:
        """Return everything but the graph with other texts."""
        rest = without(self.rest)
        graph = rest.object_graph_def
        bound = {name: function.SerializeToString() for name, function in graph.concrete_functions.items()}
        graph.ClearField("concrete_functions")
        rewrite_texts(rest, rewrite)
        for name, content in bound.items():
            graph.concrete_functions[names.get(name, name)].MergeFromString(content)
        for node in graph.nodes:
            if node.WhichOneof("kind") == "function":  # in the order of tracing, or none at all
                node.function.concrete_functions.sort()
        return rest

    # -- saves that are equal if the functions are paired in order, which most are

    def has_the_content_of(self, actual: _Save, names: Mapping[str, str]) -> bool:
        """Return whether functions, nodes and objects are the same if functions get other names.

        Args:
            actual: another save.
            names: the name here of each function of the other save.
        """
        rewrites = renaming({}, self.names), renaming(names, actual.names)
        numbers = self._numbers | actual._numbers
        functions = dict(zip(self.names, self._functions, strict=True))
        others = dict(zip(actual.names, actual._functions, strict=True))
        objects = [
            save.renamed_rest(new, rewrite).object_graph_def.SerializeToString(deterministic=True)
            for save, new, rewrite in ((self, {}, rewrites[0]), (actual, names, rewrites[1]))
        ]
        return (
            objects[0] == objects[1]
            and same_nodes(self._nodes, actual._nodes, rewrites, ({}, {}), numbers)
            and all(
                functions[name].is_same(others[other], rewrites, numbers) for other, name in names.items()
            )
        )

    def share_content(self, expected: _Save, names: Mapping[str, str]) -> None:
        """Take functions and nodes of another save, which are the same, and rename the rest of both."""
        for save, new in ((expected, {}), (self, names)):
            rewrite = renaming(new, save.names)
            save.rest = save.renamed_rest(new, rewrite)
            rewrite_texts(save.library, rewrite)
        self._nodes, self._functions = expected._nodes, expected._functions

    def digests(self) -> dict[str, str]:
        """Return a digest of what each function does and is bound to, whatever the numbers in names are."""
        graph = ObjectGraph(self.rest.object_graph_def)
        bound = {
            name: str([graph.path(number) for number in function.bound_inputs]).encode()
            for name, function in self.rest.object_graph_def.concrete_functions.items()
        }
        own: dict[str, bytes] = {}
        calls: dict[str, list[str]] = {}
        known = set(self.names)
        for function, name in zip(self._functions, self.names, strict=True):
            called: list[str] = []

            def without_number(text: str, called: list[str] = called) -> str:
                if text not in known:
                    return masked(text)
                called.append(text)
                return base_and_numbers(text)[0]

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
        saving = {name for name in self.names if name.startswith(SAVING_FUNCTIONS)}
        for function, name in zip(self._functions, self.names, strict=True):
            if name in saving:
                ops = Counter(VIEWS["BodyNodeDef"].FromString(node).op for node in function.nodes)
                nodes = [
                    NodeDef(name=f"{count} of {op}", op=op).SerializeToString()
                    for op, count in sorted(ops.items())
                ]
                forget_order(function.head)
                function.change(function.head, nodes)
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


def _in_order(expected: _Save, actual: _Save) -> dict[str, str] | None:
    """Return the expected name of each actual function, paired in the order of the numbers.

    Returns:
        The names; None if the sides do not have as many functions with each base name, or one is there twice.
    """
    ordered = [sorted(save.names, key=base_and_numbers) for save in (expected, actual)]
    bases = [[masked_numbers(name) for name in names] for names in ordered]
    if bases[0] != bases[1] or any(len(set(names)) < len(names) for names in ordered):
        return None
    return dict(zip(ordered[1], ordered[0], strict=True))


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
        base, numbers = base_and_numbers(name)
        if numbers:
            found[base].append((numbers, name))
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
