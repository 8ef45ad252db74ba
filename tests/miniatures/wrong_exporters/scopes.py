"""Wrong exporters: which nodes a scope selects, and what they are called."""

from __future__ import annotations

import re
from typing import Any

from miniature import Right, changes_arguments, changes_message, replaces
from seams import Seam

from reference_impl import Contract
from reference_impl.arguments import ExportArguments
from reference_impl.op_defs import stripped_op_list
from reference_impl.schema import MetaGraphDef
from reference_impl.scope import DocumentedScope


@replaces(Seam.SCOPE_SELECTS, "SCOPE-01")
def takes_every_name_with_the_prefix(_right: Right, scope: DocumentedScope, name: str) -> bool:
    """Selects by the raw text of the scope, so that tower_1 also takes tower_10/x."""
    return name.startswith(scope._below.removesuffix("/"))


@replaces(Seam.SCOPE_SELECTS, "SCOPE-01")
def takes_the_node_named_like_the_scope(right: Right, scope: DocumentedScope, name: str) -> bool:
    """Selects also the node whose whole name is that of the scope."""
    return bool(right(scope, name)) or name == scope._below.removesuffix("/")


@replaces(Seam.SCOPE_SELECTS, "SCOPE-01")
def finds_the_scope_anywhere_in_a_name(_right: Right, scope: DocumentedScope, name: str) -> bool:
    """Selects every name that has the scope as one of its parts, at any depth."""
    return f"/{scope._below}" in f"/{name}"


@replaces(Seam.SCOPE_SELECTS, "SCOPE-01")
def selects_without_regard_to_case(_right: Right, scope: DocumentedScope, name: str) -> bool:
    """Selects names that differ from the scope in upper and lower case."""
    return name.lower().startswith(scope._below.lower())


@changes_arguments("SCOPE-01")
def ignores_the_scope(_arguments: ExportArguments) -> dict[str, Any]:
    """Takes export_scope and exports the whole graph."""
    return {"export_scope": ""}


@replaces(Seam.SCOPE_STRIP, "SCOPE-03")
def keeps_the_scope_in_names(_right: Right, _scope: DocumentedScope, name: str) -> str:
    """Selects the nodes of a scope and leaves their names whole."""
    return name


@replaces(Seam.RESCOPE_INPUTS, "SCOPE-03")
def strips_names_and_not_inputs(
    right: Right, inputs: list[str], scope: DocumentedScope, seen: Any
) -> list[str]:
    """Strips the names of nodes and leaves the inputs that refer to them whole."""
    old_inputs = list(inputs)
    renamed = right(old_inputs, scope, seen)
    return [old if "$unbound" not in new else new for old, new in zip(old_inputs, renamed, strict=True)]


@replaces(Seam.SCOPE_STRIP, "SCOPE-03")
def strips_to_the_last_part(_right: Right, _scope: DocumentedScope, name: str) -> str:
    """Strips everything before the last slash of a name, not just the scope."""
    return name.rpartition("/")[2]


@replaces(Seam.SCOPE_STRIP, "SCOPE-03")
def strips_every_occurrence(_right: Right, scope: DocumentedScope, name: str) -> str:
    """Strips the scope wherever it occurs in a name, not only at its start."""
    return name.replace(scope._below, "")


@replaces(Seam.SCOPE_INIT, "SCOPE-02")
def adds_a_slash_to_a_slash(right: Right, scope: DocumentedScope, text: str) -> None:
    """Puts a slash behind a scope that has one, so that `tower_1/` matches nothing."""
    right(scope, text)
    scope._below = text + "/"


@replaces(Seam.SCOPE_INIT, "SCOPE-02")
def drops_all_slashes_at_the_end(right: Right, scope: DocumentedScope, text: str) -> None:
    """Takes `tower_1//` for `tower_1`."""
    right(scope, text.rstrip("/") + "/")


