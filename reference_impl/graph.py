"""A graph: nodes held as one GraphDef message, named collections of Python objects, and the default graph.

The nodes stay a message because an export is mostly a copy of it. No node becomes a Python object, and an
export looks at single nodes only if a flag requires it.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from google.protobuf import message

from reference_impl import loading
from reference_impl.debug_info import StackFrame, caller_frames, loaded_stacks
from reference_impl.names import Operation, UniqueNames
from reference_impl.node_index import NodeIndex
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, provenance
from reference_impl.serialization import graph_def_size, may_exceed, without

OUTPUT_SHAPES = "_output_shapes"

_MOST_NODE_HEADER = 6
"""The most bytes that precede a node in its GraphDef: its field's number and its size."""

_current_graph: contextvars.ContextVar[Graph | None] = contextvars.ContextVar("current_graph")
"""The graph of the innermost `as_default`; None inside `eager_execution`; unset outside both."""


class Graph:
    """A graph that can be exported; load one with `from_meta_graph_def`, or build one node by node.

    An export does not change a graph, except for its collection of unbound inputs under the contract
    "tensorflow" (UNB-02, UNB-08).
    """

    def __init__(self) -> None:
        stated = GraphDef()
        stated.versions.producer = provenance().graph_def_version
        self._source = loading.GraphSource(stated)
        self._surroundings: GraphDef | None = None
        self._most_bytes: int | None = stated.ByteSize()
        self._index: NodeIndex | None = None
        self._collections: dict[Hashable, list[Any]] = {}
        self._names = UniqueNames()
        self._node_names: set[str] | None = set()
        self._stacks: dict[str, Sequence[StackFrame]] = {}
        self._finalized = False

    @classmethod
    def from_meta_graph_def(cls, meta_graph_def: message.Message | bytes) -> Graph:
        """Load the graph of a MetaGraphDef.

        Nodes, shapes, versions and functions are taken literally: no default attribute is filled in, and no
        shape is inferred. Fields that belong to an export and not to a graph are left out: meta_info_def,
        saver_def, graph_def.version and library.registered_gradients. graph_def.debug_info tells where the
        nodes were added, which only the debug info of an export shows (DBG-07).

        Args:
            meta_graph_def: the message, of any descriptor pool, or its bytes. It is not changed.

        Returns:
            A new graph.

        Raises:
            TypeError: if the argument is neither bytes nor a MetaGraphDef.
            ValueError: if the bytes are not a MetaGraphDef, or an item of a registered collection is not
                the message that its key requires (COL-11).
        """
        loaded, content, collections = loading.load(meta_graph_def)
        graph = cls()
        graph._stacks.update(loaded_stacks(loaded.graph_def.debug_info))
        loaded.graph_def.ClearField("debug_info")
        if content is None:
            graph._source = loading.GraphSource(loaded.graph_def)
            graph._most_bytes = None
        else:
            graph._source = loading.GraphSource.from_content(content, loaded)
            graph._most_bytes = len(content)
        graph._node_names = None
        graph._collections.update(collections)
        return graph

    # -- what an export reads

    @property
    def stated_graph_def(self) -> GraphDef:
        """The nodes as they were given, in creation order: the graph's own message, which is only read."""
        return self._source.graph_def

    @property
    def surroundings(self) -> GraphDef:
        """What `stated_graph_def` holds beside the nodes: the graph's own message, which is only read.

        It is read without that message, so that a graph that was loaded from bytes need not become one.
        """
        if self._surroundings is None:
            message = None if self.node_index.is_large else self._source.unshared()
            whole = self.stated_graph_def if message is None else message.graph_def
            self._surroundings = without(whole, "node")
        return self._surroundings

    @property
    def normalised_graph_def(self) -> GraphDef:
        """The nodes with normalised inputs (PATH-06): a new message."""
        return self.new_message().graph_def

    def new_message(self) -> MetaGraphDef:
        """Return a new message that holds the nodes with normalised inputs (PATH-06), and nothing else."""
        changed = self.node_index.changed_inputs
        message = self._source.unshared()
        if message is None:
            message = MetaGraphDef()
            message.graph_def.CopyFrom(self.stated_graph_def)
        for position, inputs in changed.items():
            message.graph_def.node[position].input[:] = inputs
        return message

    @property
    def node_index(self) -> NodeIndex:
        """The index of `stated_graph_def`, which an export reads."""
        if self._index is None:
            self._index = NodeIndex(self._source, self._most_bytes)
        return self._index

    def byte_size(self) -> int:
        """Return the serialised size of the graph_def with normalised inputs, in bytes, or a little more."""
        most_bytes = self.node_index.most_bytes
        if may_exceed(most_bytes) and self.node_index.changed_inputs:
            return graph_def_size(self.normalised_graph_def)
        return most_bytes

    def has_node(self, name: str) -> bool:
        """Return whether the graph has a node of this name."""
        if self._node_names is None:
            self._node_names = set(self.node_index.names)
        return name in self._node_names

    def stack_of(self, name: str) -> Sequence[StackFrame]:
        """Return where the code added a node, outermost frame first; empty if that is not known."""
        return self._stacks.get(name, ())

    # -- building

    def add_node(self, node_def: NodeDef, output_shapes: Iterable[Sequence[int] | None] = ()) -> Operation:
        """Add one node.

        Args:
            node_def: the node. It is copied, put below the current name scope, and gets a unique name.
            output_shapes: one shape for each output: its sizes, with -1 for an unknown one, or None for an
                unknown rank (NODE-02).

        Returns:
            The handle of the new node.

        Raises:
            RuntimeError: if the graph is finalized.
        """
        self._check_not_finalized()
        name = self._names.claim(node_def.name, taken=self.has_node)
        node = self.stated_graph_def.node.add()
        node.CopyFrom(node_def)
        node.name = name
        for shape in output_shapes:
            stated = node.attr[OUTPUT_SHAPES].list.shape.add(unknown_rank=shape is None)
            for size in shape or ():
                stated.dim.add(size=size)
        if self._node_names is not None:
            self._node_names.add(name)
        if self._most_bytes is not None:
            self._most_bytes += node.ByteSize() + _MOST_NODE_HEADER
        self._stacks[name] = caller_frames()
        self._index = None
        return Operation(name)

    @contextlib.contextmanager
    def name_scope(self, name: str) -> Iterator[str]:
        """Put the nodes that are added inside the `with` block below a name.

        Args:
            name: the name of the scope; it is made unique on its level.

        Yields:
            The full name of the scope, with a slash at the end.
        """
        with self._names.scope(name, taken=self.has_node) as full_name:
            yield full_name

    @contextlib.contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Make this graph the default inside a `with` block, where execution is not eager (EAG-04)."""
        with _current(self):
            yield self

    def finalize(self) -> None:
        """Forbid any further change of this graph."""
        self._finalized = True

    # -- collections

    def add_to_collection(self, key: Hashable, value: Any) -> None:
        """Append an item to a collection.

        Args:
            key: the name of the collection. A key that is not a str can hold items, which are exported only
                if a collection_list names it (COL-01).
            value: any object. A registered key (COL-11) takes messages such as VariableDef; other keys take
                str, bytes, int, float, an Any message, or an object with a name.

        Raises:
            RuntimeError: if the graph is finalized.
        """
        self._check_not_finalized()
        self._collections.setdefault(key, []).append(value)

    def get_collection(self, key: Hashable) -> list[Any]:
        """Return a copy of the items of a collection, in order; an empty list if the graph lacks it."""
        return list(self._collections.get(key, ()))

    def get_all_collection_keys(self) -> list[str]:
        """Return the str keys of all collections; other keys are not listed (COL-01)."""
        return [key for key in self._collections if isinstance(key, str)]

    def clear_collection(self, key: Hashable) -> None:
        """Remove a collection and its items.

        Raises:
            RuntimeError: if the graph is finalized.
        """
        self._check_not_finalized()
        self._collections.pop(key, None)

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")


# -- the default graph, and eager execution (CALL-10, EAG-01)


def get_default_graph() -> Graph:
    """Return the graph of the innermost `Graph.as_default`, or else the one default graph of the process."""
    return _current_graph.get(_process_default) or _process_default


def eager_execution() -> contextlib.AbstractContextManager[None]:
    """Turn eager execution on inside a `with` block.

    Without a default graph, an export raises RuntimeError unless both graph_def and graph are
    given (EAG-01).
    """
    return _current(None)


def executing_eagerly() -> bool:
    """Return whether the innermost context is `eager_execution`."""
    return _current_graph.get(_process_default) is None


@contextlib.contextmanager
def _current(graph: Graph | None) -> Iterator[None]:
    token = _current_graph.set(graph)
    try:
        yield
    finally:
        _current_graph.reset(token)


_process_default = Graph()
