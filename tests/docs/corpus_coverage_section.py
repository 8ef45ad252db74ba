"""Measure what inputs and expectations of the corpus contain: fields, enum values, ops, combinations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from google.protobuf.descriptor import Descriptor, EnumDescriptor
from google.protobuf.message import Message
from markdown_tables import table

from conformance_cases import Case, ExpectedMessage, Tier, load_corpus
from conformance_cases.axes import row_of
from reference_impl.contracts import Contract
from reference_impl.schema import (
    REGISTERED_COLLECTIONS,
    GraphDebugInfo,
    GraphDef,
    MetaGraphDef,
    NodeDef,
    OpDef,
    registered_ops,
)
from reference_impl.schema.parsing import is_repeated

_OTHER_PARTS = {"signature_def", "asset_file_def", "object_graph_def"}
"""Parts of a MetaGraphDef that no export has; NODE-07 tests that they are not carried over."""

_WHY_NOT = {
    "OpDef.summary": "The registry has no documentation (OPS-01).",
    "OpDef.description": "The registry has no documentation (OPS-01).",
    "OpDef.ArgDef.description": "The registry has no documentation (OPS-01).",
    "OpDef.AttrDef.description": "The registry has no documentation (OPS-01).",
    "GraphDebugInfo.traces": "The form of TensorFlow 2.13 and earlier, which 2.21 does not read.",
    "GraphDebugInfo.StackTrace.file_line_cols": "The form of TensorFlow 2.13 and earlier.",
    "GraphDebugInfo.FileLineCol.col": "TensorFlow 2.21 does not keep columns.",
    "GraphDebugInfo.FileLineCol.code": "TensorFlow 2.21 does not keep the code of a loaded frame.",
    "GraphDef.debug_info": "An export writes it to a file of its own (DBG-07).",
}
"""The reasons why a field is in no expectation, by message and field."""

_WHY_NO_VALUE = {
    "error.Code": "The numbers of the exceptions that close a queue are copied like any other; those of "
    "OUT_OF_RANGE and CANCELLED, which TensorFlow itself uses, are there.",
}
"""The reasons why most values of an enum are in no input."""


class _Seen:
    """The fields and enum values that occur in messages.

    Attributes:
        fields: the full name of each message and the name of a field in it.
        values: the full name of each enum and a number.
    """

    def __init__(self) -> None:
        self.fields: set[tuple[str, str]] = set()
        self.values: set[tuple[str, int]] = set()
        self._known: set[tuple[str, bytes]] = set()

    def add(self, message: Message) -> None:
        """Add a message with all messages in it; equal ones are looked at once."""
        identity = (message.DESCRIPTOR.full_name, message.SerializeToString(deterministic=True))
        if identity in self._known:
            return
        self._known.add(identity)
        for field, content in message.ListFields():
            self.fields.add((message.DESCRIPTOR.full_name, field.name))
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                if field.message_type.fields_by_name["value"].message_type is not None:
                    for one in content.values():
                        self.add(one)
                continue
            for one in content if is_repeated(field) else (content,):
                if field.enum_type is not None:
                    self.values.add((field.enum_type.full_name, one))
                elif field.message_type is not None:
                    self.add(one)

    def add_graph(self, message: MetaGraphDef) -> None:
        """Add a MetaGraphDef with the messages in its registered collections."""
        self.add(message)
        for key in REGISTERED_COLLECTIONS.keys() & message.collection_def.keys():
            for item in message.collection_def[key].bytes_list.value:
                self.add(REGISTERED_COLLECTIONS[key].FromString(item))


def corpus_coverage() -> str:
    """Return the tables: fields, enum values, ops, combinations of arguments."""
    inputs, expectations = _inputs(), _expectations()
    parts = (
        "## Fields",
        _fields(inputs, expectations),
        "## Enum values",
        _values(inputs),
        "## Ops",
        _ops(),
        "## Combinations of arguments",
        _combinations(),
    )
    return "\n\n".join(parts)


def _inputs() -> _Seen:
    """Return what is in the graphs, except whole models, and in the messages that are arguments."""
    seen = _Seen()
    corpus = load_corpus()
    for name, graph in corpus.graphs.items():
        if name not in corpus.real_graphs:
            seen.add_graph(graph.message())
    for case in corpus.cases():
        for value in itertools.chain.from_iterable(call.values() for call in case.calls()):
            if isinstance(value, Message):
                seen.add(value)
    return seen


def _expectations() -> _Seen:
    """Return what is in the messages and the debug info that requirement cases expect."""
    seen = _Seen()
    corpus = load_corpus()
    for case in corpus.cases():
        if case.id not in corpus.requirement_cases:
            continue
        seen.add(GraphDebugInfo.FromString(case.debug_info()))
        for contract in Contract:
            expectation = case.expectation(contract)
            if isinstance(expectation, ExpectedMessage):
                seen.add_graph(expectation.message())
    return seen


def _messages() -> list[Descriptor]:
    """Return every message that an export can contain, sorted by name."""
    waiting = [
        field.message_type
        for field in MetaGraphDef.DESCRIPTOR.fields
        if field.message_type is not None and field.name not in _OTHER_PARTS
    ]
    waiting += [GraphDebugInfo.DESCRIPTOR, *(kind.DESCRIPTOR for kind in REGISTERED_COLLECTIONS.values())]
    found: dict[str, Descriptor] = {}
    while waiting:
        message = waiting.pop()
        if message.full_name not in found:
            found[message.full_name] = message
            waiting += [field.message_type for field in message.fields if field.message_type is not None]
    return [found[name] for name in sorted(found) if not found[name].GetOptions().map_entry]


def _short(name: str) -> str:
    return name.removeprefix("tensorflow.").removeprefix("google.protobuf.")


def _fields(inputs: _Seen, expectations: _Seen) -> str:
    rows = []
    for message in _messages():
        names = [field.name for field in message.fields]
        counts = [
            sum((message.full_name, name) in seen.fields for name in names) for seen in (inputs, expectations)
        ]
        missing = [
            f"`{name}`: {_WHY_NOT[f'{_short(message.full_name)}.{name}']}"
            for name in names
            if (message.full_name, name) not in expectations.fields
        ]
        rows.append(
            (f"`{_short(message.full_name)}`", str(len(names)), *map(str, counts), "<br>".join(missing))
        )
    return table(("message", "fields", "in inputs", "in expectations", "not in expectations, and why"), rows)


def _values(inputs: _Seen) -> str:
    enums: dict[str, EnumDescriptor] = {
        field.enum_type.full_name: field.enum_type
        for message in _messages()
        for field in message.fields
        if field.enum_type is not None
    }
    rows = []
    for name, enum in sorted(enums.items()):
        numbers = {number for kind, number in inputs.values if kind == name}
        missing = [value.name for value in enum.values if value.number not in numbers and value.number]
        unknown = len(numbers - {value.number for value in enum.values})
        why = _WHY_NO_VALUE[_short(name)] if missing else ""
        rows.append((f"`{_short(name)}`", str(len(enum.values)), str(len(missing)), str(unknown), why))
    return table(("enum", "values", "not in inputs, 0 apart", "unknown numbers in inputs", "why"), rows)


def _ops() -> str:
    registered = registered_ops()
    corpus = load_corpus()
    given = (
        call["graph_def"]
        for case in corpus.cases()
        if case.id in corpus.requirement_cases
        for call in case.calls()
        if isinstance(call.get("graph_def"), GraphDef)
    )
    stated = itertools.chain((graph.message().graph_def for graph in corpus.graphs.values()), given)
    used = {node.op for graph_def in stated for node in _nodes(graph_def)}
    kinds: dict[str, Callable[[OpDef], bool]] = {
        "all": lambda _: True,
        "stateful": lambda op: op.is_stateful,
        "commutative": lambda op: op.is_commutative,
        "aggregate": lambda op: op.is_aggregate,
        "deprecated": lambda op: op.HasField("deprecation"),
        "without outputs": lambda op: not op.output_arg,
        "with outputs that are references": lambda op: any(arg.is_ref for arg in op.output_arg),
        "with a list of inputs": lambda op: any(
            arg.number_attr or arg.type_list_attr for arg in op.input_arg
        ),
        "with an attribute that is a function": lambda op: any("func" in attr.type for attr in op.attr),
        "with a default that is a tensor": lambda op: any(
            attr.default_value.HasField("tensor") for attr in op.attr
        ),
    }
    rows = []
    for name, is_of_kind in kinds.items():
        ops = {op for op, op_def in registered.items() if is_of_kind(op_def)}
        rows.append((name, f"{len(ops & used):,}", f"{len(ops):,}"))
    return table(("ops", "in the corpus", "registered"), rows)


def _nodes(graph_def: GraphDef) -> Iterator[NodeDef]:
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def


def _combinations() -> str:
    corpus = load_corpus()
    matrix = {f"{graph.kind}/{name}": graph for name, graph in corpus.matrix_graphs.items()}
    rows = []
    for size in (2, 3):
        found = dict.fromkeys((Tier.DEFAULT, Tier.FULL), 0)
        every = 0
        for graph in matrix.values():
            possible = _sets(graph.cases(Tier.FULL), size)
            every += len(possible)
            for tier in found:
                found[tier] += len(_sets(graph.cases(tier), size) & possible)
        shares = (f"{100 * count / every:.1f} %" for count in found.values())
        rows.append((f"{size} arguments", f"{every:,}", *shares))
    return table(("values of", "on all matrix graphs", "in the default tier", "in the full tier"), rows)


def _sets(cases: Sequence[Case], size: int) -> set[tuple[tuple[int, str | None], ...]]:
    """Return each set of so many arguments, by position, with their values, that a case has."""
    rows = (tuple(enumerate(row_of(case.choices))) for case in cases)
    return {chosen for row in rows for chosen in itertools.combinations(row, size)}