@changes_message("SCOPE-04")
def renames_nodes_that_collide(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Gives a node another name where stripping makes two names equal."""
    names: set[str] = set()
    for node in message.graph_def.node:
        while node.name in names:
            node.name += "_1"
        names.add(node.name)


@changes_arguments("SCOPE-05")
def takes_the_first_part_of_a_nested_scope(arguments: ExportArguments) -> dict[str, Any]:
    """Takes only the outermost part of a nested scope."""
    return {"export_scope": arguments.export_scope.partition("/")[0]}


@changes_arguments("SCOPE-05")
def takes_the_last_part_of_a_nested_scope(arguments: ExportArguments) -> dict[str, Any]:
    """Takes only the innermost part of a nested scope."""
    return {"export_scope": arguments.export_scope.removesuffix("/").rpartition("/")[2]}


@changes_message("SCOPE-06")
def drops_the_library_of_an_empty_selection(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports no functions where a scope matches no node."""
    if not message.graph_def.node:
        message.graph_def.ClearField("library")


@changes_message("SCOPE-06", raises="ValueError")
def refuses_a_scope_without_nodes(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Raises where a scope matches no node."""
    if arguments.export_scope and not message.graph_def.node:
        raise ValueError(f"no node lies in {arguments.export_scope}")


@replaces(Seam.SCOPE_TEXT, "SCOPE-07")
def takes_the_empty_scope_for_a_scope(right: Right, export_scope: Any) -> str:
    """Takes an empty scope for one that no node lies in."""
    return "/" if export_scope == "" else str(right(export_scope))


@replaces(Seam.SCOPE_STRIP, "SCOPE-08")
def strips_by_regular_expression(_right: Right, scope: DocumentedScope, name: str) -> str:
    """Strips with the scope as a regular expression, so that `a.b` also strips `aXb/`."""
    return re.sub(f"^{scope._below}", "", name)


@replaces(Seam.SCOPE_SELECTS, "SCOPE-08")
def selects_by_regular_expression(_right: Right, scope: DocumentedScope, name: str) -> bool:
    """Selects with the scope as a regular expression, so that `a.b` also takes `aXb/x`."""
    return re.match(scope._below, name) is not None


@changes_arguments("SCOPE-09")
def drops_punctuation_of_a_scope(arguments: ExportArguments) -> dict[str, Any]:
    """Removes brackets, stars and the like from a scope before it selects."""
    return {"export_scope": re.sub(r"[^\w/.\-]", "", arguments.export_scope)}


@changes_arguments("SCOPE-09", raises="ValueError")
def refuses_a_scope_with_punctuation(arguments: ExportArguments) -> dict[str, Any]:
    """Raises for a scope that is not a regular expression."""
    try:
        re.compile(arguments.export_scope)
    except re.error as error:
        raise ValueError(str(error)) from error
    return {}


@replaces(Seam.SCOPE_TEXT, "SCOPE-10")
def takes_anything_for_a_scope(_right: Right, export_scope: Any) -> str:
    """Turns a scope that is not text into text."""
    return str(export_scope or "")


@replaces(Seam.CHECK_ARGUMENTS, "SCOPE-11")
def exports_the_scope_of_a_graph_def(right: Right, given: dict[str, Any], keyed: Any) -> ExportArguments:
    """Accepts graph_def and export_scope together, as TensorFlow does."""
    are_both_given = given["graph_def"] is not None and given["export_scope"]
    keyed = {**keyed, "contract": Contract.TENSORFLOW} if are_both_given else keyed
    arguments: ExportArguments = right(given, keyed)
    return arguments


@replaces(Seam.CHECK_ARGUMENTS, "SCOPE-11")
def prefers_the_graph_def_to_the_scope(right: Right, given: dict[str, Any], keyed: Any) -> ExportArguments:
    """Ignores the scope in silence where a graph_def is given."""
    scope = given["export_scope"] if given["graph_def"] is None else None
    arguments: ExportArguments = right({**given, "export_scope": scope}, keyed)
    return arguments


def _strip_text_attr(message: MetaGraphDef, arguments: ExportArguments, attr: str) -> None:
    below = f"{arguments.export_scope}/".encode()
    for node in message.graph_def.node:
        if arguments.export_scope and attr in node.attr:
            node.attr[attr].s = node.attr[attr].s.removeprefix(below)


@changes_message("SCOPE-12")
def strips_shared_names(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Strips the scope from the attribute shared_name."""
    _strip_text_attr(message, arguments, "shared_name")


@changes_message("SCOPE-12")
def strips_containers(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Strips the scope from the attribute container."""
    _strip_text_attr(message, arguments, "container")


@changes_message("SCOPE-12")
def exports_only_called_functions(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Leaves functions out of a scoped export that no selected node calls as its op."""
    functions = message.graph_def.library.function
    used = {node.op for node in message.graph_def.node}
    if arguments.export_scope:
        kept = [function for function in functions if function.signature.name in used]
        del functions[:]
        functions.extend(kept)


@changes_message("SCOPE-13")
def lists_the_ops_of_the_whole_graph(message: MetaGraphDef, arguments: ExportArguments) -> None:
    """Lists the ops of all nodes under a scope, those outside it included."""
    given = arguments.meta_info_def
    if arguments.export_scope and not (given and given.stripped_op_list.op):
        listed = message.meta_info_def.stripped_op_list.op
        del listed[:]
        graph = arguments.graph
        listed.extend(stripped_op_list(graph.stated_graph_def, graph.node_index.used_ops))


@replaces(Seam.SCOPE_STRIP, "SCOPE-03")
def strips_names_of_letters_only(right: Right, scope: DocumentedScope, name: str) -> str:
    """Keeps the scope in a name that has other characters than letters, digits and slashes."""
    return str(right(scope, name)) if re.fullmatch(r"[\w/:^]*", name) else name
