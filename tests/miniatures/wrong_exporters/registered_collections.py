"""Wrong exporters: variables, queue runners and control-flow contexts in collections."""

from __future__ import annotations

from typing import Any

from miniature import Change, Miniature, Right, changes_message, replaces
from seams import Seam

from reference_impl import Contract
from reference_impl.arguments import ExportArguments
from reference_impl.collection_defs import CollectionWriter
from reference_impl.schema import REGISTERED_COLLECTIONS, CollectionDef, MetaGraphDef, VariableDef
from reference_impl.scope import UNBOUND_INPUT_PREFIX, ExportScope

_VARIABLE = "VariableDef"
_QUEUE_RUNNER = "QueueRunnerDef"


def _restored(kind: str, *fields: str) -> Any:
    """A change of scoped_copy after which these fields of a kind of message are as before stripping."""

    def change(right: Right, item: Any, scope: ExportScope, contract: Contract) -> Any:
        copy = right(item, scope, contract)
        if copy is not None and item.DESCRIPTOR.name == kind:
            for field in fields:
                copy.ClearField(field)
                copy.MergeFrom(_only(item, field))
        return copy

    return change


def _only(item: Any, field: str) -> Any:
    copy = type(item)()
    copy.CopyFrom(item)
    for descriptor, _ in item.ListFields():
        if descriptor.name != field:
            copy.ClearField(descriptor.name)
    return copy


def _keeps_the_scope(name: str, requirement: str, sentence: str, kind: str, *fields: str) -> Miniature:
    return Miniature(name, requirement, sentence, Seam.SCOPED_COPY, _restored(kind, *fields))


keeps_the_scope_in_snapshots = _keeps_the_scope(
    "keeps-the-scope-in-snapshots",
    "COL-13",
    "Leaves the scope in snapshot_name of a variable.",
    _VARIABLE,
    "snapshot_name",
)
keeps_the_scope_in_initializers = _keeps_the_scope(
    "keeps-the-scope-in-initializers",
    "COL-13",
    "Leaves the scope in initializer_name of a variable.",
    _VARIABLE,
    "initializer_name",
)
keeps_the_scope_in_initial_values = _keeps_the_scope(
    "keeps-the-scope-in-initial-values",
    "COL-13",
    "Leaves the scope in initial_value_name of a variable.",
    _VARIABLE,
    "initial_value_name",
)
keeps_the_scope_in_slices = _keeps_the_scope(
    "keeps-the-scope-in-slices",
    "COL-13",
    "Leaves the scope in the name of the variable that a variable is a slice of.",
    _VARIABLE,
    "save_slice_info_def",
)
keeps_the_scope_in_enqueue_ops = _keeps_the_scope(
    "keeps-the-scope-in-enqueue-ops",
    "COL-14",
    "Leaves the scope in the names of the enqueue ops of a queue runner.",
    _QUEUE_RUNNER,
    "enqueue_op_name",
)
keeps_the_scope_in_close_ops = _keeps_the_scope(
    "keeps-the-scope-in-close-ops",
    "COL-14",
    "Leaves the scope in the names of the close and cancel ops of a queue runner.",
    _QUEUE_RUNNER,
    "close_op_name",
    "cancel_op_name",
)
keeps_the_scope_in_predicates = _keeps_the_scope(
    "keeps-the-scope-in-predicates",
    "COL-15",
    "Leaves the scope in the names of the predicate and the pivot of a conditional.",
    "CondContextDef",
    "pred_name",
    "pivot_name",
)
keeps_the_scope_in_loop_names = _keeps_the_scope(
    "keeps-the-scope-in-loop-names",
    "COL-15",
    "Leaves the scope in the names of what enters and leaves a loop.",
    "WhileContextDef",
    "loop_enter_names",
    "loop_exit_names",
)
keeps_the_scope_in_pivots = _keeps_the_scope(
    "keeps-the-scope-in-pivots",
    "COL-15",
    "Leaves the scope in the names of the pivots of a loop.",
    "WhileContextDef",
    "pivot_name",
    "pivot_for_pred_name",
    "pivot_for_body_name",
)
keeps_the_scope_in_the_number_of_iterations = _keeps_the_scope(
    "keeps-the-scope-in-the-number-of-iterations",
    "COL-15",
    "Leaves the scope in the name of the tensor that says how often a loop may run.",
    "WhileContextDef",
    "maximum_iterations_name",
)
keeps_the_scope_in_values_of_conditionals = _keeps_the_scope(
    "keeps-the-scope-in-values-of-conditionals",
    "COL-15",
    "Leaves the scope in the values that a conditional holds.",
    "CondContextDef",
    "values_def",
)
keeps_the_scope_in_values_of_loops = _keeps_the_scope(
    "keeps-the-scope-in-values-of-loops",
    "COL-15",
    "Leaves the scope in the values that a loop holds.",
    "WhileContextDef",
    "values_def",
)


@replaces(Seam.SCOPED_COPY, "COL-13")
def keeps_the_scope_in_variables(right: Right, item: Any, scope: ExportScope, contract: Contract) -> Any:
    """Leaves the scope in all names of a variable."""
    return item if item.DESCRIPTOR.name == _VARIABLE else right(item, scope, contract)


