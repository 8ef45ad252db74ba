"""The rules about nodes: names, ops, attributes, inputs and their data types, cycles."""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from pytest_metagraph.loadability import data_types
from pytest_metagraph.loadability.op_registries import LISTED_OPS_READ_UNTIL
from pytest_metagraph.loadability.rule_catalogue import RULES
from pytest_metagraph.loadability.rules.node_def import NodeDefValidation, validate_node_def
from pytest_metagraph.loadability.subject import Subject
from pytest_metagraph.loadability.survey import CONTROL, Situation, split_input
from pytest_metagraph.loadability.version_ranges import Version
from pytest_metagraph.loadability.violation import Phase, Step, Target, Violation
from reference_impl.schema import OpDef

_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/"
_ODD_START: Final = re.compile(rb"\n[_\-/\n]")
_NAME: Final = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-/]*")
_NAME_WITH_ANGLES: Final = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-/]*(?:>[A-Za-z0-9.][A-Za-z0-9_.\-/]*)*")
_ANGLES_SINCE: Final = (2, 0)
ON_DEMAND: Final = "on demand"
"""How the group of a violation begins that is about an op whose Python module is not imported."""
_LAST_FIRST_UNTIL: Final = (1, 8)
"""Up to this version the importer takes the node that became ready last."""
_UNBOUND: Final = "$unbound_inputs_"
_MERGES: Final = frozenset({"Merge", "RefMerge", "_XlaMerge"})
_NEXT_ITERATIONS: Final = frozenset({"NextIteration", "RefNextIteration"})


