"""The rules about the function library: names, gradients, and the bodies of functions."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from pytest_metagraph.loadability import data_types
from pytest_metagraph.loadability.body_survey import BodyNodes
from pytest_metagraph.loadability.rule_catalogue import RULES
from pytest_metagraph.loadability.rules.bodies import (
    CALLED,
    BodyValidator,
    Definition,
    called_function,
    called_in,
)
from pytest_metagraph.loadability.subject import Subject
from pytest_metagraph.loadability.violation import Phase, Step, Target, Violation
from reference_impl.schema import FunctionDef, OpDef


class LibraryRules:
    """The rules about the function library, for one graph and any number of versions."""

    def __init__(self, subject: Subject) -> None:
        """Prepare the rules for a graph."""
        self._subject = subject
        self._functions = subject.functions
        self._survey = subject.bodies
        self._known: dict[tuple[bool, bool, tuple[int, ...]], Sequence[Violation]] = {}
        self._kept: list[object] = []

    def violations(self, target: Target) -> Iterator[Violation]:
        """Return what the rules find for a version."""
        yield from self._doubled
        if not target.registry.ops.keys().isdisjoint(self._subject.function_named):
            for number, function in enumerate(self._functions):
                name = function.signature.name
                if name in target.registry.ops:
                    message = f"the function {name!r} has the name of an op"
                    yield Violation("LOAD-12", Phase.LIBRARY, message, position=number, name=name)
        yield from self._argument_violations(target)
        yield from self._gradient_violations
        yield from self._missing_functions(target)
        yield from self._body_violations(target)

    def _argument_violations(self, target: Target) -> Iterator[Violation]:
        for number, name, data_type in self._recent_arguments:
            since = data_types.first_version(data_type)
            if data_type and since is not None and since <= target.version:
                continue
            named = data_types.type_name(data_type) if data_type else "none"
            message = f"the function {name!r} has an argument of data type {named}"
            yield Violation("LOAD-33", Phase.PYTHON_FUNCTIONS, message, position=number + 1, name=name)

    @cached_property
    def _recent_arguments(self) -> Sequence[tuple[int, str, int]]:
        """The arguments whose data types some version does not have: function, its name, data type."""
        return [
            (number, function.signature.name, argument.type)
            for number, function in enumerate(self._functions)
            for argument in function.signature.input_arg
            if not argument.type or data_types.first_version(argument.type) != (0, 0)
        ]

    @cached_property
    def _doubled(self) -> Sequence[Violation]:
        found = []
        first: dict[str, int] = {}
        for number, body in enumerate(self._survey.bodies):
            name = body.function.signature.name
            other = first.setdefault(name, number)
            if other != number and self._content_of(other) != self._content_of(number):
                message = f"two different functions have the name {name!r}"
                found.append(Violation("LOAD-11", Phase.LIBRARY, message, position=number, name=name))
            if body.has_doubled_names:
                doubled = [node for node, count in Counter(body.names).items() if count > 1]
                message = f"the function {name!r} has two nodes with the name {doubled[0]!r}"
                found.append(
                    Violation("LOAD-11", Phase.PYTHON_FUNCTIONS, message, position=number, name=name)
                )
        return found

    def _content_of(self, number: int) -> bytes:
        """Return a function in wire format, with its attributes sorted."""
        data = self._functions[number].SerializeToString()
        return FunctionDef.FromString(data).SerializeToString(deterministic=True)

    @cached_property
    def _gradient_violations(self) -> Sequence[Violation]:
        found = []
        assigned: dict[str, str] = {}
        gradients = self._subject.gradients
        for number, gradient in enumerate(gradients):
            name, of = gradient.gradient_func, gradient.function_name
            if assigned.get(of) and assigned[of] != name:
                message = f"the function {of!r} has the gradients {assigned[of]!r} and {name!r}"
                position = len(self._functions) + number
                found.append(Violation("LOAD-13", Phase.LIBRARY, message, position=position, name=of))
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
            found.append(Violation("LOAD-32", Phase.PYTHON_FUNCTIONS, message, name=missing[0]))
        elif all(assigned.get(name) for name in named):
            message = "every function has a gradient function, so that they form a cycle"
            found.append(Violation("LOAD-32", Phase.PYTHON_FUNCTIONS, message))
        return found

    def _missing_functions(self, target: Target) -> Iterator[Violation]:
        survey = self._subject.survey
        missing = {
            number: absent
            for number, names in self._absent_functions.items()
            if (absent := [name for name in names if name not in target.registry.ops])
        }
        nodes = survey.nodes_of(missing) if missing else {}
        for number, absent in missing.items():
            message = f"the library has no function {absent[0]!r}, to which the node refers"
            op = survey.kinds[number].op
            yield Violation("LOAD-43", Phase.LATER, message, nodes[number], op, group=f"missing {absent[0]}")

    @cached_property
    def _absent_functions(self) -> Mapping[int, Sequence[str]]:
        """The functions that the nodes of each kind refer to and the library does not have."""
        known = self._subject.function_named
        return {
            number: absent
            for number, kind in enumerate(self._subject.survey.kinds)
            if (
                absent := [
                    name
                    for fact in kind.facts.values()
                    for name in fact.functions
                    if name and name not in known
                ]
            )
        }

    def _body_violations(self, target: Target) -> Sequence[Violation]:
        """Return the violations about bodies, which depend on the definitions of the ops in them only."""
        if not self._functions:
            return ()
        definition = self._definition_of(target)
        ops = [definition(op) for op in self._ops_of_bodies]
        key = (
            RULES["LOAD-29"].applies_in(target.version),
            RULES["LOAD-17"].applies_in(target.version),
            tuple(map(id, ops)),
        )
        known = self._known.get(key)
        if known is None:
            self._kept.append(ops)  # so that no other definitions get their ids
            builds, refuses_attrs, _ = key
            validator = BodyValidator(self._survey, definition)
            found = self._violations_of_bodies(validator, builds=builds, refuses_attrs=refuses_attrs)
            known = self._known[key] = list(found)
        return known

    def _violations_of_bodies(
        self, validator: BodyValidator, *, builds: bool, refuses_attrs: bool
    ) -> Iterator[Violation]:
        built: Collection[str] = ()
        if builds:
            calls = self._calls
            problems = self._built_problems(validator)
            built = self._reached(name for name in calls.values() if name in problems)
            wrong = {kind: problems[name] for kind, name in calls.items() if name in problems}
            nodes = self._subject.survey.nodes_of(wrong) if wrong else {}
            for kind, problem in wrong.items():
                message = f"the function {calls[kind]!r} cannot be built: {problem}"
                op = self._subject.survey.kinds[kind].op
                yield Violation("LOAD-29", Phase.NODES, message, nodes[kind], op, step=Step.SHAPE)
        for function in self._functions:
            name = function.signature.name
            if name in built:
                continue
            for problem in validator.unknown(self._body_named[name], attrs=refuses_attrs):
                message = f"the body of {name!r}: this TensorFlow has no {problem}"
                yield Violation("LOAD-44", Phase.LATER, message, name=name, group=f"body {problem}")

    def _reached(self, names: Iterable[str]) -> Collection[str]:
        """Return functions and those that are built with them, each once."""
        reached: dict[str, None] = {}
        left = list(names)
        while left:
            current = left.pop()
            if current not in reached:
                reached[current] = None
                left.extend(reversed(self._called_in[current]))
        return reached.keys()

    def _definition_of(self, target: Target) -> Definition:
        functions, ops = self._subject.function_named, target.registry.ops

        def definition(name: str) -> OpDef | None:
            function = functions.get(name)
            if function is None:
                return ops.get(name)
            signature: OpDef = function.signature
            return signature

        return definition

    @cached_property
    def _ops_of_bodies(self) -> Sequence[str]:
        """The ops of the nodes in bodies, each once."""
        return list(dict.fromkeys(kind.op for kind in self._survey.kinds))

    @cached_property
    def _body_named(self) -> Mapping[str, BodyNodes]:
        """The body of each function by name; the first one if several have the same name."""
        named: dict[str, BodyNodes] = {}
        for body in self._survey.bodies:
            named.setdefault(body.function.signature.name, body)
        return named

    @cached_property
    def _called_in(self) -> Mapping[str, Sequence[str]]:
        """The functions that are built with each function."""
        named, kinds = self._subject.function_named, self._survey.kinds
        return {name: list(called_in(body, kinds, named)) for name, body in self._body_named.items()}

    @cached_property
    def _calls(self) -> Mapping[int, str]:
        """The function that the importer builds for each kind of node that calls one."""
        return {
            number: name
            for number, kind in enumerate(self._subject.survey.kinds)
            if (name := called_function(kind.op, kind.facts.get(CALLED), self._subject.function_named))
        }

    def _built_problems(self, validator: BodyValidator) -> Mapping[str, str]:
        """Return why the importer cannot build a function that is called, or one that is built with it.

        Each function is visited once, however many others it is built with.
        """
        reached = self._reached(self._calls.values())
        problems = {
            name: problem for name in reached if (problem := validator.problem(self._body_named[name]))
        }
        callers: dict[str, list[str]] = {}
        for name in reached if problems else ():
            for called in self._called_in[name]:
                callers.setdefault(called, []).append(name)
        left = deque((name, f"it calls {name!r}: {problem}") for name, problem in problems.items())
        while left:
            name, problem = left.popleft()
            for caller in callers.get(name, ()):
                if caller not in problems:
                    problems[caller] = problem
                    left.append((caller, problem))
        return problems
