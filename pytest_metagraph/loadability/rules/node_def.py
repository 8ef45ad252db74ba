"""Validate one kind of node by the definition of its op: attributes, data types of inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_metagraph.loadability import data_types
from pytest_metagraph.loadability.attr_facts import OUTPUT_SHAPES, AttrFact, Shape, shapes_agree
from pytest_metagraph.loadability.node_kinds import NodeKind
from pytest_metagraph.loadability.version_ranges import Version
from pytest_metagraph.loadability.violation import Step
from reference_impl.schema import AttrValue, OpDef

_TYPE_OF_FIELD: Final = {
    "s": "string",
    "i": "int",
    "f": "float",
    "b": "bool",
    "type": "type",
    "shape": "shape",
    "tensor": "tensor",
    "func": "func",
}
_PLACEHOLDERS_ACCEPTED_SINCE: Final = (1, 14)
_ALWAYS: Final = (99, 0)
_LAST_GRAPH_WITHOUT_SCALARS: Final = 21
_DECLARED_SHAPE: Final = {
    "Const": "value",
    "Placeholder": "shape",
    "PlaceholderV2": "shape",
    "TemporaryVariable": "shape",
    "Variable": "shape",
    "VariableV2": "shape",
}
"""The attribute with the shape of the only output, by op."""


@dataclass(frozen=True, slots=True)
class NodeDefProblem:
    """A reason why a kind of node is not valid.

    Attributes:
        rule: the id of the rule, which names the versions that apply it.
        step: the step of the import that fails.
        message: one sentence.
        attr: the attribute that it is about.
        before: of these versions, only those before this one refuse the kind.
    """

    rule: str
    step: Step
    message: str
    attr: str = ""
    before: Version = _ALWAYS


@dataclass(frozen=True, slots=True)
class NodeDefValidation:
    """The result of validating a kind of node by the definition of its op.

    Attributes:
        problems: the reasons why it is not valid.
        inputs: the data types of its data inputs; None if they cannot be told.
        outputs: those of its outputs.
    """

    problems: tuple[NodeDefProblem, ...]
    inputs: Sequence[int] | None
    outputs: Sequence[int] | None


def validate_node_def(
    kind: NodeKind, op: OpDef, producer: int, defaults: Mapping[str, int]
) -> NodeDefValidation:
    """Validate a kind of node.

    Args:
        kind: the kind.
        op: the definition of its op, or the signature of the function that it calls.
        producer: the producer version of the graph.
        defaults: for the attributes with a default in the graph's own op list, the number of that default.

    Returns:
        What the definition says of it.
    """
    problems = list(_attr_problems(kind, op, defaults))
    if op.HasField("deprecation") and producer >= op.deprecation.version:
        problems.append(
            NodeDefProblem(
                "LOAD-24",
                Step.REMOVED_OP,
                f"{op.name} was removed in GraphDef version {op.deprecation.version}, but the graph has "
                f"producer {producer}: {op.deprecation.explanation}",
            )
        )
    inputs = data_types_of(op.input_arg, kind.facts, op)
    outputs = data_types_of(op.output_arg, kind.facts, op)
    if inputs is None or outputs is None:
        problems.extend(_count_problems(kind, op))
    problems.extend(_shape_problems(kind, producer, outputs))
    return NodeDefValidation(tuple(problems), inputs, outputs)


def _attr_problems(kind: NodeKind, op: OpDef, defaults: Mapping[str, int]) -> Iterator[NodeDefProblem]:
    declared = {attr.name: attr for attr in op.attr}
    for name, fact in kind.facts.items():
        if name.startswith("_"):
            continue
        attr = declared.get(name)
        if attr is None:
            if name not in defaults or defaults[name] not in fact.default_of:
                message = f"{op.name} has no attribute {name!r}"
                yield NodeDefProblem("LOAD-17", Step.ATTR, message, name)
        elif fact.kind or not attr.HasField("default_value"):
            yield from _value_problems(fact, attr)
    for name, attr in declared.items():
        if name not in kind.facts and not attr.HasField("default_value"):
            message = f"{op.name} requires the attribute {name!r}, which has no default"
            yield NodeDefProblem("LOAD-18", Step.MISSING_ATTR, message, name)


def _value_problems(fact: AttrFact, attr: OpDef.AttrDef) -> Iterator[NodeDefProblem]:
    name = attr.name
    if fact.kind == "placeholder":
        before = _ALWAYS if attr.type in {"type", "shape"} else _PLACEHOLDERS_ACCEPTED_SINCE
        message = f"{name} is a placeholder, but a value of type {attr.type} is needed"
        yield NodeDefProblem("LOAD-19", Step.ATTR, message, name, before)
        return
    problem = _type_problem(fact, attr.type)
    if problem:
        yield NodeDefProblem("LOAD-19", Step.ATTR, f"{name} {problem}", name)
        return
    if attr.type in {"type", "list(type)"}:
        yield from _data_type_problems(fact)
    if attr.has_minimum:
        measured = fact.number if attr.type == "int" else fact.length
        if measured < attr.minimum:
            what = str(measured) if attr.type == "int" else f"a list of {measured}"
            message = f"{name} is {what}, which is below the minimum of {attr.minimum}"
            yield NodeDefProblem("LOAD-22", Step.ATTR, message, name)
    if attr.HasField("allowed_values"):
        yield from _allowed_problems(fact, attr)


def _type_problem(fact: AttrFact, declared: str) -> str:
    """Return why a value is not of the declared type; empty if it is."""
    if fact.kind == "list":
        for items in fact.lists:
            found = f"list({_TYPE_OF_FIELD[items]})"
            if found != declared:
                return f"is a {found}, but the op declares {declared}"
        return "" if declared.startswith("list(") else f"has no value, but the op declares {declared}"
    if not fact.kind:
        return "" if declared.startswith("list(") else f"has no value, but the op declares {declared}"
    found = _TYPE_OF_FIELD[fact.kind]
    return "" if found == declared else f"is a {found}, but the op declares {declared}"


def _data_type_problems(fact: AttrFact) -> Iterator[NodeDefProblem]:
    for number in fact.types:
        since = data_types.first_version(number)
        named = data_types.type_name(number)
        if since is None:
            yield NodeDefProblem("LOAD-20", Step.ATTR, f"{fact.name} is the {named}", fact.name)
        elif number == 0:
            yield NodeDefProblem(
                "LOAD-20", Step.ATTR, f"{fact.name} is not a data type (DT_INVALID)", fact.name
            )
        elif number > data_types.REF:
            yield NodeDefProblem(
                "LOAD-20", Step.ATTR, f"{fact.name} is the reference type {named}", fact.name
            )
        elif since > (0, 0):
            since_text = ".".join(map(str, since))
            message = f"{fact.name} is {named}, which TensorFlow has since {since_text}"
            yield NodeDefProblem("LOAD-20", Step.ATTR, message, fact.name, since)


def _allowed_problems(fact: AttrFact, attr: OpDef.AttrDef) -> Iterator[NodeDefProblem]:
    allowed = attr.allowed_values.list
    if attr.type in {"type", "list(type)"}:
        wrong = [data_types.type_name(number) for number in fact.types if number not in allowed.type]
        names = [data_types.type_name(number) for number in allowed.type]
    else:
        wrong = [repr(text.decode("utf-8", "replace")) for text in fact.strings if text not in allowed.s]
        names = [repr(text.decode()) for text in allowed.s]
    if wrong:
        message = f"{attr.name} is {wrong[0]}, but the op allows {', '.join(names)}"
        yield NodeDefProblem("LOAD-21", Step.ATTR, message, attr.name)


def _count_problems(kind: NodeKind, op: OpDef) -> Iterator[NodeDefProblem]:
    attrs = [argument.number_attr for argument in (*op.input_arg, *op.output_arg) if argument.number_attr]
    for name in dict.fromkeys(attrs):
        fact = _value(name, kind.facts, op)
        if fact is not None and fact.kind == "i" and fact.number > data_types.MOST_TENSORS:
            message = f"{name} is {fact.number}, but a node has at most {data_types.MOST_TENSORS} tensors"
            yield NodeDefProblem("LOAD-46", Step.INPUT_COUNT, message, name)


def data_types_of(arguments: object, facts: Mapping[str, AttrFact], op: OpDef) -> Sequence[int] | None:
    """Return the data types of the inputs or outputs of a node.

    Args:
        arguments: the arguments that the op declares.
        facts: the attributes of the node.
        op: the definition of the op.

    Returns:
        The data types, one for each tensor; None if an attribute that they depend on cannot be used.
    """
    runs: list[tuple[int, int]] = []
    for argument in arguments:  # type: ignore[attr-defined] # a repeated field, which the stubs do not name
        one = _argument_types(argument, facts, op)
        if one is None:
            return None
        runs.extend(one)
    return data_types.type_list(runs)


def _argument_types(
    argument: OpDef.ArgDef, facts: Mapping[str, AttrFact], op: OpDef
) -> list[tuple[int, int]] | None:
    """Return the data types of one argument, and how many tensors of each follow one another."""
    if argument.type_list_attr:
        listed = _value(argument.type_list_attr, facts, op)
        if listed is None or listed.kind not in {"", "list"}:
            return None
        runs = [(number, 1) for number in listed.types]
    else:
        number: int = argument.type
        if argument.type_attr:
            typed = _value(argument.type_attr, facts, op)
            if typed is None or typed.kind != "type":
                return None
            number = typed.types[0]
        repeats = 1
        if argument.number_attr:
            counted = _value(argument.number_attr, facts, op)
            if counted is None or counted.kind != "i" or not 0 <= counted.number <= data_types.MOST_TENSORS:
                return None
            repeats = counted.number
        runs = [(number, repeats)]
    return [(number + data_types.REF, count) for number, count in runs] if argument.is_ref else runs


def _value(name: str, facts: Mapping[str, AttrFact], op: OpDef) -> AttrFact | None:
    """Return the fact of an attribute, or of its default if it has no value."""
    fact = facts.get(name)
    if fact is not None and fact.kind:
        return fact
    for attr in op.attr:
        if attr.name == name and attr.HasField("default_value"):
            return _default_fact(name, attr.default_value)
    return fact


def _default_fact(name: str, value: AttrValue) -> AttrFact:
    kind = value.WhichOneof("value") or ""
    types = (value.type,) if kind == "type" else tuple(value.list.type)
    return AttrFact(name, kind, number=value.i, types=types)


def _shape_problems(kind: NodeKind, producer: int, outputs: Sequence[int] | None) -> Iterator[NodeDefProblem]:
    declared, problem = _declared_shape(kind, producer)
    if problem:
        yield NodeDefProblem("LOAD-27", Step.SHAPE, problem)
        return
    stated = kind.facts.get(OUTPUT_SHAPES)
    if stated is None or outputs is None:
        return
    if stated.length < len(outputs):
        message = f"_output_shapes has {stated.length} shapes, but the node has {len(outputs)} outputs"
        yield NodeDefProblem("LOAD-26", Step.SHAPE, message, OUTPUT_SHAPES)
    elif stated.bad_shape and outputs:
        yield NodeDefProblem("LOAD-26", Step.SHAPE, f"_output_shapes: {stated.bad_shape}", OUTPUT_SHAPES)
    elif outputs and not shapes_agree(stated.shapes[0], declared):
        one, other = _shape_text(stated.shapes[0]), _shape_text(declared)
        message = f"_output_shapes is {one}, but the node declares {other}"
        yield NodeDefProblem("LOAD-27", Step.SHAPE, message, OUTPUT_SHAPES)


def _declared_shape(kind: NodeKind, producer: int) -> tuple[Shape, str]:
    """Return the shape that a node declares for its only output, and what is wrong with it."""
    name = "shape" if kind.op == "VarHandleOp" else _DECLARED_SHAPE.get(kind.op)
    fact = kind.facts.get(name) if name else None
    if fact is None or fact.kind not in {"shape", "tensor"}:
        return (() if kind.op == "VarHandleOp" else None), ""
    if fact.bad_shape:
        return None, f"{name}: {fact.bad_shape}"
    shape = fact.shapes[0]
    if kind.op == "Const" and (shape is None or -1 in shape):
        return None, f"the value has the shape {_shape_text(shape)}, which is not fully defined"
    if kind.op == "VarHandleOp":
        return (), ""
    if shape == () and (
        kind.op == "Variable" or (kind.op == "Placeholder" and producer <= _LAST_GRAPH_WITHOUT_SCALARS)
    ):
        return None, ""
    return shape, ""


def _shape_text(shape: Shape) -> str:
    return "unknown" if shape is None else f"[{', '.join('?' if dim < 0 else str(dim) for dim in shape)}]"
