"""Give the nodes and functions of one message the names that they have in the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph._util.text import counted
from pytest_metagraph.diff.differences import Difference, DifferenceCode
from pytest_metagraph.diff.generated_names import rename_in_message
from pytest_metagraph.diff.names.matching import Matching, match_structures
from pytest_metagraph.diff.names.references import Aliases, aliases_of, walk_references
from pytest_metagraph.diff.names.structure import (
    body_structure,
    function_key,
    graph_structure,
    renamed_reference,
    string_lists,
)
from pytest_metagraph.diff.sides import Side
from reference_impl import schema
from reference_impl.schema import FunctionDef, NodeDef
from reference_impl.scope import COLOCATION_PREFIX

_ARGUMENT_NAME = "_user_specified_name"
"""The attribute with the name that the code of a model gives an argument."""


class NameMatch(NamedTuple):
    """A message under the names of another one.

    Attributes:
        side: the actual side with the names of the expected side.
        notes: a note for each node and function that had another name, and for those whose partner is one of
            several that cannot be told apart.
    """

    side: Side
    notes: list[Difference]


def match_names(actual: Side, expected: Side, message_type: str) -> NameMatch:
    """Find which node is which by structure, and rename those of the actual side.

    Nodes are matched from the inputs and outputs of the graph, by op, attributes and edges. Functions are
    matched by name, or else by their bodies. A node without a partner keeps its name, unless that is now the
    name of another one.

    Args:
        actual: the side whose names are replaced; it is not changed.
        expected: the side whose names are used.
        message_type: the short name of the message type.
    """
    own, other = (_parsed(side, message_type) for side in (actual, expected))
    notes: list[Difference] = []
    if message_type == "NodeDef":
        own.name = other.name
    elif message_type == "FunctionDef":
        _rename_body(own, other, {}, {}, notes)
        own.signature.name = other.signature.name
    else:
        _rename_graph(own, other, notes)
    view = VIEWS[message_type].FromString(own.SerializeToString(deterministic=True))
    return NameMatch(replace(actual, view=view), notes)


def _parsed(side: Side, message_type: str) -> Any:
    return getattr(schema, message_type).FromString(side.view.SerializeToString(deterministic=True))


def _rename_graph(own: Any, other: Any, notes: list[Difference]) -> None:
    """Rename the functions, their bodies and the nodes of a GraphDef or MetaGraphDef."""
    own_graph, other_graph = (getattr(message, "graph_def", message) for message in (own, other))
    functions = _pair_functions(own_graph.library.function, other_graph.library.function)
    own_labels = {name: number for number, name in enumerate(functions.values())}
    other_labels = {name: number for number, name in enumerate(functions)}
    bodies = {function.signature.name: function for function in own_graph.library.function}
    for function in other_graph.library.function:
        partner = bodies.get(functions.get(function.signature.name, ""))
        if partner is not None:
            _rename_body(partner, function, own_labels, other_labels, notes)
    anchors = [
        [] if message is graph else list(walk_references(message))
        for message, graph in ((own, own_graph), (other, other_graph))
    ]
    matching = match_structures(
        graph_structure(other_graph.node, other_labels, ((one.place, one.text) for one in anchors[1])),
        graph_structure(own_graph.node, own_labels, ((one.place, one.text) for one in anchors[0])),
    )
    names = _new_names(own_graph.node, other_graph.node, matching)
    _note_renames("graph_def.node", own_graph.node, other_graph.node, matching, notes)
    aliases = aliases_of(own, other, _partners(own_graph.node, other_graph.node, matching))
    _rename_nodes(own_graph.node, other_graph.node, matching, names, aliases)
    for reference in anchors[0]:
        reference.replace(lambda name: names.get(name, name))
    if own is not own_graph:
        aliases.rename_in(own)
    changed = {name: old for old, name in functions.items() if old != name}
    if changed:
        rename_in_message(own, changed)
        section = "graph_def.library.function"
        notes.extend(
            Difference(DifferenceCode.NAME_IGNORED, section, old, "", "name", old, new)
            for new, old in changed.items()
        )


def _pair_functions(own: Sequence[FunctionDef], other: Sequence[FunctionDef]) -> dict[str, str]:
    """Return the own name of each function that both sides have, by its name on the other side."""
    keys = [_function_keys(functions) for functions in (own, other)]
    pairs = {name: name for name, key in keys[1].items() if keys[0].get(name) == key}
    classes: defaultdict[Hashable, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    taken = set(pairs)
    for number, found in enumerate(keys):
        for name in sorted(found, key=_by_number):
            if name not in taken:
                classes[found[name]][number].append(name)
    for own_names, other_names in classes.values():
        pairs.update(zip(other_names, own_names, strict=False))
    own_taken = set(pairs.values())
    pairs.update((name, name) for name in keys[1] if name not in pairs and name in keys[0].keys() - own_taken)
    return pairs


def _function_keys(functions: Iterable[FunctionDef]) -> dict[str, Hashable]:
    labels = dict.fromkeys((function.signature.name for function in functions), "any")
    return {function.signature.name: function_key(function, labels) for function in functions}


def _by_number(name: str) -> tuple[str, int]:
    """Order functions of one origin by the number at the end of their names, as they were traced."""
    base, _, number = name.rpartition("_")
    return (base, int(number)) if number.isdecimal() else (name, 0)


def _rename_body(
    own: FunctionDef,
    other: FunctionDef,
    own_labels: Mapping[str, int],
    other_labels: Mapping[str, int],
    notes: list[Difference],
) -> None:
    """Rename the nodes, arguments and results of a function body."""
    own_start, other_start = len(own.signature.input_arg), len(other.signature.input_arg)
    matching = match_structures(body_structure(other, other_labels), body_structure(own, own_labels))
    within = Matching(
        {
            left - other_start: right - own_start
            for left, right in matching.pairs.items()
            if 0 <= left - other_start < len(other.node_def) and 0 <= right - own_start < len(own.node_def)
        },
        [left - other_start for left in matching.ambiguous if 0 <= left - other_start < len(other.node_def)],
    )
    names = _new_names(own.node_def, other.node_def, within)
    section = f"graph_def.library.function {other.signature.name}"
    _note_renames(section, own.node_def, other.node_def, within, notes)
    for argument, partner in zip(own.signature.input_arg, other.signature.input_arg, strict=False):
        names[argument.name] = partner.name
        argument.name = partner.name
    for number in own.arg_attr:
        if number in other.arg_attr:
            _adopt_argument_name(own.arg_attr[number].attr, other.arg_attr[number].attr)
    aliases = aliases_of(own, other, _partners(own.node_def, other.node_def, within))
    _rename_nodes(own.node_def, other.node_def, within, names, aliases)
    for results, partners, values in (
        (
            [one.name for one in own.signature.output_arg],
            [one.name for one in other.signature.output_arg],
            own.ret,
        ),
        (list(own.signature.control_output), list(other.signature.control_output), own.control_ret),
    ):
        renamed = dict(zip(results, partners, strict=False)) if len(results) == len(partners) else {}
        found = {
            renamed.get(key, key): renamed_reference(value, _renamer(names)) for key, value in values.items()
        }
        values.clear()
        values.update(found)
    for result, partner in zip(own.signature.output_arg, other.signature.output_arg, strict=False):
        result.name = partner.name
    if len(own.signature.control_output) == len(other.signature.control_output):
        own.signature.control_output[:] = other.signature.control_output


def _partners(
    own: Sequence[NodeDef], other: Sequence[NodeDef], matching: Matching
) -> Iterator[tuple[NodeDef, NodeDef]]:
    for left, right in matching.pairs.items():
        if left < len(other) and right < len(own):
            yield own[right], other[left]


def _new_names(own: Sequence[NodeDef], other: Sequence[NodeDef], matching: Matching) -> dict[str, str]:
    """Return the new name of each node; a node without a partner keeps its own if it is free."""
    names = {node.name: partner.name for node, partner in _partners(own, other, matching)}
    taken = set(names.values())
    for node in own:
        if node.name not in names:
            name = node.name
            while name in taken:
                name += " (actual)"
            names[node.name] = name
            taken.add(name)
    return names


def _renamer(names: Mapping[str, str]) -> Callable[[str], str]:
    return lambda name: names.get(name, name)


def _rename_nodes(
    own: Sequence[NodeDef],
    other: Sequence[NodeDef],
    matching: Matching,
    names: Mapping[str, str],
    aliases: Aliases,
) -> None:
    rename = _renamer(names)
    for node, partner in _partners(own, other, matching):
        _adopt_argument_name(node.attr, partner.attr)
        for key in node.attr:
            if key in partner.attr:
                _rename_attr(node.attr[key], partner.attr[key], rename, aliases)
    for node in own:
        node.name = rename(node.name)
        if node.input:
            node.input[:] = [renamed_reference(reference, rename) for reference in node.input]


def _adopt_argument_name(own: Any, other: Any) -> None:
    """Take the name of an argument from the other side's attributes; traced functions number these names."""
    if _ARGUMENT_NAME in own and _ARGUMENT_NAME in other:
        own[_ARGUMENT_NAME].CopyFrom(other[_ARGUMENT_NAME])


