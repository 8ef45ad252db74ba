"""Bring two saves of one model into a form in which nothing differs that means nothing.

TensorFlow numbers functions, resources and gradients as it creates them, and takes the number into names; and
what a save and a restore do follows from the object graph, in an order that may come from a Python set.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.generated_names import rewrite_texts
from pytest_metagraph.diff.rules.object_graphs import ObjectGraph
from pytest_metagraph.diff.sides import Side
from reference_impl.schema import FunctionDef, MetaGraphDef

_NUMBERED: Final = re.compile(r"(?P<base>.*?)(?P<numbers>(?:_\d+)+)")
_COUNTERS: Final = (
    (re.compile(r"(?:(?<=^CustomGradient-)|(?<=^PartitionedCall-)|(?<=^StatefulPartitionedCall-))\d+$"), "*"),
    (re.compile(r"(?<=embedding_lookup/)\d+"), "*"),
    (re.compile(r"(?<= at 0x)[0-9a-f]+"), "*"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "*"),
)
"""The numbers of gradients and of looked-up resources, addresses of objects, and random identifiers."""

_MOST_CALLS: Final = 20
"""The depth of calls up to which functions are told apart by what they call."""

_SAVING: Final = ("__inference__traced_save", "__inference__traced_restore")
_SPECIFIED_NAME: Final = "_user_specified_name"
_UNORDERED_LIST: Final = "_all_variables"
"""The list of a Keras export that is made from a set."""

Rename = Callable[[str], str]


def canonical_saves(expected: Side, actual: Side) -> tuple[Side, Side]:
    """Return both sides without what differs between two saves of one model.

    Args:
        expected: a MetaGraphDef; it is not changed.
        actual: another one. It gets the names that the functions of the expected side have.

    Returns:
        The new sides.
    """
    left, right = (MetaGraphDef.FromString(side.view.SerializeToString()) for side in (expected, actual))
    for message in (left, right):
        _clear_saving(message)
        _sort_unordered_list(message.object_graph_def)
        for function in message.graph_def.library.function:
            _name_arguments_by_position(function)
    digests = _digests(left), _digests(right)
    own_names: tuple[dict[str, str], dict[str, str]] = {}, _pairs(_by_base(digests[0]), _by_base(digests[1]))
    views = []
    for message, own, digest in zip((left, right), own_names, digests, strict=True):
        _rename(message, own, own | _alike(digest, *digests))
        views.append(VIEWS["MetaGraphDef"].FromString(message.SerializeToString(deterministic=True)))
    return replace(expected, view=views[0]), replace(actual, view=views[1])


def _rename(message: MetaGraphDef, names: Mapping[str, str], references: Mapping[str, str]) -> None:
    """Rename functions, and mask counters in every text.

    Args:
        message: the message to change.
        names: the names that functions get, where they are defined.
        references: the names by which functions are called.
    """
    graph, library = message.object_graph_def, message.graph_def.library
    own = _function_names(message)
    bound = {name: function.SerializeToString() for name, function in graph.concrete_functions.items()}
    graph.ClearField("concrete_functions")
    rewrite_texts(message, _renaming(references, own))
    for function, name in zip(library.function, own, strict=True):
        function.signature.name = names.get(name, name)
    for name, content in bound.items():
        graph.concrete_functions[names.get(name, name)].MergeFromString(content)
    for node in graph.nodes:
        if node.WhichOneof("kind") == "function":  # in the order of tracing, or none at all
            node.function.concrete_functions.sort()


def _alike(own: Mapping[str, str], expected: Mapping[str, str], actual: Mapping[str, str]) -> dict[str, str]:
    """Return one name for all functions that do the same, if both sides have such a function."""
    first: dict[str, str] = {}
    both = set(actual.values())
    for name, digest in expected.items():
        if digest in both:
            first.setdefault(digest, name)
    return {name: first[digest] for name, digest in own.items() if digest in first}


def _function_names(message: MetaGraphDef) -> list[str]:
    return [function.signature.name for function in message.graph_def.library.function]


_Numbered = dict[str, list[tuple[str, str]]]
"""The numbered functions by their names without the number, with a digest of what each does, in order."""


def _by_base(digests: Mapping[str, str]) -> _Numbered:
    found: dict[str, list[tuple[list[int], str]]] = defaultdict(list)
    for name in digests:
        if (numbered := _NUMBERED.fullmatch(name)) is not None:
            numbers = [int(number) for number in numbered["numbers"].split("_")[1:]]
            found[numbered["base"]].append((numbers, name))
    return {base: [(name, digests[name]) for _, name in sorted(having)] for base, having in found.items()}


def _digests(message: MetaGraphDef) -> dict[str, str]:
    """Return a digest of what each function does and is bound to, whatever the numbers in the names are."""
    graph = ObjectGraph(message.object_graph_def)
    bound = {
        name: str([graph.path(number) for number in function.bound_inputs]).encode()
        for name, function in message.object_graph_def.concrete_functions.items()
    }
    own: dict[str, bytes] = {}
    calls: dict[str, list[str]] = {}
    known = set(_function_names(message))
    for function in message.graph_def.library.function:
        called: list[str] = []

        def without_number(text: str, called: list[str] = called) -> str:
            if text not in known:
                return _masked(text)
            called.append(text)
            return _base(text)

        copy = FunctionDef()
        copy.CopyFrom(function)
        rewrite_texts(copy, without_number)
        name = function.signature.name
        own[name] = copy.SerializeToString(deterministic=True) + bound.get(name, b"")
        calls[name] = called
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


def _name_arguments_by_position(function: Any) -> None:
    """Replace the numbers at the end of the names of arguments, which are those of the captured resources."""
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
    if not names:
        return
    for node in function.node_def:
        for index, source in enumerate(node.input):
            if source in names:
                node.input[index] = names[source]
    for key, source in list(function.ret.items()):
        function.ret[key] = names.get(source, source)


def _clear_saving(message: MetaGraphDef) -> None:
    """Reduce the functions that save and restore to what they are made of.

    What they do follows from the object graph, which is compared by itself. Which variable is saved at which
    place does not, and may be in the order of a set.
    """
    saving = set()
    for function in message.graph_def.library.function:
        if not function.signature.name.startswith(_SAVING):
            continue
        saving.add(function.signature.name)
        for argument in function.signature.input_arg:
            argument.ClearField("name")
        arguments = sorted(
            function.signature.input_arg, key=lambda one: one.SerializeToString(deterministic=True)
        )
        ops = Counter(node.op for node in function.node_def)
        del function.signature.input_arg[:], function.node_def[:]
        function.signature.input_arg.extend(arguments)
        for field in ("arg_attr", "ret", "control_ret"):
            function.ClearField(field)
        for op, count in sorted(ops.items()):
            function.node_def.add(name=f"{count} of {op}", op=op)
    named = {node.name: node for node in message.graph_def.node}
    for node in message.graph_def.node:
        if "f" in node.attr and node.attr["f"].func.name in saving:
            for source in node.input:
                constant = named.get(source.partition(":")[0])
                if constant is not None and constant.op == "Const":  # the object graph of the checkpoint
                    constant.attr["value"].Clear()
            node.input[:] = sorted(node.input)
            node.attr["Tin"].list.type[:] = sorted(node.attr["Tin"].list.type)


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
