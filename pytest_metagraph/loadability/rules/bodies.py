"""Judge the body of a function as TensorFlow does when it builds it for a node that calls the function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from pytest_metagraph.loadability import data_types
from pytest_metagraph.loadability.attr_facts import AttrFact, AttrFacts
from pytest_metagraph.loadability.rules.ops import data_types_of
from reference_impl.schema import FunctionDef, NodeDef, OpDef

Definition = Callable[[str], OpDef | None]

_NAME: Final = re.compile(r"[A-Za-z0-9._][A-Za-z0-9_.>\-/]*")
_CALLS: Final = frozenset({"PartitionedCall", "StatefulPartitionedCall"})


class Body:
    """The body of one function.

    Attributes:
        ops: the ops of its nodes, each once.
    """

    def __init__(self, function: FunctionDef, facts: AttrFacts) -> None:
        """Read a function."""
        self._function = function
        self._facts = [_facts_of(node, facts) for node in function.node_def]
        self.ops = list(dict.fromkeys(node.op for node in function.node_def))

    def unknown(self, definition: Definition, *, attrs: bool) -> Iterator[str]:
        """Return the ops, and with `attrs` the attributes, that a version does not have, each once."""
        found: dict[str, None] = {}
        for node, facts in zip(self._function.node_def, self._facts, strict=True):
            op = definition(node.op)
            if op is None:
                if not node.op.startswith("_"):
                    found[f"op {node.op!r}"] = None
            elif attrs and node.op == op.name:
                declared = {attr.name for attr in op.attr}
                found |= {
                    f"attribute {name!r} of {node.op}": None
                    for name in facts
                    if name not in declared and not name.startswith("_")
                }
        yield from found

    def calls(self, functions: Mapping[str, object]) -> Iterator[str]:
        """Return the functions whose bodies are built together with this one."""
        for node, facts in zip(self._function.node_def, self._facts, strict=True):
            called = facts.get("f")
            if node.op in functions:
                yield node.op
            elif (
                node.op in _CALLS
                and called is not None
                and called.functions[:1]
                and called.functions[0] in functions
            ):
                yield called.functions[0]

    def problem(self, definition: Definition) -> str:
        """Return why the body cannot be built; empty if it can, as far as it can be told without shapes."""
        signature = self._function.signature
        if signature.attr:
            return ""  # it depends on the attributes of the node that calls it
        if any(fact.kind == "placeholder" for facts in self._facts for fact in facts.values()):
            return "an attribute of a node is a placeholder, and the function has no attributes"
        items: dict[str, tuple[int, ...]] = {}
        for argument in signature.input_arg:
            items[argument.name] = items[f"{argument.name}:0"] = (argument.type,)
        for node, facts in zip(self._function.node_def, self._facts, strict=True):
            problem = self._add_outputs(node, facts, definition, items)
            if problem:
                return problem
        for node, facts in zip(self._function.node_def, self._facts, strict=True):
            problem = self._input_problem(node, facts, definition(node.op), items)
            if problem:
                return f"node {node.name!r}: {problem}"
        return self._result_problem(items) or self._graph_problem

    @staticmethod
    def _add_outputs(
        node: NodeDef,
        facts: Mapping[str, AttrFact],
        definition: Definition,
        items: dict[str, tuple[int, ...]],
    ) -> str:
        """Add the outputs of a node to what inputs can name; return what is wrong with it."""
        op = definition(node.op)
        if op is None:
            return "" if node.op.startswith("_") else f"the op {node.op!r} of node {node.name!r} is not known"
        if node.name in items:
            return f"the name {node.name!r} is used twice"
        if not op.output_arg:
            items[node.name] = ()
        for argument in op.output_arg:
            types = data_types_of([argument], facts, op)
            if types is None:
                return f"node {node.name!r} lacks an attribute with the data types of its outputs"
            items[f"{node.name}:{argument.name}"] = types
            items |= {f"{node.name}:{argument.name}:{number}": (one,) for number, one in enumerate(types)}
        return ""

    @staticmethod
    def _input_problem(
        node: NodeDef, facts: Mapping[str, AttrFact], op: OpDef | None, items: Mapping[str, tuple[int, ...]]
    ) -> str:
        if op is None:
            return ""
        position = 0
        for argument in op.input_arg:
            expected = data_types_of([argument], facts, op)
            if expected is None:
                return "it lacks an attribute with the data types of its inputs"
            taken = 0
            while taken < len(expected):
                if position >= len(node.input):
                    return f"it has {position} inputs and needs more"
                given = items.get(node.input[position])
                if given is None or not _fits(given, expected[taken:]):
                    what = (
                        "does not exist"
                        if given is None
                        else f"does not have the data type that {node.op} takes"
                    )
                    return f"input {node.input[position]!r} {what}"
                taken += max(len(given), 1)
                position += 1
        return _control_problem(node, position, items)

    def _result_problem(self, items: Mapping[str, tuple[int, ...]]) -> str:
        for argument in self._function.signature.output_arg:
            if argument.name not in self._function.ret:
                return f"the result {argument.name!r} is missing"
            given = items.get(self._function.ret[argument.name])
            if given is None:
                named = self._function.ret[argument.name]
                return f"the result {argument.name!r} is {named!r}, which does not exist"
            if argument.type and given and given != (argument.type,):
                found, declared = (data_types.type_name(number) for number in (given[0], argument.type))
                return f"the result {argument.name!r} is {found}, but declared {declared}"
        return ""

    @cached_property
    def _graph_problem(self) -> str:
        """The problem of the body as a graph, with names or cycles; empty if there is none."""
        nodes = {node.name: node for node in self._function.node_def}
        if len(nodes) < len(self._function.node_def):
            return "two nodes have the same name"
        for name in nodes:
            if not _NAME.fullmatch(name):
                return f"{name!r} is not a valid name of a node"
        return f"{len(left)} nodes are in a cycle" if (left := _left_in_cycles(nodes)) else ""


def _fits(given: Sequence[int], expected: Sequence[int]) -> bool:
    """Return whether an input takes an output, or a list of outputs the first of those that are left."""
    return len(given) <= len(expected) and all(
        one == other or data_types.accepts(one, other) for one, other in zip(expected, given, strict=False)
    )


def _control_problem(node: NodeDef, position: int, items: Mapping[str, object]) -> str:
    """Return what is wrong with the inputs of a node from a position on, which are control inputs."""
    for text in node.input[position:]:
        if not text.startswith("^"):
            return f"it has the input {text!r}, which {node.op} does not take"
        name = text[1:]
        if name not in items and not any(item.startswith(f"{name}:") for item in items):
            return f"the control input {text!r} does not exist"
    return ""


def _left_in_cycles(nodes: Mapping[str, NodeDef]) -> set[str]:
    """Return the nodes that are in a cycle or wait for one, apart from loops, which NextIteration closes."""
    sources = {
        name: {source for text in node.input if (source := text.lstrip("^").split(":")[0]) in nodes}
        for name, node in nodes.items()
        if not node.op.endswith("NextIteration")
    }
    sources |= {name: set() for name in nodes if name not in sources}
    users: dict[str, list[str]] = {name: [] for name in nodes}
    for name, named in sources.items():
        for source in named:
            users[source].append(name)
    waiting = {name: len(named) for name, named in sources.items()}
    ready = [name for name, count in waiting.items() if not count]
    left = set(nodes)
    while ready:
        name = ready.pop()
        left.discard(name)
        for user in users[name]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return left


def _facts_of(node: NodeDef, facts: AttrFacts) -> Mapping[str, AttrFact]:
    made = (facts.of_value(name, value) for name, value in node.attr.items())
    return {fact.name: fact for fact in made if fact is not None}