def _rename_attr(own: Any, other: Any, rename: Callable[[str], str], aliases: Aliases) -> None:
    """Rename strings of an attribute that are names: those that the other side has under its own names."""
    if own.WhichOneof("value") not in {"s", "list", "tensor"}:
        return
    for texts, partners in zip(string_lists(own), string_lists(other), strict=False):
        if list(texts) == list(partners) or len(texts) != len(partners):
            continue
        renamed = [_renamed_text(text, rename, aliases) for text in texts]
        known = set(partners)
        changed = [new if new in known else text for text, new in zip(texts, renamed, strict=True)]
        if own.WhichOneof("value") == "s":
            own.s = changed[0]
        else:
            texts[:] = changed  # type: ignore[index] # a repeated field, and not the list of a single string


def _renamed_text(text: bytes, rename: Callable[[str], str], aliases: Aliases) -> bytes:
    decoded = text.decode(errors="surrogateescape")
    prefix = COLOCATION_PREFIX if decoded.startswith(COLOCATION_PREFIX) else ""
    name = decoded.removeprefix(prefix)
    renamed = renamed_reference(name, rename)
    return (prefix + (aliases.renamed(name) if renamed == name else renamed)).encode(errors="surrogateescape")


def _note_renames(
    section: str,
    own: Sequence[NodeDef],
    other: Sequence[NodeDef],
    matching: Matching,
    notes: list[Difference],
) -> None:
    """Note each partner with another name, and those that are one of several."""
    ambiguous = Counter[str]()
    uncertain = set(matching.ambiguous)
    for left, right in sorted(matching.pairs.items()):
        if left < len(other) and right < len(own) and (new := own[right].name) != (old := other[left].name):
            notes.append(
                Difference(DifferenceCode.NAME_IGNORED, section, old, other[left].op, "name", old, new)
            )
            if left in uncertain:
                ambiguous[other[left].op] += 1
    for op, count in ambiguous.items():
        text = f"{counted(count, 'node')} paired in order, because they cannot be told apart"
        notes.append(Difference(DifferenceCode.NAME_AMBIGUOUS, section, op, "", "", text, text))
