"""Adapt a case to an exporter that has other ops and messages than TensorFlow 2.21, whose exports it expects.

What is left out of the input is left out of the expectation, too. Every input graph of the corpus has all
attributes of its nodes, which is why the expectation can be adapted without an export.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import any_pb2, message_factory
from google.protobuf import message as protobuf

from conformance_cases import Capability, Case, Expectation, ExpectedMessage, Variant
from conformance_cases.model import CaseSource
from pytest_metagraph.exporters.registry import KIT_REGISTRY, ExporterRegistry
from reference_impl.contracts import Contract
from reference_impl.op_defs import AttrDefault
from reference_impl.schema import (
    POOL,
    REGISTERED_COLLECTIONS,
    AttrValue,
    CollectionDef,
    GraphDef,
    MetaGraphDef,
    NodeDef,
    OpDef,
    OpList,
    registered_ops,
)

_STRIP = "strip_default_attrs"


def adapted(case: Case, registry: ExporterRegistry) -> Case:
    """Return a case whose input and expectation have the ops and messages of an exporter.

    Args:
        case: the case.
        registry: what the exporter hands over.

    Returns:
        The case itself if the exporter hands over nothing.
    """
    if registry == KIT_REGISTRY:
        return case
    return dataclasses.replace(case, source=_AdaptedSource(case.source, registry))


class _AdaptedSource(CaseSource):
    """The graph and the cases of another source, adapted.

    Args:
        source: the other source.
        registry: what the exporter hands over.
    """

    def __init__(self, source: CaseSource, registry: ExporterRegistry) -> None:
        self._source = source
        self._registry = registry

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def description(self) -> str:
        return self._source.description

    @property
    def data(self) -> bytes:
        return _adapted_graph(self._source.data, self._registry)

    @property
    def features(self) -> frozenset[str]:
        return self._source.features

    def calls(self, case: Case) -> tuple[dict[str, Any], ...]:
        messages: dict[int, Any] = {}  # calls that share a message go on sharing it
        return tuple(
            {
                name: messages.setdefault(id(value), self._argument(value))
                if isinstance(value, protobuf.Message)
                else value
                for name, value in call.items()
            }
            for call in self._source.calls(case)
        )

    def expectation(self, case: Case, contract: Contract) -> Expectation:
        expected = self._source.expectation(case, contract)
        if not isinstance(expected, ExpectedMessage):
            return expected
        stripped = bool(self._source.calls(case)[-1].get(_STRIP))
        return ExpectedMessage(
            _adapted_message(expected.data, self._registry, exported=True, stripped=stripped)
        )

    def debug_info(self, case: Case) -> bytes:
        return self._source.debug_info(case)

    def requirements(self, case: Case) -> tuple[str, ...]:
        return self._source.requirements(case)

    def involved_requirements(self, case: Case) -> tuple[str, ...]:
        return self._source.involved_requirements(case)

    def capabilities(self, case: Case) -> frozenset[Capability]:
        return self._source.capabilities(case)

    def variants(self, case: Case) -> tuple[Variant, ...]:
        return self._source.variants(case)

    def earlier_arguments(self) -> Iterable[str]:
        return self._source.earlier_arguments()

    def _argument(self, message: Any) -> Any:
        """Return a message among the arguments; the given one may be changed."""
        if isinstance(message, GraphDef):
            _adapt_nodes(message, self._registry, filled=False, stripped=False)
        elif isinstance(message, MetaGraphDef.MetaInfoDef):
            _adapt_op_list(message.stripped_op_list, self._registry)
            _adapt_any(message.any_info, self._registry)
        return self._registry.known_fields(message)


@functools.lru_cache(maxsize=8)
def _adapted_graph(data: bytes, registry: ExporterRegistry) -> bytes:
    """Return an input graph; the cases of a graph come one after the other."""
    return _adapted_message(data, registry, exported=False, stripped=False)


def _adapted_message(data: bytes, registry: ExporterRegistry, *, exported: bool, stripped: bool) -> bytes:
    """Return a serialised MetaGraphDef with the ops and messages of an exporter.

    Args:
        data: the serialised message.
        registry: what the exporter hands over.
        exported: whether the exporter has loaded the nodes, so that their default attributes are filled in.
        stripped: whether default-valued attributes are stripped.
    """
    message = MetaGraphDef.FromString(data)
    _adapt_nodes(message.graph_def, registry, filled=exported, stripped=stripped)
    _adapt_op_list(message.meta_info_def.stripped_op_list, registry)
    message = registry.known_fields(message)
    for key, kind in REGISTERED_COLLECTIONS.items():
        if key in message.collection_def:
            _adapt_items(message.collection_def[key], kind, registry)
    for collection in message.collection_def.values():
        for value in collection.any_list.value:
            _adapt_any(value, registry)
    _adapt_any(message.meta_info_def.any_info, registry)
    return message.SerializeToString(deterministic=True)


def _adapt_items(collection: CollectionDef, kind: type[protobuf.Message], registry: ExporterRegistry) -> None:
    """Leave out the fields that the exporter lacks from the messages of a registered collection."""
    values = collection.bytes_list.value
    for position, data in enumerate(values):
        try:
            item = kind.FromString(data)
        except protobuf.DecodeError:
            continue
        known = registry.known_fields(item)
        if known != item:
            values[position] = known.SerializeToString(deterministic=True)


def _adapt_any(value: any_pb2.Any, registry: ExporterRegistry) -> None:
    """Leave out the fields that the exporter lacks from a packed message; one of an unknown type stays.

    The packed bytes would travel as they are, but a file in the text format has only the fields that the
    exporter knows.
    """
    if not registry.descriptor_set_data or not value.value:
        return
    try:
        kind = message_factory.GetMessageClass(POOL.FindMessageTypeByName(value.type_url.rpartition("/")[2]))
        packed = kind.FromString(value.value)
    except (KeyError, protobuf.DecodeError):
        return
    known = registry.known_fields(packed)
    if known != packed:
        value.value = known.SerializeToString(deterministic=True)


def _adapt_op_list(listing: OpList, registry: ExporterRegistry) -> None:
    """Replace each OpDef of TensorFlow 2.21 by the exporter's; others, such as a caller's own, stay.

    An internal op, whose name begins with an underscore, is left out if the exporter does not register it, as
    TensorFlow up to 2.0 does not. Other ops are listed even so: an op that is loaded is registered.
    """
    known, ours = registry.ops, registered_ops()
    if not known:
        return
    kept = []
    for op in listing.op:
        is_registered = op == ours.get(op.name)
        if op.name in known or not op.name.startswith("_") or not is_registered:
            kept.append(known[op.name] if is_registered and op.name in known else op)
    if kept != list(listing.op):
        changed = OpList(op=kept)
        listing.CopyFrom(changed)


def _adapt_nodes(graph: GraphDef, registry: ExporterRegistry, *, filled: bool, stripped: bool) -> None:
    changes = _changes_of(registry)
    functions = {function.signature.name for function in graph.library.function}
    for node in graph.node:
        if node.op in changes and node.op not in functions:
            changes[node.op].apply(node, filled=filled, stripped=stripped)
    for function in graph.library.function:
        for node in function.node_def:
            if node.op in changes and node.op not in functions:
                changes[node.op].apply(node, filled=False, stripped=stripped)


class _OpChange:
    """How the attributes of an op differ between TensorFlow 2.21 and an exporter.

    Args:
        ours: the definition of TensorFlow 2.21.
        theirs: the definition of the exporter.
    """

    def __init__(self, ours: OpDef, theirs: OpDef) -> None:
        old, new = _defaults(ours), _defaults(theirs)
        self._unknown = [name for name in old if name not in new]
        self._additional = {
            name: value for name, value in new.items() if name not in old and value is not None
        }
        self._defaults = {
            name: (old[name], new[name]) for name in old if name in new and old[name] != new[name]
        }

    def __bool__(self) -> bool:
        return bool(self._unknown or self._additional or self._defaults)

    def apply(self, node: NodeDef, *, filled: bool, stripped: bool) -> None:
        """Give a node the attributes that the exporter has; see `_adapted_message`."""
        for name in self._unknown:
            node.attr.pop(name, None)
        if stripped:
            for name, (old, new) in self._defaults.items():
                if name in node.attr:
                    if new is not None and AttrDefault(new).is_meant_by(node.attr[name]):
                        del node.attr[name]
                elif old is not None:  # stripped, because it had the old default
                    node.attr[name].CopyFrom(old)
        elif filled:
            for name, value in self._additional.items():
                node.attr[name].CopyFrom(value)


def _defaults(op: OpDef) -> dict[str, AttrValue | None]:
    """Return the default value of each attribute of an op; None for one that has none."""
    return {attr.name: attr.default_value if attr.HasField("default_value") else None for attr in op.attr}


@functools.lru_cache(maxsize=8)
def _changes_of(registry: ExporterRegistry) -> Mapping[str, _OpChange]:
    """Return the ops that both know, with different attributes or defaults."""
    theirs = registry.ops
    changes = {name: _OpChange(op, theirs[name]) for name, op in registered_ops().items() if name in theirs}
    return {name: change for name, change in changes.items() if change}
