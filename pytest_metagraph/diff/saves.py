"""Bring two saves of one model into a form in which nothing differs that means nothing.

TensorFlow numbers functions, resources and gradients as it creates them, and takes the number into names; and
what a save and a restore do follows from the object graph, in an order that may come from a Python set.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.generated_names import rewrite_texts
from pytest_metagraph.diff.sides import Side
from reference_impl.schema import MetaGraphDef

_NUMBERED: Final = re.compile(r"(?P<base>.*?)(?P<numbers>(?:_\d+)+)")
_COUNTERS: Final = (
    (re.compile(r"(?:(?<=^CustomGradient-)|(?<=^PartitionedCall-)|(?<=^StatefulPartitionedCall-))\d+$"), "*"),
    (re.compile(r"(?<=embedding_lookup/)\d+"), "*"),
    (re.compile(r"(?<= at 0x)[0-9a-f]+"), "*"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "*"),
)
"""The numbers of gradients and of looked-up resources, addresses of objects, and random identifiers."""

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
    names = _pairs(_function_names(left), _function_names(right))
    for message, renamed in ((left, {}), (right, names)):
        _clear_saving(message)
        _sort_unordered_list(message.object_graph_def)
        for function in message.graph_def.library.function:
            _name_arguments_by_position(function)
        rewrite_texts(message, _renaming(renamed, _function_names(message)))
    views = (
        VIEWS["MetaGraphDef"].FromString(message.SerializeToString(deterministic=True))
        for message in (left, right)
    )
    return replace(expected, view=next(views)), replace(actual, view=next(views))


def _function_names(message: MetaGraphDef) -> list[str]:
    return [function.signature.name for function in message.graph_def.library.function]


def _pairs(expected: Iterable[str], actual: Iterable[str]) -> dict[str, str]:
    """Return the expected name of each actual function; those of one base in the order of their numbers."""
    left, right = _by_base(expected), _by_base(actual)
    pairs = {
        mine: theirs
        for base, names in right.items()
        if len(names) == len(left.get(base, ()))
        for mine, theirs in zip(names, left[base], strict=True)
    }
    taken = set(pairs.values())
    others = (name for names in right.values() for name in names if name not in pairs)
    return pairs | {name: f"{name}'" for name in others if name in taken}


def _by_base(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[tuple[list[int], str]]] = defaultdict(list)
    for name in names:
        numbered = _NUMBERED.fullmatch(name)
        if numbered is not None:
            numbers = [int(number) for number in numbered["numbers"].split("_")[1:]]
            found[numbered["base"]].append((numbers, name))
    return {base: [name for _, name in sorted(having)] for base, having in found.items()}


def _renaming(names: Mapping[str, str], known: Iterable[str]) -> Rename:
    """Return what renames functions, and masks counters in every other text."""
    library = set(known)

    def rename(text: str) -> str:
        new = names.get(text)
        if new is not None or text in library:
            return text if new is None else new
        if text.startswith(("__forward_", "__inference_")) and (found := _NUMBERED.fullmatch(text)):
            return f"{found['base']}_*"  # a function that was not saved
        for pattern, mask in _COUNTERS:
            text = pattern.sub(mask, text)
        return text

    return rename


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
