"""The rules about collections, savers and signatures."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pytest_metagraph.diff.sides import PARSE_ERRORS
from pytest_metagraph.loadability.rules.node_def import NodeDefValidation
from pytest_metagraph.loadability.subject import Subject
from pytest_metagraph.loadability.survey import split_input
from pytest_metagraph.loadability.version_ranges import Version
from pytest_metagraph.loadability.violation import Phase, Target, Violation
from reference_impl.schema import REGISTERED_COLLECTIONS, ControlFlowContextDef, VariableDef

_UNBOUND: Final = "unbound_inputs"
_VARIABLES: Final = "variables"
_TRAINABLE: Final = "trainable_variables"
_METRICS: Final = "metric_variables"
_SAVEABLE: Final = "saveable_objects"
_TRAINABLE_FIRST_SINCE: Final = (1, 14)
_METRICS_READ_SINCE: Final = (1, 14)
_SNAPSHOTS_IGNORED_UNTIL: Final = (1, 8)
"""Up to this version the importer takes the read op of a resource variable by its usual name."""
_MODES_CHECKED_SINCE: Final = (1, 14)
_LARGEST_MODE: Final = 3
_ON_READ: Final = 3
_ON_READ_CHECKED_IN: Final = (1, 14)
"""The only version that refuses a trainable variable with the synchronization ON_READ."""
_ERROR_CODES: Final = range(1, 17)
_VARIABLE_OPS: Final = frozenset(
    {"Variable", "VariableV2", "AutoReloadVariable", "VarHandleOp", "ReadVariableOp"}
)


class CollectionRules:
    """The rules about collections, savers and signatures, for one graph and one version."""

    def __init__(
        self, subject: Subject, target: Target, validations: Sequence[NodeDefValidation | None]
    ) -> None:
        """Prepare the rules.

        Args:
            subject: the graph.
            target: the version.
            validations: the validation of each kind of node.
        """
        self._subject = subject
        self._survey = subject.survey
        self._version: Version = target.version
        self._validations = validations
        self._is_read: dict[int, bool] = {}
        """Whether the first inputs of a node lead back to an op that reads a variable."""
        self._meta_graph = subject.meta_graph
        self._has_saver = self._meta_graph.HasField("saver_def")
        self._position = 0

    def violations(self) -> Iterator[Violation]:
        """Return what the rules find."""
        if self._subject.kind != "MetaGraphDef":
            return
        collections = self._meta_graph.collection_def
        keys = sorted(collections)
        if self._version >= _TRAINABLE_FIRST_SINCE:
            keys.sort(key=lambda key: key != _TRAINABLE)
        for key in keys:
            if key != _UNBOUND:
                yield from self._collection(key, collections[key])
        yield from self._variables()
        yield from self._saver()
        yield from self._signatures()

    def _found(self, rule: str, key: str, message: str, group: str = "") -> Violation:
        self._position += 1
        return Violation(
            rule,
            Phase.COLLECTIONS,
            f"{key}: {message}",
            position=self._position,
            name=key,
            group=f"{key} {group}",
        )

    def _collection(self, key: str, collection: Any) -> Iterator[Violation]:
        kind = collection.WhichOneof("kind")
        if kind == "node_list":
            for name in collection.node_list.value:
                problem = self._name_problem(name)
                if problem:
                    yield self._found("LOAD-35", key, problem, "name")
        registered = REGISTERED_COLLECTIONS.get(key)
        if key == _METRICS and self._version < _METRICS_READ_SINCE:
            registered = None
        if kind == "bytes_list" and registered is not None:
            for number, data in enumerate(collection.bytes_list.value):
                try:
                    item = registered.FromString(data)
                except PARSE_ERRORS:
                    message = f"item {number} is not a {registered.DESCRIPTOR.name}"
                    yield self._found("LOAD-36", key, message, "message")
                    continue
                for rule, problem in self._item(item):
                    yield self._found(rule, key, f"item {number}: {problem}", rule)

    def _item(self, item: Any) -> Iterator[tuple[str, str]]:
        """Return the rules that an item of a registered collection breaks, and how."""
        match item.DESCRIPTOR.name:
            case "VariableDef":
                yield from self._variable(item)
            case "SaverDef":
                yield from (("LOAD-41", problem) for problem in _saver_problems(item)[:1])
            case "QueueRunnerDef":
                names = [item.queue_name, *item.enqueue_op_name, item.close_op_name, item.cancel_op_name]
                yield from self._missing(names)
                for code in item.queue_closed_exception_types:
                    if code not in _ERROR_CODES:
                        yield "LOAD-38", f"{code} is not the code of an error"
            case "CondContextDef":
                yield from self._context([item.pred_name, item.pivot_name], item)
            case "WhileContextDef":
                optional = [item.maximum_iterations_name] if item.maximum_iterations_name else []
                pivots = [item.pivot_for_pred_name, item.pivot_for_body_name, item.pivot_name]
                yield from self._context(
                    [*optional, *pivots, *item.loop_exit_names, *item.loop_enter_names], item
                )

    def _missing(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        for name in names:
            problem = self._name_problem(name)
            if problem:
                yield "LOAD-37", problem

    def _context(self, names: Sequence[str], item: Any) -> Iterator[tuple[str, str]]:
        yield from self._missing(names)
        external = item.values_def.external_values
        yield from self._missing(list(external.values()))
        inner = {value.split(":")[0] for value in set(item.values_def.values) - set(external)}
        yield from self._missing(sorted(inner))
        for nested in item.nested_contexts:
            yield from self._nested(nested)

    def _nested(self, nested: ControlFlowContextDef) -> Iterator[tuple[str, str]]:
        kind = nested.WhichOneof("ctxt")
        if kind is None:
            yield "LOAD-38", "a nested context is neither a cond nor a while context"
        else:
            yield from self._item(getattr(nested, kind))

    def _variable(self, item: Any) -> Iterator[tuple[str, str]]:
        name = item.variable_name
        yield from self._missing([name])
        if item.is_resource and not self._name_problem(name):
            problem = self._handle_problem(name)
            if problem:
                yield "LOAD-38", problem
        yield from self._missing([item.initializer_name])
        if item.initial_value_name:
            yield from self._missing([item.initial_value_name])
        if self._version >= _MODES_CHECKED_SINCE:
            for field in ("synchronization", "aggregation"):
                mode = getattr(item, field)
                if not 0 <= mode <= _LARGEST_MODE:
                    yield "LOAD-38", f"{field} = {mode} is not a mode"
        if self._version == _ON_READ_CHECKED_IN and item.trainable and item.synchronization == _ON_READ:
            yield "LOAD-38", "synchronization = 3 (ON_READ) is refused for a trainable variable"
        yield from self._snapshot(item)

    def _snapshot(self, item: Any) -> Iterator[tuple[str, str]]:
        name = item.snapshot_name
        if item.is_resource and (not name or self._version <= _SNAPSHOTS_IGNORED_UNTIL):
            if not self._name_problem(item.variable_name):
                node, _, _ = item.variable_name.partition(":")
                yield from self._missing([f"{node}/Read/ReadVariableOp:0"])
            return
        yield from self._missing([name])
        if item.is_resource and not self._name_problem(name):
            problem = self._snapshot_problem(name)
            if problem:
                yield "LOAD-38", problem

    def _handle_problem(self, name: str) -> str:
        """Return why a resource variable cannot have a handle of this name; empty if it can."""
        if ":" not in name:
            return f"{name!r} is an operation, but the handle of a variable is a tensor"
        position = self._survey.find(name.partition(":")[0])
        if position is None:
            return f"{name!r} is not in the graph"
        node = self._survey.node(position)
        absent = [attr for attr in ("shape", "dtype") if attr not in node.attr]
        return f"{name!r} is the output of a {node.op}, which has no {absent[0]}" if absent else ""

    def _snapshot_problem(self, name: str) -> str:
        """Return why a resource variable cannot have a snapshot of this name; empty if it can.

        The importer follows the first inputs back to the op that reads the variable.
        """
        if ":" not in name:
            return f"{name!r} is an operation, but the snapshot of a variable is a tensor"
        position = self._survey.find(name.partition(":")[0])
        followed: list[int] = []
        is_read = False
        while position is not None and not is_read and position not in self._is_read:
            self._is_read[position] = False  # unless the end of the inputs shows otherwise
            followed.append(position)
            node = self._survey.node(position)
            is_read = node.op == "ReadVariableOp"
            data = [text for text in node.input if not text.startswith("^")]
            position = self._survey.find(split_input(data[0])[0]) if data else None
        is_read = is_read or (position is not None and self._is_read[position])
        self._is_read |= dict.fromkeys(followed, is_read)
        return "" if is_read else f"{name!r} does not come from a ReadVariableOp"

    def _name_problem(self, name: str) -> str:
        """Return why a name is not in the graph; empty if it names an operation or a tensor."""
        if ":" not in name:
            return "" if self._survey.find(name) is not None else f"{name!r} is not in the graph"
        node, *numbers = name.split(":")
        try:
            (number,) = map(int, numbers)
        except ValueError:
            return f"{name!r} is not the name of a tensor, such as `name:0`"
        position = self._survey.find(node)
        if position is None:
            return f"{name!r} is not in the graph"
        validation = self._validations[self._survey.kind_of[position]]
        outputs = None if validation is None else validation.outputs
        if outputs is None or -len(outputs) <= number < len(outputs):
            return ""
        return f"{name!r} is not in the graph: {node!r} has {len(outputs)} outputs"

    def _variables(self) -> Iterator[Violation]:
        """Judge the items of which a saver is built if the graph has none, and the names of the variables."""
        for key in (_VARIABLES, _SAVEABLE):
            if key not in self._meta_graph.collection_def:
                continue
            collection = self._meta_graph.collection_def[key]
            kind = collection.WhichOneof("kind")
            values = () if kind is None else getattr(collection, kind).value
            if not values:
                continue
            if kind != "node_list" and not (kind == "bytes_list" and key == _VARIABLES):
                if key == _VARIABLES or not self._has_saver:
                    yield self._unsaveable(key, f"its items are a {kind}, not variables")
            elif not self._has_saver:
                yield from self._saved(key, kind, values)

    def _unsaveable(self, key: str, message: str) -> Violation:
        return Violation("LOAD-39", Phase.SAVER, f"{key}: {message}", name=key, group=f"{key} variables")

    def _saved(self, key: str, kind: str, values: Sequence[Any]) -> Iterator[Violation]:
        """Judge the variables of which the importer builds a saver."""
        names: Counter[str] = Counter()
        parts: set[str] = set()
        for item in _variable_defs(kind, values):
            name, _, _ = item.variable_name.partition(":")
            node = self._survey.find(name)
            if node is None:
                continue
            problem = self._saved_problem(item, self._survey.ops[node])
            if problem:
                yield self._unsaveable(key, problem)
            if item.HasField("save_slice_info_def"):
                parts.add(item.save_slice_info_def.full_name)
            else:
                names[name] += 1
        for name, count in names.items():
            if count > 1 or name in parts:
                what = (
                    f"{count} variables have the name"
                    if count > 1
                    else "a variable and a partitioned variable have the name"
                )
                message = f"{key}: {what} {name!r}, and the graph has no saver_def"
                yield Violation("LOAD-40", Phase.SAVER, message, name=key, position=1, group=f"{key} doubled")

    @staticmethod
    def _saved_problem(item: VariableDef, op: str) -> str:
        """Return why a saver cannot save what an item names; empty if it can."""
        if item.is_resource:
            return ""
        if ":" not in item.variable_name or op not in _VARIABLE_OPS:
            return f"{item.variable_name!r} is not a variable, and the graph has no saver_def"
        if op == "VarHandleOp":
            return f"{item.variable_name!r} is the handle of a variable, but is not marked as a resource"
        return ""

    def _saver(self) -> Iterator[Violation]:
        if not self._has_saver:
            return
        saver = self._meta_graph.saver_def
        for problem in _saver_problems(saver)[:1]:
            yield Violation("LOAD-41", Phase.SAVER, f"saver_def: {problem}", position=2, name="saver_def")
        for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            name = getattr(saver, field)
            problem = self._name_problem(name) if name else ""
            if problem:
                message = f"saver_def.{field}: {problem}"
                yield Violation("LOAD-42", Phase.LATER, message, name="saver_def", group="saver_def")

    def _signatures(self) -> Iterator[Violation]:
        for key, signature in sorted(self._meta_graph.signature_def.items()):
            for tensors in (signature.inputs, signature.outputs):
                for name, info in sorted(tensors.items()):
                    problem = self._name_problem(info.name) if info.WhichOneof("encoding") == "name" else ""
                    if problem:
                        message = f"signature {key!r}, {name!r}: {problem}"
                        yield Violation("LOAD-45", Phase.LATER, message, name=key, group=f"signature {key}")


def _saver_problems(saver: Any) -> list[str]:
    return [
        f"it has no {field}" for field in ("save_tensor_name", "restore_op_name") if not getattr(saver, field)
    ]


def _variable_defs(kind: str, values: Sequence[Any]) -> Iterator[VariableDef]:
    """Return the items of a collection that can be read; for a list of nodes, their representations."""
    for value in values:
        if kind == "node_list":
            yield VariableDef(variable_name=value)
        else:
            with contextlib.suppress(*PARSE_ERRORS):  # LOAD-36 reports it
                yield VariableDef.FromString(value)