@replaces(Seam.SCOPED_COPY, "COL-13")
def marks_outside_names_of_variables(right: Right, item: Any, scope: ExportScope, contract: Contract) -> Any:
    """Gives names of a variable that lie outside the scope the prefix of unbound inputs."""
    copy = right(item, scope, contract)
    if isinstance(copy, VariableDef):
        for field in ("initial_value_name", "initializer_name", "snapshot_name"):
            name = getattr(copy, field)
            if name and not scope.selects(getattr(item, field)):
                setattr(copy, field, UNBOUND_INPUT_PREFIX + name)
    return copy


@replaces(Seam.ITEM_NAME, "COL-13")
def selects_variables_by_their_snapshot(right: Right, item: Any) -> Any:
    """Selects a variable by the tensor that reads it, which may lie in another scope."""
    return item.snapshot_name if isinstance(item, VariableDef) else right(item)


@replaces(Seam.NAME_FIELDS, "COL-14")
def keeps_queue_runners_outside_of_the_scope(right: dict[str, str]) -> dict[str, str]:
    """Exports queue runners whose queues lie outside the scope: it looks for a name they do not have."""
    return {**right, _QUEUE_RUNNER: "name"}


def _change_entries(message: MetaGraphDef, kind: str, change: Any) -> None:
    """Change the serialised messages of one kind in all collections."""
    for key, collection in message.collection_def.items():
        registered = REGISTERED_COLLECTIONS.get(key)
        if registered is None or registered.DESCRIPTOR.name != kind:
            continue
        entries = [registered.FromString(data) for data in collection.bytes_list.value]
        for entry in entries:
            change(entry)
        collection.bytes_list.value[:] = [entry.SerializeToString() for entry in entries]


def _clear(*fields: str) -> Any:
    def change(entry: Any) -> None:
        for field in fields:
            entry.ClearField(field)

    return change


@changes_message("COL-14")
def forgets_exceptions_of_queue_runners(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses which exceptions say that a queue is closed."""
    _change_entries(message, _QUEUE_RUNNER, _clear("queue_closed_exception_types"))


@replaces(Seam.STRIP_NESTED_CONTEXTS, "COL-15")
def keeps_the_scope_in_nested_contexts(_right: Right, *_context: Any) -> None:
    """Strips a context and leaves the scope in the contexts inside it, as TensorFlow does."""


@changes_message("COL-11")
def forgets_settings_of_loops(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses whether the memory of a loop is swapped, and how many of its iterations run at a time."""
    _change_entries(message, "WhileContextDef", _clear("swap_memory", "parallel_iterations"))


@changes_message("COL-15")
def drops_nested_contexts(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports contexts without the contexts inside them."""
    for kind in ("CondContextDef", "WhileContextDef"):
        _change_entries(message, kind, _clear("nested_contexts"))


@changes_message("COL-15")
def drops_values_from_outside(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Exports contexts without the values that come from outside them."""
    for kind in ("CondContextDef", "WhileContextDef"):
        _change_entries(message, kind, lambda context: context.values_def.ClearField("external_values"))


@changes_message("COL-18")
def forgets_that_a_variable_is_a_resource(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses is_resource of a variable."""
    _change_entries(message, _VARIABLE, _clear("is_resource"))


@changes_message("COL-18")
def forgets_what_is_trainable(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses trainable of a variable."""
    _change_entries(message, _VARIABLE, _clear("trainable"))


@changes_message("COL-18")
def forgets_slices_of_variables(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses which slice of a larger variable a variable is."""
    _change_entries(message, _VARIABLE, _clear("save_slice_info_def"))


@changes_message("COL-18")
def forgets_how_variables_are_read(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses snapshot_name of a variable."""
    _change_entries(message, _VARIABLE, _clear("snapshot_name"))


@changes_message("COL-18")
def forgets_initial_values(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses initial_value_name of a variable, which old formats did not have."""
    _change_entries(message, _VARIABLE, _clear("initial_value_name"))


@changes_message("COL-18")
def forgets_how_variables_are_shared(message: MetaGraphDef, _arguments: ExportArguments) -> None:
    """Loses synchronization and aggregation of a variable."""
    _change_entries(message, _VARIABLE, _clear("synchronization", "aggregation"))


def _without_key(key: str) -> Change:
    """A change of a message that leaves a collection out."""

    def drop(message: MetaGraphDef, _arguments: ExportArguments) -> None:
        message.collection_def.pop(key, None)

    drop.__name__ = f"drops_the_key_{key}"
    drop.__doc__ = f"Leaves the collection {key} out."
    return drop


def _with_whole_names(key: str) -> Change:
    """A change of the writer that leaves the scope in the variables under one key."""

    def keep(right: Right, writer: CollectionWriter, name: str, items: Any, stated: CollectionDef) -> None:
        if name != key:
            right(writer, name, items, stated)
        else:
            stated.bytes_list.value.extend(item.SerializeToString() for item in items)

    keep.__name__ = f"keeps_the_scope_under_the_key_{key}"
    keep.__doc__ = f"Leaves the scope in the variables of the collection {key}."
    return keep


drops_registered_keys = tuple(changes_message("COL-11")(_without_key(key)) for key in REGISTERED_COLLECTIONS)
keeps_scopes_in_registered_keys = tuple(
    replaces(Seam.APPEND_ITEMS, "COL-13")(_with_whole_names(key))
    for key, kind in REGISTERED_COLLECTIONS.items()
    if kind is VariableDef
)
