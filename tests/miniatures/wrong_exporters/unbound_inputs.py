"""Wrong exporters: inputs that come from outside a scope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from miniature import Right, changes_message, replaces
from seams import Seam

from reference_impl.arguments import ExportArguments
from reference_impl.node_filter import NodeFilter
from reference_impl.schema import MetaGraphDef
from reference_impl.scope import DocumentedScope

_KEY = "unbound_inputs"
_PREFIX = "$unbound_inputs_"


def _entries(message: MetaGraphDef) -> list[str]:
    if _KEY not in message.collection_def:
        return []
    return [name.decode() for name in message.collection_def[_KEY].bytes_list.value]


def _state_entries(message: MetaGraphDef, entries: Iterable[str]) -> None:
    message.collection_def[_KEY].bytes_list.value[:] = [name.encode() for name in entries]


def _rename(message: MetaGraphDef, old: str, new: str) -> None:
    for node in message.graph_def.node:
        node.input[:] = [name.replace(old, new) for name in node.input]
    if entries := _entries(message):
        _state_entries(message, [name.replace(old, new) for name in entries])


@changes_message("UNB-01")
def keeps_outside_inputs(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Leaves inputs from outside the scope under their own names."""
    _rename(message, _PREFIX, "")


@changes_message("UNB-01")
def forgets_the_dollar_sign(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Renames outside inputs with a prefix of its own."""
    _rename(message, _PREFIX, "unbound_inputs_")


def _drop_inputs(message: MetaGraphDef, prefixes: tuple[str, ...]) -> None:
    for node in message.graph_def.node:
        node.input[:] = [name for name in node.input if not name.startswith(prefixes)]


@changes_message("UNB-01")
def drops_outside_inputs(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Removes inputs from outside the scope from their nodes."""
    _drop_inputs(message, (_PREFIX, f"^{_PREFIX}"))


@changes_message("UNB-01")
def drops_outside_control_inputs(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Removes control inputs from outside the scope and keeps the data inputs."""
    _drop_inputs(message, (f"^{_PREFIX}",))


@replaces(Seam.RESCOPE_INPUTS, "UNB-01")
def forgets_which_output(
    right: Right, inputs: list[str], scope: DocumentedScope, seen: list[str]
) -> list[str]:
    """Loses the output's index of an input from outside the scope."""
    renamed = right(inputs, scope, seen)
    seen[:] = [name.partition(":")[0] for name in seen]
    return [name.partition(":")[0] if _PREFIX in name else name for name in renamed]


@replaces(Seam.RESCOPE_INPUTS, "UNB-01")
def puts_the_prefix_before_the_control_mark(
    right: Right, inputs: list[str], scope: DocumentedScope, seen: list[str]
) -> list[str]:
    """Writes `$unbound_inputs_^x` for a control input from outside the scope."""
    return [name.replace(f"^{_PREFIX}", f"{_PREFIX}^") for name in right(inputs, scope, seen)]


@replaces(Seam.RESCOPE_INPUTS, "UNB-01")
def takes_control_inputs_for_outside_ones(
    right: Right, inputs: list[str], scope: DocumentedScope, seen: list[str]
) -> list[str]:
    """Compares `^x` with the scope, so that no control input ever lies in it."""
    old_inputs = list(inputs)
    renamed = right(old_inputs, scope, seen)
    return [
        f"^{_PREFIX}{old[1:]}" if old.startswith("^") else new
        for old, new in zip(old_inputs, renamed, strict=True)
    ]


@changes_message("UNB-02")
def lists_each_outside_input_once(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Lists an outside input once, however often it is used."""
    if entries := _entries(message):
        _state_entries(message, dict.fromkeys(entries))


@changes_message("UNB-02")
def sorts_outside_inputs(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Lists outside inputs by name instead of in the order of their uses."""
    if entries := _entries(message):
        _state_entries(message, sorted(entries))


@changes_message("UNB-02")
def lists_outside_inputs_without_prefix(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Lists outside inputs under their own names, without the prefix that the nodes carry."""
    if entries := _entries(message):
        _state_entries(message, [name.removeprefix(_PREFIX) for name in entries])


@changes_message("UNB-02")
def makes_no_collection_of_outside_inputs(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Renames outside inputs and lists them nowhere."""
    if _entries(message):
        del message.collection_def[_KEY]


@replaces(Seam.WRITE_MESSAGE, "UNB-03")
def lists_outside_control_inputs(
    right: Right, arguments: ExportArguments, nodes: NodeFilter, message: MetaGraphDef
) -> None:
    """Lists control inputs from outside the scope, too."""
    if any(name.startswith("^") for name in nodes.unbound) and (
        arguments.collection_list is None or _KEY in list(arguments.collection_list)
    ):
        _state_entries(message, nodes.unbound)
    right(arguments, nodes, message)


@replaces(Seam.WRITE_MESSAGE, "UNB-03")
def lists_nothing_for_outside_control_inputs(
    right: Right, arguments: ExportArguments, nodes: NodeFilter, message: MetaGraphDef
) -> None:
    """Writes an empty collection where only control inputs come from outside."""
    if nodes.unbound and arguments.collection_list is None and _KEY not in message.collection_def:
        message.collection_def[_KEY].bytes_list.SetInParent()
    right(arguments, nodes, message)


@replaces(Seam.WRITE_MESSAGE, "UNB-04")
def lists_outside_inputs_unasked(
    right: Right, arguments: ExportArguments, nodes: NodeFilter, message: MetaGraphDef
) -> None:
    """Exports the collection of unbound inputs also where collection_list leaves it out."""
    entries = [name for name in nodes.unbound if not name.startswith("^")]
    if entries:
        _state_entries(message, entries)
    right(arguments, nodes, message)


@changes_message("UNB-04")
def renames_outside_inputs_only_if_it_lists_them(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Renames outside inputs only if their collection is requested."""
    if arguments.collection_list is not None and _KEY not in list(arguments.collection_list):
        _rename(message, _PREFIX, "")


@replaces(Seam.CHECKED_ARGUMENTS, "UNB-05")
def insists_on_a_name_for_the_collection(right: Right, **fields: Any) -> ExportArguments:
    """Takes the usual name for the collection of unbound inputs where none is wanted."""
    name = fields["unbound_inputs_col_name"] or _KEY
    arguments: ExportArguments = right(**{**fields, "unbound_inputs_col_name": name})
    return arguments


@replaces(Seam.CHECKED_ARGUMENTS, "UNB-05")
def ignores_the_name_for_the_collection(right: Right, **fields: Any) -> ExportArguments:
    """Always calls the collection of unbound inputs by its usual name."""
    arguments: ExportArguments = right(**{**fields, "unbound_inputs_col_name": _KEY})
    return arguments


@changes_message("UNB-06")
def makes_an_empty_collection_of_outside_inputs(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Writes the collection of unbound inputs under every scope, also where no input is unbound."""
    if arguments.export_scope and arguments.collection_list is None:
        message.collection_def[_KEY].bytes_list.SetInParent()


@replaces(Seam.WRITE_MESSAGE, "UNB-07")
def keeps_unbound_inputs_in_the_graph(
    right: Right, arguments: ExportArguments, nodes: NodeFilter, message: MetaGraphDef
) -> None:
    """Leaves the collection of unbound inputs in the graph, where a later export finds it."""
    if arguments.export_scope:
        arguments.graph.clear_collection(_KEY)
        for name in nodes.unbound:
            arguments.graph.add_to_collection(_KEY, name)
    right(arguments, nodes, message)


@replaces(Seam.REPLACED_COLLECTIONS, "UNB-08")
def empties_the_users_unbound_inputs(
    right: Right, arguments: ExportArguments, nodes: NodeFilter
) -> dict[str, list[Any]]:
    """Drops a collection of the user that is named unbound_inputs in every filtered export."""
    replaced: dict[str, list[Any]] = right(arguments, nodes)
    if arguments.clear_devices or arguments.clear_extraneous_savers:
        replaced.setdefault(_KEY, [])
    return replaced
