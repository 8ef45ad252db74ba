"""Write the collections of a graph as CollectionDefs (COL)."""

from __future__ import annotations

import logging
import reprlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import message

from reference_impl.contracts import TENSORFLOW_MINOR, Contract
from reference_impl.names import Operation, Tensor
from reference_impl.node_filter import NodeFilter
from reference_impl.registered_protos import item_name, names_of, scoped_copy, serialise_at_once
from reference_impl.schema import REGISTERED_COLLECTIONS, CollectionDef, MetaGraphDef, adopt
from reference_impl.scope import UNBOUND_INPUT_PREFIX

logger = logging.getLogger("reference_impl")


class GraphKeys:
    """The names of the standard collections, with the names and values of `tf.compat.v1.GraphKeys`."""

    GLOBAL_VARIABLES = "variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    MODEL_VARIABLES = "model_variables"
    LOCAL_VARIABLES = "local_variables"
    METRIC_VARIABLES = "metric_variables"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    GLOBAL_STEP = "global_step"
    SAVERS = "savers"
    QUEUE_RUNNERS = "queue_runners"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"
    TRAIN_OP = "train_op"
    SUMMARIES = "summaries"
    LOSSES = "losses"
    UPDATE_OPS = "update_ops"
    INIT_OP = "init_op"
    UNBOUND_INPUTS = "unbound_inputs"


class UnserialisableItemError(TypeError):
    """An item that a CollectionDef cannot hold; its whole collection is left out (COL-06)."""


_UNFIT = (AttributeError, OverflowError, TypeError, ValueError)
"""What an item that does not fit raises: its attributes, or protobuf."""


@dataclass(frozen=True)
class CollectionWriter:
    """Writes one collection after the other into a message.

    Attributes:
        target: the message that receives the collections.
        nodes: the filter of the export's nodes, which also selects and renames items (COL-12).
        contract: decides whether nested control-flow contexts are stripped (COL-15).
        eager: whether execution is eager, when resource variables cannot be exported (EAG-02).
    """

    target: MetaGraphDef
    nodes: NodeFilter
    contract: Contract
    eager: bool

    def skip(self, key: object) -> None:
        """Warn about a key that is neither str nor bytes, and leave its collection out (COL-02)."""
        logger.warning("A collection is exported only under a str key; %r is skipped.", key)

    def write(self, key: str | bytes, items: Sequence[Any]) -> None:
        """Append a collection to what the message has of it already (COL-02).

        A collection that cannot be exported is left out with a warning; the others are unaffected (COL-08).

        Args:
            key: the collection's name; bytes are exported as their text.
            items: the objects in it, in order. Items outside the export are left out, and a collection
                without any item left gets no entry (COL-03).
        """
        try:
            self._write(key if isinstance(key, str) else key.decode(), items)
        except _UNFIT as error:
            logger.warning(
                "Collection %r is left out of the export, and the others are not affected. %s", key, error
            )

    def _write(self, name: str, items: Sequence[Any]) -> None:
        kept = self._included(name, items)
        if not kept:
            return
        stated = CollectionDef()
        if name in self.target.collection_def:  # the key is listed twice; if this fails, nothing of it stays
            stated.CopyFrom(self.target.collection_def[name])
            del self.target.collection_def[name]
        self._append(name, kept, stated)
        if name in REGISTERED_COLLECTIONS or stated.WhichOneof("kind"):
            self.target.collection_def[name].CopyFrom(stated)

    def _included(self, name: str, items: Sequence[Any]) -> Sequence[Any]:
        """Return the items of a collection that belong to the export."""
        registered = REGISTERED_COLLECTIONS.get(name)
        if registered is not None and _are_all(items, registered):
            names = names_of(items, registered)
            includes = self.nodes.includes
            return [item for item, own in zip(items, names, strict=True) if own is None or includes(own)]
        kept: list[Any] = []
        _for_each(items, lambda item: kept.append(item) if self._includes(item) else None)
        return kept

    def _includes(self, item: Any) -> bool:
        """Return whether an item belongs to the export; items without a name always do (COL-12, SAV-08)."""
        if isinstance(item, str):
            return self.nodes.includes(item)
        name = item_name(item)
        return True if name is None else self.nodes.includes(_checked_name(name))

    def _append(self, key: str, items: Sequence[Any], stated: CollectionDef) -> None:
        registered = REGISTERED_COLLECTIONS.get(key)
        if registered is not None and not self._is_node_list(registered, items):
            self._append_registered(registered, items, stated)
            return
        kind = _kind_of(items[0])
        values = getattr(stated, kind).value
        if kind == "node_list":
            names: list[str] = []
            _for_each(items, lambda item: names.append(_node_name(item)))
            self._append_names(names, stated)
        elif kind == "bytes_list":
            _for_each(items, lambda item: values.append(_as_bytes(item)))
        elif kind == "any_list":
            _for_each(
                items, lambda item: values.add().ParseFromString(_checked_any(item).SerializeToString())
            )
        else:
            _for_each(items, values.append)

    def _is_node_list(self, registered: type[message.Message], items: Sequence[Any]) -> bool:
        """Return whether the items of a registered key are nodes and are written as a node list (COL-20).

        Files of TensorFlow 1.2 and earlier have node lists under some of these keys.

        Raises:
            UnserialisableItemError: if they are nodes and the contract is "tensorflow".
        """
        if not all(isinstance(item, Operation | Tensor) for item in items):
            return False
        if self.contract is Contract.TENSORFLOW:
            raise UnserialisableItemError(
                "Its items are the names of nodes, which files of TensorFlow 1.2 and earlier contain, and "
                f"TensorFlow {TENSORFLOW_MINOR} exports only a {registered.DESCRIPTOR.name} for each. "
                'The contract "documented" writes the names again.'
            )
        return True

    def _append_names(self, names: Sequence[str], stated: CollectionDef) -> None:
        """Append names to a node list, except those of nodes that are named like unbound inputs (COL-12).

        TensorFlow then exports the list even if it is empty.
        """
        scope = self.nodes.scope
        inside = [
            self.nodes.strip(name)
            for name in names
            if scope is None or not name.startswith(UNBOUND_INPUT_PREFIX) or scope.selects(name)
        ]
        if inside or self.contract is Contract.TENSORFLOW:
            stated.node_list.SetInParent()
            stated.node_list.value.extend(inside)

    def _append_registered(
        self, registered: type[message.Message], items: Sequence[Any], stated: CollectionDef
    ) -> None:
        """Append the messages of a registered collection, as bytes (COL-11).

        If all savers are outside the scope, the collection is present and has no kind (SAV-10).
        """
        if not self.eager and _are_all(items, registered):
            content = serialise_at_once(items, self.nodes.scope)
            if content is not None:
                stated.bytes_list.MergeFromString(content)
                return

        def append(item: Any) -> None:
            proto: message.Message | None = adopt(item, registered)
            if self.eager and getattr(proto, "is_resource", False):
                raise UnserialisableItemError("resource variables cannot be exported eagerly")
            if proto is not None and self.nodes.scope is not None:
                proto = scoped_copy(proto, self.nodes.scope, self.contract)
            if proto is not None:
                stated.bytes_list.value.append(proto.SerializeToString(deterministic=True))

        _for_each(items, append)