class NodeRules:
    """The rules about nodes, for one graph and any number of versions.

    What no version changes, and the validation of a kind by one definition of its op, are found once.
    """

    def __init__(self, subject: Subject) -> None:
        """Prepare the rules for a graph."""
        self._subject = subject
        self._survey = subject.survey
        self._validated: dict[tuple[int, int], NodeDefValidation] = {}
        self._validations: dict[tuple[int, ...], Sequence[NodeDefValidation | None]] = {}
        self._known_situations: dict[int, Sequence[Violation]] = {}
        self._kept: list[object] = []

    def validations(self, target: Target) -> Sequence[NodeDefValidation | None]:
        """Return the validation of each kind of node; None if its op is not known.

        Versions that define the ops of the graph in the same way share their validations.
        """
        registered = target.registry.ops
        found = [registered.get(op) for op in self._registered_ops]
        key = tuple(map(id, found))
        known = self._validations.get(key)
        if known is None:
            self._kept.append(found)  # so that no other definitions get their ids
            definitions = {**self._signatures, **dict(zip(self._registered_ops, found, strict=True))}
            known = self._validations[key] = [
                self._validation(number, definitions[kind.op])
                for number, kind in enumerate(self._survey.kinds)
            ]
        return known

    @cached_property
    def _signatures(self) -> Mapping[str, OpDef | None]:
        """The definitions of the ops of the graph that are functions."""
        functions = self._subject.function_named
        ops = dict.fromkeys(kind.op for kind in self._survey.kinds)
        return {op: functions[op].signature for op in ops if op in functions}

    @cached_property
    def _registered_ops(self) -> Sequence[str]:
        """The other ops of the graph."""
        signatures = self._signatures
        return [op for op in dict.fromkeys(kind.op for kind in self._survey.kinds) if op not in signatures]

    def _validation(self, number: int, op: OpDef | None) -> NodeDefValidation | None:
        if op is None:
            return None
        key = (number, id(op))
        known = self._validated.get(key)
        if known is None:
            kind = self._survey.kinds[number]
            defaults = self._subject.facts.producer_defaults.get(kind.op, {})
            if kind.op in self._signatures:
                defaults = {}  # the op list does not define functions
            known = self._validated[key] = validate_node_def(
                kind, op, self._subject.versions.producer, defaults
            )
        return known

    def violations(self, target: Target) -> Iterator[Violation]:
        """Return what the rules find for a version."""
        yield from self._name_violations(target.version)
        yield from self._input_name_violations
        validations = self.validations(target)
        yield from self._op_list_violations(target)
        yield from self._kind_violations(target, validations)
        known = self._known_situations.get(id(validations))
        if known is None:
            known = self._known_situations[id(validations)] = list(self._situation_violations(validations))
        yield from known
        yield from self._cycle_violations

    def _name_violations(self, version: Version) -> Iterator[Violation]:
        pattern = _NAME_WITH_ANGLES if version >= _ANGLES_SINCE else _NAME
        for node in self._odd_names:
            name = self._survey.names[node]
            if not pattern.fullmatch(name):
                message = f"{name!r} is not a valid name of a node"
                yield self._about(node, "LOAD-06", Phase.NODE_NAMES, message, group="invalid name")
        yield from self._doubled_violations
        for node in self._without_op:
            yield self._about(node, "LOAD-08", Phase.NODE_NAMES, "the node has no op", step=Step.OP)

    @cached_property
    def _odd_names(self) -> Sequence[int]:
        """The nodes whose names are not made of letters, digits and `_.-/` in the usual way."""
        names = self._survey.names
        lines = "\n".join(["", *names, ""]).encode("utf-8", "surrogatepass")
        if lines.translate(None, _LETTERS) == b"\n" * (len(names) + 1) and not _ODD_START.search(lines):
            return ()
        return [node for node, name in enumerate(names) if not _NAME.fullmatch(name)]

    @cached_property
    def _doubled_violations(self) -> Sequence[Violation]:
        names = self._survey.names
        if not self._survey.has_doubled_names:
            return ()
        seen: set[str] = set()
        found = []
        for node, name in enumerate(names):
            if name in seen:
                message = f"another node has the name {name!r} as well"
                found.append(
                    self._about(
                        node, "LOAD-07", Phase.NODE_NAMES, message, step=Step.OUTPUT_NUMBER, group="doubled"
                    )
                )
            seen.add(name)
        return found

    @cached_property
    def _without_op(self) -> Sequence[int]:
        return (
            [node for node, op in enumerate(self._survey.ops) if not op]
            if any(not kind.op for kind in self._survey.kinds)
            else ()
        )

    @cached_property
    def _input_name_violations(self) -> Sequence[Violation]:
        """Return data inputs after control inputs, and inputs that name nothing."""
        late, unknown = set(), set()
        for number, situation in enumerate(self._survey.situations):
            seen_control = False
            for source in situation.sources:
                if source.output == CONTROL:
                    seen_control = True
                elif seen_control:
                    late.add(number)
                if source.kind is None:
                    unknown.add(number)
        if not late | unknown:
            return ()
        found: list[Violation] = []
        nodes = self._survey.nodes_in(late | unknown)
        inputs = list(self._survey.inputs_by_node())
        for node in sorted(set().union(*(nodes[number] for number in late))):
            texts = inputs[node]
            # The importer reads a text that begins with ^ as a control input here, even if it names an
            # output.
            marks = [text.startswith("^") for text in texts]
            if True in marks and False in marks[marks.index(True) :]:
                message = "a control input comes before a data input"
                found.append(self._about(node, "LOAD-09", Phase.NODE_NAMES, message, step=Step.INPUT_COUNT))
        for node in sorted(set().union(*(nodes[number] for number in unknown))):
            texts = [text for text in inputs[node] if self._survey.find(split_input(text)[0]) is None]
            text = next((text for text in texts if not is_unbound_input(text)), texts[0])
            message = f"input {text!r} names a node that is not in the graph"
            group = "unbound input" if is_unbound_input(text) else "unknown input"
            found.append(self._about(node, "LOAD-10", Phase.INPUT_NAMES, message, group=group))
        return found

    def _about(
        self,
        node: int,
        rule: str,
        phase: Phase,
        message: str,
        *,
        step: Step = Step.COLOCATION,
        group: str = "",
    ) -> Violation:
        return Violation(rule, phase, message, [node], self._survey.ops[node], step=step, group=group)

    def _op_list_violations(self, target: Target) -> Iterator[Violation]:
        """Return the ops that the graph lists and the importer does not find in Python's list of ops."""
        if target.version > LISTED_OPS_READ_UNTIL:
            return
        listed, registry = self._subject.facts.producer_defaults, target.registry
        found = {
            number: kind.op
            for number, kind in enumerate(self._survey.kinds)
            if kind.op in listed and (kind.op in registry.lazy_ops or kind.op not in registry.ops)
        }
        nodes = self._survey.nodes_of(found) if found else {}
        for number, op in found.items():
            message = f"this TensorFlow has no op {op!r}, which the op list of the graph has"
            group = ""
            if op in registry.lazy_ops:
                message = f"this TensorFlow does not import the Python module of the op {op!r} by itself"
                group = f"{ON_DEMAND} {op}"
            yield Violation("LOAD-16", Phase.OP_LIST, message, nodes[number], op, step=Step.OP, group=group)

    def _kind_violations(
        self, target: Target, validations: Sequence[NodeDefValidation | None]
    ) -> Iterator[Violation]:
        found: list[tuple[int, str, Step, str, str]] = []
        listed = self._subject.facts.producer_defaults if target.version <= LISTED_OPS_READ_UNTIL else ()
        for number, (kind, validation) in enumerate(zip(self._survey.kinds, validations, strict=True)):
            if validation is None:
                if kind.op and not kind.op.startswith("_") and kind.op not in listed:
                    message = f"this TensorFlow has no op {kind.op!r}, and the library has no such function"
                    found.append((number, "LOAD-16", Step.OP, message, ""))
            elif validation.problems:
                found.extend(
                    (number, problem.rule, problem.step, problem.message, problem.attr)
                    for problem in validation.problems
                    if target.version < problem.before and RULES[problem.rule].applies_in(target.version)
                )
        nodes = self._survey.nodes_of({number for number, *_ in found}) if found else {}
        for number, rule, step, message, attr in found:
            op = self._survey.kinds[number].op
            yield Violation(rule, Phase.NODES, message, nodes[number], op, attr, step)

    def _situation_violations(self, validations: Sequence[NodeDefValidation | None]) -> Iterator[Violation]:
        found: list[tuple[int, str, Step, str]] = []
        for number, situation in enumerate(self._survey.situations):
            validation = validations[situation.kind]
            inputs = None if validation is None else validation.inputs
            if situation.sources or inputs:
                self._judge_inputs(number, situation, inputs, validations, found)
        nodes = self._survey.nodes_in({number for number, *_ in found}) if found else {}
        for number, rule, step, message in found:
            op = self._survey.kinds[self._survey.situations[number].kind].op
            yield Violation(rule, Phase.NODES, message, nodes[number], op, step=step)

    def _judge_inputs(
        self,
        number: int,
        situation: Situation,
        inputs: Sequence[int] | None,
        validations: Sequence[NodeDefValidation | None],
        found: list[tuple[int, str, Step, str]],
    ) -> None:
        """Judge the number and the data types of the inputs in one situation."""
        kinds = self._survey.kinds
        position = 0
        for source in situation.sources:
            if source.output == CONTROL:
                continue
            position += 1
            given = None if source.kind is None else validations[source.kind]
            outputs = None if given is None else given.outputs
            if source.kind is None or outputs is None:
                continue
            op = kinds[source.kind].op
            if source.output >= len(outputs):
                plural = "" if len(outputs) == 1 else "s"
                message = (
                    f"input {position - 1} takes output {source.output} of a {op}, which has "
                    f"{len(outputs)} output{plural}"
                )
                found.append((number, "LOAD-15", Step.OUTPUT_NUMBER, message))
            elif inputs is not None and position <= len(inputs):
                expected, actual = inputs[position - 1], outputs[source.output]
                if expected != actual and not data_types.accepts(expected, actual):
                    message = (
                        f"input {position - 1} is {data_types.type_name(actual)}, from a {op}, but the op "
                        f"takes {data_types.type_name(expected)}"
                    )
                    found.append((number, "LOAD-25", Step.INPUT_TYPE, message))
        if inputs is not None and position != len(inputs):
            message = f"the node has {position} data inputs, but its op takes {len(inputs)}"
            found.append((number, "LOAD-23", Step.INPUT_COUNT, message))

    @cached_property
    def _cycle_violations(self) -> Sequence[Violation]:
        if not self._survey.backward:
            return ()
        left = [node for node, rank in enumerate(self.ranks) if rank > len(self.ranks)]
        if not left:
            return ()
        count = len(left)
        message = (
            "the node takes its own output"
            if count == 1
            else f"{count} nodes are in a cycle, or wait for one"
        )
        return [Violation("LOAD-28", Phase.NODES, message, left, self._survey.ops[left[0]], group="cycle")]

    @cached_property
    def ranks(self) -> Sequence[int]:
        """The position at which the importer reaches each node; above the number of nodes if it does not."""
        count = len(self._survey.names)
        if not self._survey.backward:
            return range(count)
        return self._import_order(last_first=False)

    def ranks_in(self, version: Version) -> Sequence[int]:
        """Return the ranks for the importer of a version."""
        return self._last_first if version <= _LAST_FIRST_UNTIL else self.ranks

    @cached_property
    def _last_first(self) -> Sequence[int]:
        return self._import_order(last_first=True)

    def _import_order(self, *, last_first: bool) -> list[int]:
        survey = self._survey
        return _import_order(list(survey.inputs_by_node()), survey.ops, survey.find, last_first=last_first)


