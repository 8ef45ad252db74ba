"""Validate the body of a function as TensorFlow does when it builds it for a node that calls the function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from pytest_metagraph._util.text import counted
from pytest_metagraph.loadability import data_types
from pytest_metagraph.loadability.attr_facts import AttrFact
from pytest_metagraph.loadability.body_survey import BodyNodes, BodySurvey, Named
from pytest_metagraph.loadability.node_kinds import NodeKind, number_of
from pytest_metagraph.loadability.rules.node_def import data_types_of
from reference_impl.schema import NodeDef, OpDef

Definition = Callable[[str], OpDef | None]

_NAME: Final = re.compile(r"[A-Za-z0-9._][A-Za-z0-9_.>\-/]*")
_CALLS: Final = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_MOST_DIGITS: Final = 12
"""A text with this many digits cannot be the number of an output."""
CALLED: Final = "f"
"""The attribute of a call that names the function."""


class Outputs:
    """The outputs of a node of a body, which an input names by a text after the name of the node."""

    def __init__(self, types: Mapping[str, Sequence[int]]) -> None:
        """Keep the data types of each output; those of the empty text if the node has none."""
        self._types = types

    def get(self, text: str) -> Sequence[int] | None:
        """Return the data types of an output, such as `y`, or of one of its tensors, such as `y:0`.

        Returns:
            The data types; None if the node does not have this output.
        """
        types = self._types.get(text)
        if types is not None:
            return types
        name, _, digits = text.rpartition(":")
        types = self._types.get(name)
        is_number = digits.isascii() and digits.isdecimal() and len(digits) < _MOST_DIGITS
        if not types or not is_number or digits != str(int(digits)) or int(digits) >= len(types):
            return None
        return (types[int(digits)],)


class Items(Protocol):
    """The data types of what an input of a body can name, by its text; None if it names nothing."""

    def get(self, text: str, /) -> Sequence[int] | None:
        """Return the data types of what a text names."""

    def __contains__(self, name: object, /) -> bool:
        """Return whether a control input can name it."""


class _Named:
    """The arguments of a function, and the outputs of the nodes in its body."""

    def __init__(self, function: Any) -> None:
        self._arguments: dict[str, Sequence[int]] = {}
        self._outputs: dict[str, Outputs] = {}
        for argument in function.signature.input_arg:
            self._arguments[argument.name] = self._arguments[f"{argument.name}:0"] = (argument.type,)

    def add(self, node: str, outputs: Outputs) -> None:
        """Add the outputs of a node."""
        self._outputs[node] = outputs

    def __contains__(self, name: object, /) -> bool:
        """Return whether a control input can name it: an argument, a node, or one of their outputs."""
        return name in self._outputs or self.get(str(name)) is not None

    def get(self, text: str, /) -> Sequence[int] | None:
        """Return the data types of what a text names; None if it names nothing."""
        types = self._arguments.get(text)
        if types is not None:
            return types
        name, colon, output = text.partition(":")
        outputs = self._outputs.get(name)
        return None if outputs is None or (colon and not output) else outputs.get(output)


class BodyValidator:
    """The validation of bodies by one set of definitions of ops."""

    def __init__(self, survey: BodySurvey, definition: Definition) -> None:
        """Prepare the validation.

        Args:
            survey: the nodes of the bodies.
            definition: returns the definition of an op, None if it has none.
        """
        self._survey = survey
        self._definition = definition
        self._outputs: dict[int, Outputs | None] = {}
        self._sound_uses: dict[str, bool] = {}
        self._unknown: dict[tuple[int, bool], Sequence[str]] = {}
        self._problems: dict[int, str] = {}

    def unknown(self, body: BodyNodes, *, attrs: bool) -> Iterator[str]:
        """Return the ops, and with `attrs` the attributes, that have no definition, each once."""
        found: dict[str, None] = {}
        for number in body.kinds:
            key = number, attrs
            if key not in self._unknown:
                self._unknown[key] = list(self._unknown_of(self._survey.kinds[number], attrs=attrs))
            found |= dict.fromkeys(self._unknown[key])
        yield from found

    def _unknown_of(self, kind: NodeKind, *, attrs: bool) -> Iterator[str]:
        op = self._definition(kind.op)
        if op is None:
            if not kind.op.startswith("_"):
                yield f"op {kind.op!r}"
        elif attrs and kind.op == op.name:
            declared = {attr.name for attr in op.attr}
            for name in kind.facts:
                if name not in declared and not name.startswith("_"):
                    yield f"attribute {name!r} of {kind.op}"

    def problem(self, body: BodyNodes) -> str:
        """Return why a body cannot be built; empty if it can, as far as it can be told without shapes."""
        known = self._problems.get(body.content)
        if known is None:
            known = self._problems[body.content] = self._problem_of(body)
        return known

    def _problem_of(self, body: BodyNodes) -> str:
        if body.function.signature.attr:
            return ""  # it depends on the attributes of the node that calls it
        if self._is_sound(body):
            return ""
        return OneBody(body, self._survey.kinds, self._definition).problem()

    def _is_sound(self, body: BodyNodes) -> bool:
        """Return whether the uses of the nodes show that the body can be built."""
        return (
            body.uses is not None
            and body.is_sorted
            and all(self._is_sound_use(body, use, number) for use, number in body.uses.items())
            and not _result_problem(body.function, self._items_of_results(body))
        )

    def _is_sound_use(self, body: BodyNodes, use: str, number: int) -> bool:
        known = self._sound_uses.get(use)
        if known is None:
            known = self._sound_uses[use] = self._is_valid_use(body.node(number), use)
        return known

    def _is_valid_use(self, node: NodeDef, use: str) -> bool:
        """Return whether nodes of a use are right, of which one is given."""
        number = number_of(use[0])
        kind = self._survey.kinds[number]
        op = self._definition(node.op)
        if self._outputs_of(number) is None or _has_placeholder(kind.facts):
            return False
        items: dict[str, Sequence[int]] = {}
        for text, (named, output) in zip(node.input, self._survey.sources(use), strict=True):
            types = self._types_of(named, output)
            if types is None:
                return False
            items[text.removeprefix("^")] = types
        return not _input_problem(node, kind.facts, op, items)

    def _types_of(self, named: Named | None, output: str) -> Sequence[int] | None:
        """Return the data types of what an input names; None if it names nothing."""
        if named is None:
            return None
        if named.kind is None:
            taken = output in {"", "0"} and not (named.is_control and output)
            return (named.argument,) if taken else None
        if named.is_control:
            known = self._definition(self._survey.kinds[named.kind].op) is not None and not output
            return () if known else None
        outputs = self._outputs_of(named.kind)
        return None if outputs is None else outputs.get(output)

    def _outputs_of(self, number: int) -> Outputs | None:
        """Return the outputs of nodes of a kind; None if something is wrong with them."""
        if number not in self._outputs:
            kind = self._survey.kinds[number]
            op = self._definition(kind.op)
            internal = kind.op.startswith("_")
            self._outputs[number] = (
                (Outputs({}) if internal else None) if op is None else outputs_of(kind.facts, op)
            )
        return self._outputs[number]

    def _items_of_results(self, body: BodyNodes) -> Items:
        items = {}
        for text in body.function.ret.values():
            named, output = body.source_of(text)
            types = self._types_of(named, output)
            if types is not None and not text.startswith("^"):
                items[text] = types
        return items


class OneBody:
    """The validation of a body node by node, which finds out what is wrong first."""

    def __init__(self, body: BodyNodes, kinds: Sequence[NodeKind], definition: Definition) -> None:
        self._function = body.function
        self._nodes = body.nodes
        self._facts = [kinds[number].facts for number in body.kind_of]
        self._definition = definition

    def problem(self) -> str:
        """Return why the body cannot be built; empty if it can."""
        if any(map(_has_placeholder, self._facts)):
            return "an attribute of a node is a placeholder, and the function has no attributes"
        items = _Named(self._function)
        for node, facts in zip(self._nodes, self._facts, strict=True):
            problem = _add_outputs(node, facts, self._definition(node.op), items)
            if problem:
                return problem
        for node, facts in zip(self._nodes, self._facts, strict=True):
            problem = _input_problem(node, facts, self._definition(node.op), items)
            if problem:
                return f"node {node.name!r}: {problem}"
        return _result_problem(self._function, items) or _graph_problem(self._nodes)


def called_in(body: BodyNodes, kinds: Sequence[NodeKind], functions: Mapping[str, object]) -> Iterator[str]:
    """Return the functions whose bodies are built together with a body."""
    for number in body.kinds:
        kind = kinds[number]
        called = called_function(kind.op, kind.facts.get(CALLED), functions)
        if called:
            yield called


def called_function(op: str, fact: AttrFact | None, functions: Mapping[str, object]) -> str:
    """Return the function whose body the importer builds for a node; empty if there is none."""
    if op in functions:
        return op
    names = () if fact is None else fact.functions
    return names[0] if op in _CALLS and names and names[0] in functions else ""


def outputs_of(facts: Mapping[str, AttrFact], op: OpDef) -> Outputs | None:
    """Return the data types of the outputs of a node, by the text after its name.

    Args:
        facts: the attributes of the node.
        op: the definition of its op.

    Returns:
        The outputs; None if an attribute that they depend on cannot be used.
    """
    outputs: dict[str, Sequence[int]] = {}
    for argument in op.output_arg:
        types = data_types_of([argument], facts, op)
        if types is None:
            return None
        outputs[argument.name] = types
    return Outputs(outputs or {"": ()})


def _has_placeholder(facts: Mapping[str, AttrFact]) -> bool:
    return any(fact.kind == "placeholder" for fact in facts.values())


def _add_outputs(node: NodeDef, facts: Mapping[str, AttrFact], op: OpDef | None, items: _Named) -> str:
    """Add the outputs of a node to what inputs can name; return what is wrong with it."""
    if op is None:
        return "" if node.op.startswith("_") else f"the op {node.op!r} of node {node.name!r} is not known"
    if node.name in items:
        return f"the name {node.name!r} is used twice"
    outputs = outputs_of(facts, op)
    if outputs is None:
        return f"node {node.name!r} lacks an attribute with the data types of its outputs"
    items.add(node.name, outputs)
    return ""


def _input_problem(node: NodeDef, facts: Mapping[str, AttrFact], op: OpDef | None, items: Items) -> str:
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
            if given is None or not _fits(given, expected, taken):
                what = (
                    "does not exist" if given is None else f"does not have the data type that {node.op} takes"
                )
                return f"input {node.input[position]!r} {what}"
            taken += max(len(given), 1)
            position += 1
    return _control_problem(node, position, items)


def _result_problem(function: Any, items: Items) -> str:
    for argument in function.signature.output_arg:
        if argument.name not in function.ret:
            return f"the result {argument.name!r} is missing"
        given = items.get(function.ret[argument.name])
        if given is None:
            named = function.ret[argument.name]
            return f"the result {argument.name!r} is {named!r}, which does not exist"
        if argument.type and given and given != (argument.type,):
            found, declared = (data_types.type_name(number) for number in (given[0], argument.type))
            return f"the result {argument.name!r} is {found}, but declared {declared}"
    return ""


def _graph_problem(nodes: Sequence[NodeDef]) -> str:
    """Return the problem of a body as a graph, with names or cycles; empty if there is none."""
    named = {node.name: node for node in nodes}
    if len(named) < len(nodes):
        return "two nodes have the same name"
    for name in named:
        if not _NAME.fullmatch(name):
            return f"{name!r} is not a valid name of a node"
    return f"{counted(len(left), 'node')} in a cycle" if (left := _left_in_cycles(named)) else ""


def _fits(given: Sequence[int], expected: Sequence[int], taken: int) -> bool:
    """Return whether an input takes an output, or a list of outputs the first of those that are left."""
    return len(given) <= len(expected) - taken and all(
        data_types.accepts(expected[number], one) for number, one in enumerate(given, taken)
    )


def _control_problem(node: NodeDef, position: int, items: Items) -> str:
    """Return what is wrong with the inputs of a node from a position on, which are control inputs."""
    for text in node.input[position:]:
        if not text.startswith("^"):
            return f"it has the input {text!r}, which {node.op} does not take"
        name = text[1:]
        if name not in items:
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
