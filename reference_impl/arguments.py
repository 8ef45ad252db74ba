"""Check the arguments of an export, and give each of them a single meaning (CALL)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

from google.protobuf import message

from reference_impl.collection_defs import GraphKeys
from reference_impl.contracts import Contract
from reference_impl.files import checked_filename
from reference_impl.graph import Graph, executing_eagerly, get_default_graph
from reference_impl.schema import GraphDef, MetaGraphDef, SaverDef, adopt
from reference_impl.serialization import check_size, graph_def_size

MetaInfoDef: TypeAlias = MetaGraphDef.MetaInfoDef

_Check: TypeAlias = Callable[[str, Any, Contract], Any]
"""Returns what an argument means. It gets the name and the value of the argument, and the contract."""


# The checks. Each looks up its helpers when it is called, so that tests can replace them.


def _filename(_name: str, value: Any, _contract: Contract) -> str | None:
    return checked_filename(value) if value else None


def _flag(_name: str, value: Any, _contract: Contract) -> bool:
    return bool(value)


def _graph(name: str, value: Any, _contract: Contract) -> Graph:
    if value and not isinstance(value, Graph):
        raise TypeError(f"{name} must be of type Graph. Received type: {type(value)}")
    return value or get_default_graph()


def _graph_def(name: str, value: Any, contract: Contract) -> GraphDef | None:
    checked: Any = _checked_message(name, value, GraphDef)
    if checked is None:
        return None
    if not isinstance(checked, GraphDef):  # it is adopted through bytes, which have a largest size
        check_size(graph_def_size(checked), contract, is_decoded=True)
    return adopt(checked, GraphDef)


def _message(kind: type[message.Message]) -> _Check:
    def check(name: str, value: Any, _contract: Contract) -> message.Message | None:
        checked = _checked_message(name, value, kind)
        return None if checked is None else adopt(checked, kind)

    return check


def _scope(_name: str, value: Any, contract: Contract) -> str:
    return "" if contract is Contract.TENSORFLOW and not value else _scope_text(value)


def _collection_list(name: str, value: Any, contract: Contract) -> Iterable[Any] | None:
    if contract is Contract.DOCUMENTED and isinstance(value, str | bytes):  # TensorFlow iterates it (CALL-13)
        raise TypeError(f"{name} must be a list of keys. Received one: {value!r}; pass [{value!r}]")
    keys: Iterable[Any] | None = value
    return keys


def _unchanged(_name: str, value: Any, _contract: Contract) -> Any:
    return value


@dataclass(frozen=True)
class ExportArguments:
    """The arguments of one export, checked, with one way each to say that an argument is not given.

    A flag is True or False whatever it was given as (CALL-04). A falsy value of another argument means that
    it is not given (CALL-05), which is None here. The fields are checked from the first to the last, so that
    of several errors the first of TensorFlow's order is raised (CALL-06).
    """

    graph: Graph = field(metadata={"check": _graph})
    export_scope: str = field(metadata={"check": _scope})
    meta_info_def: MetaInfoDef | None = field(metadata={"check": _message(MetaInfoDef)})
    graph_def: GraphDef | None = field(metadata={"check": _graph_def})
    saver_def: SaverDef | None = field(metadata={"check": _message(SaverDef)})
    collection_list: Iterable[Any] | None = field(metadata={"check": _collection_list})
    filename: str | None = field(metadata={"check": _filename})
    as_text: bool = field(metadata={"check": _flag})
    clear_devices: bool = field(metadata={"check": _flag})
    clear_extraneous_savers: bool = field(metadata={"check": _flag})
    strip_default_attrs: bool = field(metadata={"check": _flag})
    save_debug_info: bool = field(metadata={"check": _flag})
    unbound_inputs_col_name: Any = field(metadata={"check": _unchanged})
    contract: Contract = field(metadata={"check": _unchanged})
    eager: bool = field(metadata={"check": _unchanged})


_CHECKS: Mapping[str, _Check] = {one.name: one.metadata["check"] for one in fields(ExportArguments)}

_KEYWORDS: Mapping[str, Any] = {
    "unbound_inputs_col_name": GraphKeys.UNBOUND_INPUTS,
    "contract": Contract.DOCUMENTED,
}
"""The arguments that `export_meta_graph` takes as `**kwargs`, and their defaults (CALL-03)."""


def check_arguments(given: Mapping[str, Any], keywords: Mapping[str, Any]) -> ExportArguments:
    """Check the arguments of an export before anything is done.

    Args:
        given: the arguments that `export_meta_graph` names, by name; others are ignored.
        keywords: its `**kwargs`.

    Returns:
        The arguments. Their messages are of this package's schema.

    Raises:
        RuntimeError: if execution is eager and not both graph_def and graph are given (EAG-01).
        TypeError: if an argument has a wrong type or an unknown name (CALL-03, CALL-07, CALL-08).
        ValueError: if the contract is unknown, if graph_def and export_scope are both given under the
            documented contract (SCOPE-11), or if graph_def has 2 GB or more and is of another descriptor
            pool (BIG-01).
    """
    eager = executing_eagerly()
    if eager and (given["graph_def"] is None or given["graph"] is None):
        raise RuntimeError(
            "Exporting/importing meta graphs is not supported when eager execution is enabled, unless both "
            "graph_def and graph are given. No graph exists when eager execution is enabled."
        )
    unknown = keywords.keys() - _KEYWORDS.keys()
    if unknown:
        raise TypeError(f"export_meta_graph() got an unexpected keyword argument '{min(unknown)}'")
    values: dict[str, Any] = {**given, **_KEYWORDS, **keywords, "eager": eager}
    contract = values["contract"] = Contract(values["contract"])
    arguments = ExportArguments(
        **{name: check(name, values[name], contract) for name, check in _CHECKS.items()}
    )
    if not arguments.export_scope and arguments.graph.get_collection(GraphKeys.GLOBAL_VARIABLES):
        _scope_text(given["export_scope"])  # TensorFlow rejects a false value if it looks for variables
    if contract is Contract.DOCUMENTED and arguments.graph_def is not None and arguments.export_scope:
        raise ValueError(
            "graph_def and export_scope cannot both be specified: load the GraphDef into a graph and export "
            "the scope of that graph."
        )
    return arguments


def _checked_message(name: str, value: Any, kind: type[message.Message]) -> message.Message | None:
    """Return the message that an argument holds, of any pool; None if it is not given."""
    if not value:  # a message is truthy, even an empty one (CALL-05)
        return None
    if isinstance(value, message.Message) and value.DESCRIPTOR.full_name == kind.DESCRIPTOR.full_name:
        return value
    raise TypeError(f"{name} must be of type {kind.DESCRIPTOR.name}. Received type: {type(value)}")


def _scope_text(export_scope: Any) -> str:
    """Return the scope as text; None and '' both mean the whole graph (SCOPE-07)."""
    if export_scope is None:
        return ""
    if not isinstance(export_scope, str):
        raise TypeError(f"export_scope must be of type str. Received type: {type(export_scope)}")
    return export_scope
