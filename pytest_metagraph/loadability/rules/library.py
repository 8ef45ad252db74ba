"""The rules about the function library: names, gradients, and the bodies of functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from pytest_metagraph.loadability import data_types
from pytest_metagraph.loadability.finding import Finding, Phase, Step, Target
from pytest_metagraph.loadability.rules.bodies import Body
from pytest_metagraph.loadability.subject import Subject
from reference_impl.schema import FunctionDef, OpDef

_BODIES_BUILT_SINCE: Final = (1, 14)
_UNKNOWN_ATTRS_UNTIL: Final = (2, 4)
_CALLS: Final = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_CALLED: Final = "f"

Definition = Callable[[str], OpDef | None]


class LibraryRules:
    """The rules about the function library, for one graph and any number of versions."""

    def __init__(self, subject: Subject) -> None:
        """Prepare the rules for a graph."""
        self._subject = subject
        self._functions = subject.functions
        self._problems: dict[tuple[str, tuple[int, ...]], str] = {}
        self._kept: list[object] = []

    def findings(self, target: Target) -> Iterator[Finding]:
        """Return what the rules find for a version."""
        yield from self._doubled
        for number, function in enumerate(self._functions):
            name = function.signature.name
            if name in target.registry.ops:
                message = f"the function {name!r} has the name of an op"
                yield Finding("LOAD-12", Phase.LIBRARY, message, position=number, name=name)
            yield from self._argument_findings(number, function, target)
        yield from self._gradient_findings
        yield from self._missing_functions(target)
        yield from self._body_findings(target)

    def _argument_findings(self, number: int, function: FunctionDef, target: Target) -> Iterator[Finding]:
        for argument in function.signature.input_arg:
            since = data_types.first_version(argument.type)
            if argument.type and since is not None and since <= target.version:
                continue
            named = data_types.type_name(argument.type) if argument.type else "none"
            message = f"the function {function.signature.name!r} has an argument of data type {named}"
            yield Finding(
                "LOAD-33", Phase.PYTHON_FUNCTIONS, message, position=number + 1, name=function.signature.name
            )

    @cached_property
    def _doubled(self) -> Sequence[Finding]:
        found = []
        first: dict[str, bytes] = {}
        for number, function in enumerate(self._functions):
            name = function.signature.name
            data = function.SerializeToString(deterministic=True)
            if first.setdefault(name, data) != data:
                message = f"two different functions have the name {name!r}"
                found.append(Finding("LOAD-11", Phase.LIBRARY, message, position=number, name=name))
            doubled = [
                node for node, count in Counter(node.name for node in function.node_def).items() if count > 1
            ]
            if doubled:
                message = f"the function {name!r} has two nodes with the name {doubled[0]!r}"
                found.append(Finding("LOAD-11", Phase.PYTHON_FUNCTIONS, message, position=number, name=name))
        return found

    @cached_property
    def _gradient_findings(self) -> Sequence[Finding]:
        found = []
        assigned: dict[str, str] = {}
        gradients = self._subject.gradients
        for number, gradient in enumerate(gradients):
            name, of = gradient.gradient_func, gradient.function_name
            if assigned.get(of) and assigned[of] != name:
                message = f"the function {of!r} has the gradients {assigned[of]!r} and {name!r}"
                position = len(self._functions) + number
                found.append(Finding("LOAD-13", Phase.LIBRARY, message, position=position, name=of))
            assigned[of] = name
        if not self._functions:
            return found
        named = self._subject.function_named
        missing = [
            name
            for gradient in gradients
            for name in (gradient.function_name, gradient.gradient_func)
            if name not in named
        ]
        if missing:
            message = f"the library has a gradient with the function {missing[0]!r}, but not the function"
            found.append(Finding("LOAD-32", Phase.PYTHON_FUNCTIONS, message, name=missing[0]))
        elif all(assigned.get(name) for name in named):
            message = "every function has a gradient function, so that they form a cycle"
            found.append(Finding("LOAD-32", Phase.PYTHON_FUNCTIONS, message))
        return found

    def _missing_functions(self, target: Target) -> Iterator[Finding]:
        survey, known = self._subject.survey, self._subject.function_named
        missing = {
            number: absent
            for number, kind in enumerate(survey.kinds)
            if (
                absent := [
                    name
                    for fact in kind.facts.values()
                    for name in fact.functions
                    if name and name not in known and name not in target.registry.ops
                ]
            )
        }
        nodes = survey.nodes_of(missing) if missing else {}
        for number, absent in missing.items():
            message = f"the library has no function {absent[0]!r}, to which the node refers"
            op = survey.kinds[number].op
            yield Finding("LOAD-43", Phase.LATER, message, nodes[number], op, group=f"missing {absent[0]}")

    def _body_findings(self, target: Target) -> Iterator[Finding]:
        if not self._functions:
            return
        definition = self._definition_of(target)
        built: set[str] = set()
        if target.version >= _BODIES_BUILT_SINCE:
            calls = self._calls
            problems = {name: self._built_problem(name, definition) for name in set(calls.values())}
            for name, problem in problems.items():
                built.update(self._reached(name) if problem else ())
            wrong = {kind: problems[name] for kind, name in calls.items() if problems[name]}
            nodes = self._subject.survey.nodes_of(wrong) if wrong else {}
            for kind, problem in wrong.items():
                message = f"the function {calls[kind]!r} cannot be built: {problem}"
                op = self._subject.survey.kinds[kind].op
                yield Finding("LOAD-29", Phase.NODES, message, nodes[kind], op, step=Step.SHAPE)
        for function in self._functions:
            name = function.signature.name
            if name in built:
                continue
            for problem in self._bodies[name].unknown(
                definition, attrs=target.version <= _UNKNOWN_ATTRS_UNTIL
            ):
                message = f"the body of {name!r}: this TensorFlow has no {problem}"
                yield Finding("LOAD-44", Phase.LATER, message, name=name, group=f"body {problem}")

    def _reached(self, name: str) -> list[str]:
        """Return a function and those that are built with it, in the order in which they are built."""
        reached: dict[str, None] = {}
        left = [name]
        while left:
            current = left.pop()
            if current not in reached:
                reached[current] = None
                called = list(self._bodies[current].calls(self._subject.function_named))
                left.extend(reversed(called))
        return list(reached)

    def _definition_of(self, target: Target) -> Definition:
        functions, ops = self._subject.function_named, target.registry.ops

        def definition(name: str) -> OpDef | None:
            function = functions.get(name)
            return ops.get(name) if function is None else function.signature

        return definition

    @cached_property
    def _bodies(self) -> Mapping[str, Body]:
        return {
            name: Body(function, self._subject.facts)
            for name, function in self._subject.function_named.items()
        }

    @cached_property
    def _calls(self) -> Mapping[int, str]:
        """The function that the importer builds for each kind of node that calls one."""
        return {
            number: name
            for number, kind in enumerate(self._subject.survey.kinds)
            if (name := called_function(kind.op, kind.facts.get(_CALLED), self._subject.function_named))
        }

    def _built_problem(self, name: str, definition: Definition) -> str:
        """Return why the importer cannot build the body of a function, or of one that is built with it."""
        for built in self._reached(name):
            problem = self._body_problem(built, definition)
            if problem:
                return problem if built == name else f"it calls {built!r}: {problem}"
        return ""

    def _body_problem(self, name: str, definition: Definition) -> str:
        body = self._bodies[name]
        ops = [definition(op) for op in body.ops]
        key = (name, tuple(map(id, ops)))
        known = self._problems.get(key)
        if known is None:
            self._kept.append(ops)  # so that no other definitions get their ids
            known = self._problems[key] = body.problem(definition)
        return known


def called_function(op: str, fact: object, functions: Mapping[str, object]) -> str:
    """Return the function whose body the importer builds for a node; empty if there is none."""
    if op in functions:
        return op
    names: tuple[str, ...] = getattr(fact, "functions", ())
    return names[0] if op in _CALLS and names and names[0] in functions else ""