def _are_all(items: Iterable[Any], kind: type[message.Message]) -> bool:
    """Return whether all items are messages of a kind of this schema, as in a graph that was loaded."""
    return set(map(type, items)) == {kind}


def _for_each(items: Iterable[Any], use: Callable[[Any], object]) -> None:
    """Use each item of a collection.

    Raises:
        UnserialisableItemError: if one does not fit; the error has its value, its type and the reason.
    """
    for position, item in enumerate(items):
        try:
            use(item)
        except _UNFIT as error:
            kind = type(item)
            is_short = kind.__module__ in {None, "builtins"}  # None of a message's class
            name = kind.__qualname__ if is_short else f"{kind.__module__}.{kind.__qualname__}"
            raise UnserialisableItemError(
                f"Item {position}, {reprlib.repr(item)} of type {name}, does not fit: {error}"
            ) from error


def _kind_of(first: Any) -> str:
    """Return the kind of a CollectionDef, which the first item decides (COL-04)."""
    if isinstance(first, str | bytes):
        return "bytes_list"
    if isinstance(first, int):
        return "int64_list"
    if isinstance(first, float):
        return "float_list"
    if _is_any(first):
        return "any_list"
    return "node_list"


def _node_name(item: Any) -> str:
    """Return the name that stands for an item in a node list (COL-05).

    Raises:
        UnserialisableItemError: if it has none.
    """
    name = item_name(item)
    if name is None and not hasattr(item, "name"):
        raise UnserialisableItemError(
            "a collection can hold str, bytes, int, float, Any messages, and objects with a name; convert "
            "the item, such as a NumPy number with item() or a dict with json.dumps()"
        )
    return _checked_name(name)


def _checked_name(name: Any) -> str:
    if not isinstance(name, str):
        raise UnserialisableItemError(f"an item's name is {name!r}, not a str")
    return name


def _as_bytes(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, bytes | bytearray):
        return bytes(item)
    raise UnserialisableItemError(f"{item!r} is neither str nor bytes")


def _is_any(item: Any) -> bool:
    return isinstance(item, message.Message) and item.DESCRIPTOR.full_name == "google.protobuf.Any"


def _checked_any(item: Any) -> Any:
    if not _is_any(item):
        raise UnserialisableItemError(f"{item!r} is not an Any message")
    return item
