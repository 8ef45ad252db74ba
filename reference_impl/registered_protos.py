"""Strip an export scope from the messages of registered collections (COL-12 to COL-15, SAV-10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableSequence, Sequence
from typing import Any

from google.protobuf import message

from reference_impl.contracts import Contract
from reference_impl.node_columns import SEPARATOR, lines
from reference_impl.schema import (
    CondContextDef,
    QueueRunnerDef,
    SaverDef,
    ValuesDef,
    VariableDef,
    WhileContextDef,
)
from reference_impl.schema.item_lists import item_list_class
from reference_impl.scope import ExportScope, strip_lines

_NAME_FIELDS: Mapping[str, str] = {
    "VariableDef": "variable_name",
    "QueueRunnerDef": "queue_name",
    "CondContextDef": "context_name",
    "WhileContextDef": "context_name",
}
"""The field with the name of a registered message; a SaverDef has none."""

_VARIABLE_NAMES = ("variable_name", "initial_value_name", "initializer_name", "snapshot_name")


def item_name(item: Any) -> Any:
    """Return the name by which a scope selects an item of a collection.

    Args:
        item: any object.

    Returns:
        The name in a registered message, or the attribute `name` of another object; None if there is no
        name, as for a saver (SAV-10).
    """
    kind = item.DESCRIPTOR.name if isinstance(item, message.Message) else ""
    return getattr(item, _NAME_FIELDS.get(kind, "name"), None)


def names_of(items: Iterable[message.Message], kind: type[message.Message]) -> list[Any]:
    """Return the `item_name` of each item, all of which are messages of one registered kind."""
    field = _NAME_FIELDS.get(kind.DESCRIPTOR.name, "name")
    return [getattr(item, field, None) for item in items]


def scoped_copy(item: message.Message, scope: ExportScope, contract: Contract) -> message.Message | None:
    """Return a copy of a registered item without the scope.

    Args:
        item: a message of a registered collection (COL-11). It is not changed.
        scope: the scope of the export.
        contract: decides whether nested control-flow contexts are stripped (COL-15).

    Returns:
        The changed copy; None if the item is outside the scope.

    Raises:
        ValueError: if a variable inside the scope is a slice of one outside it (COL-13).
    """
    name = item_name(item)
    if name is not None and not scope.selects(name):
        return None
    copy = type(item)()
    copy.CopyFrom(item)
    return _STRIPPERS[item.DESCRIPTOR.name](copy, scope, contract)


def serialise_at_once(items: Sequence[message.Message], scope: ExportScope | None) -> bytes | None:
    """Return registered items, serialised as the `bytes_list` of a collection, without the scope.

    Args:
        items: messages of one kind of this schema, at least one. They are not changed.
        scope: the scope of the export; None to keep all names.

    Returns:
        The serialised CollectionDef.BytesList; None if the items have to be stripped one by one, because they
        are not variables, or one of their names is not inside the scope or not simply without it.
    """
    whole = item_list_class(type(items[0]))(value=items)
    if scope is not None:
        copies = list(whole.value)
        if not isinstance(copies[0], VariableDef) or not _strip_variables(copies, scope):
            return None
    content: bytes = whole.SerializeToString(deterministic=True)
    return content


def _strip_variables(variables: Sequence[VariableDef], scope: ExportScope) -> bool:
    """Strip variables, and return True; return False if they have to be stripped one by one."""
    if any(variable.HasField("save_slice_info_def") for variable in variables):
        return False
    for field in _VARIABLE_NAMES:
        names = [getattr(variable, field).encode() for variable in variables]
        stripped, count = strip_lines(lines(names), scope)
        if count < len(names) - names.count(b""):
            return False
        for variable, name in zip(variables, stripped.split(SEPARATOR)[1:], strict=True):
            setattr(variable, field, name)
    return True


# -- one function for each registered message: it strips a message that is inside the scope


def _saver(saver: SaverDef, scope: ExportScope, _: Contract) -> SaverDef | None:
    fields = ("filename_tensor_name", "save_tensor_name", "restore_op_name")
    if not all(scope.selects(getattr(saver, field)) for field in fields):
        return None
    _strip_fields(saver, fields, scope)
    return saver


def _variable(variable: VariableDef, scope: ExportScope, _: Contract) -> VariableDef:
    slice_info = variable.save_slice_info_def
    if variable.HasField("save_slice_info_def") and not scope.selects(slice_info.full_name):
        raise ValueError(
            f"'{variable.variable_name}' is a slice of '{slice_info.full_name}', which is outside the scope"
        )
    _strip_fields(variable, _VARIABLE_NAMES, scope)
    if variable.HasField("save_slice_info_def"):
        _strip_fields(slice_info, ("full_name",), scope)
    return variable


def _queue_runner(runner: QueueRunnerDef, scope: ExportScope, _: Contract) -> QueueRunnerDef:
    _strip_fields(runner, ("queue_name", "close_op_name", "cancel_op_name"), scope)
    _strip_all(runner.enqueue_op_name, scope)
    return runner


def _cond(context: CondContextDef, scope: ExportScope, contract: Contract) -> CondContextDef:
    _strip_fields(context, ("context_name", "pred_name", "pivot_name"), scope)
    _strip_values(context.values_def, scope)
    _strip_nested(context, scope, contract)
    return context


def _while(context: WhileContextDef, scope: ExportScope, contract: Contract) -> WhileContextDef:
    _strip_fields(
        context,
        (
            "context_name",
            "pivot_name",
            "pivot_for_pred_name",
            "pivot_for_body_name",
            "maximum_iterations_name",
        ),
        scope,
    )
    _strip_all(context.loop_exit_names, scope)
    _strip_all(context.loop_enter_names, scope)
    _strip_values(context.values_def, scope)
    _strip_nested(context, scope, contract)
    return context


_STRIPPERS: Mapping[str, Callable[[Any, ExportScope, Contract], message.Message | None]] = {
    "SaverDef": _saver,
    "VariableDef": _variable,
    "QueueRunnerDef": _queue_runner,
    "CondContextDef": _cond,
    "WhileContextDef": _while,
}


def _strip_nested(context: CondContextDef | WhileContextDef, scope: ExportScope, contract: Contract) -> None:
    """Strip nested contexts like their parent, which TensorFlow does not do (COL-15)."""
    if contract is Contract.TENSORFLOW:
        return
    for nested in context.nested_contexts:
        if nested.HasField("cond_ctxt"):
            _cond(nested.cond_ctxt, scope, contract)
        elif nested.HasField("while_ctxt"):
            _while(nested.while_ctxt, scope, contract)


def _strip_values(values: ValuesDef, scope: ExportScope) -> None:
    """Strip the values, which keep the order of their full names (COL-16), and the external values."""
    _strip_all(values.values, scope)
    external = {scope.strip(outer): scope.strip(inner) for outer, inner in values.external_values.items()}
    values.external_values.clear()
    values.external_values.update(external)


def _strip_fields(item: message.Message, fields: tuple[str, ...], scope: ExportScope) -> None:
    for field in fields:
        if name := getattr(item, field):
            setattr(item, field, scope.strip(name))


def _strip_all(names: MutableSequence[str], scope: ExportScope) -> None:
    names[:] = [scope.strip(name) for name in names]