def is_unbound_input(text: str) -> bool:
    """Return whether an input stands for one from outside of the exported scope."""
    return text.removeprefix("^").startswith(_UNBOUND)


def _import_order(
    inputs: Sequence[Sequence[str]],
    ops: Sequence[str],
    find: Callable[[str], int | None],
    *,
    last_first: bool,
) -> list[int]:
    """Return the position of each node in the order of the importer.

    Of the ready nodes, the importer takes the first one, or with `last_first` the one that became ready last.
    A node is ready when all its inputs are imported. A Merge that closes a loop waits for its control inputs
    and one data input. A node that never is ready has a position above the number of nodes.
    """
    count = len(ops)
    waiting, outputs = _waiting(inputs, ops, find)
    ready = [node for node in range(count) if waiting[node] <= 0]
    # A sorted list is a heap.
    pop, push = (list.pop, list.append) if last_first else (heapq.heappop, heapq.heappush)
    ranks = [0] * count
    reached = 0
    done = [False] * count
    while ready:
        node = pop(ready)
        if done[node]:
            continue
        done[node] = True
        ranks[node] = reached
        reached += 1
        for output in outputs[node]:
            waiting[output] -= 1
            if waiting[output] <= 0:
                push(ready, output)
    return [
        rank if is_done else count + 1 + node
        for node, (rank, is_done) in enumerate(zip(ranks, done, strict=True))
    ]


def _waiting(
    inputs: Sequence[Sequence[str]], ops: Sequence[str], find: Callable[[str], int | None]
) -> tuple[list[int], Mapping[int, Sequence[int]]]:
    """Return the number of inputs that each node waits for, and the nodes that wait for each node."""
    waiting = [0] * len(ops)
    outputs: dict[int, list[int]] = defaultdict(list)
    for node, texts in enumerate(inputs):
        sources = [(find(name), output) for name, output in map(split_input, texts)]
        closes_loop = ops[node] in _MERGES and any(
            source is not None and output != CONTROL and ops[source] in _NEXT_ITERATIONS
            for source, output in sources
        )
        waiting[node] = len(sources)
        if closes_loop:
            waiting[node] = sum(output == CONTROL for _, output in sources) + 1
        for source, _ in sources:
            if source is None:
                waiting[node] -= not closes_loop
            elif not (closes_loop and ops[source] in _NEXT_ITERATIONS):
                outputs[source].append(node)
    return waiting, outputs
