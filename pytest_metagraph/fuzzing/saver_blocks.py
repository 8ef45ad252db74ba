"""Savers of random graphs: the nodes that save and restore variables, and the SaverDef that names them."""

from __future__ import annotations

from hypothesis import strategies as st

from pytest_metagraph.fuzzing.blocks import WIDTH, BlockContext, Variable
from pytest_metagraph.fuzzing.graph_builder import FLOAT, STRING, tensor, types
from reference_impl.schema import AttrValue, SaverDef


def add_saver(context: BlockContext) -> None:
    """Add a saver for some of the variables, in a scope of its own or in that of other nodes.

    Args:
        context: the graph so far; it must have a variable.
    """
    variables = context.draw(
        st.lists(st.sampled_from(context.variables), min_size=1, max_size=2, unique_by=lambda one: one.name)
    )
    scope = context.path(context.one_of(["save", "saver", "s"]))
    filename = context.builder.constant(f"{scope}/Const", tensor("DT_STRING", [], string_val=[b"model"]))
    saved = _save(context, scope, filename, variables)
    restored = _restore(context, scope, filename, variables)
    saver_def = SaverDef(
        filename_tensor_name=f"{filename}:0",
        save_tensor_name=f"{saved}:0",
        restore_op_name=restored,
        max_to_keep=context.one_of([0, 5]),
        keep_checkpoint_every_n_hours=10000.0,
        version=SaverDef.V2,
    )
    context.builder.register("savers", saver_def)


def _save(context: BlockContext, scope: str, filename: str, variables: list[Variable]) -> str:
    names, slices = _lists(context, f"{scope}/SaveV2", variables)
    save = context.builder.add(
        "SaveV2",
        f"{scope}/SaveV2",
        inputs=[filename, names, slices, *(variable.reader for variable in variables)],
        dtypes=types(*["DT_FLOAT"] * len(variables)),
    )
    return context.builder.add(
        "Identity",
        f"{scope}/control_dependency",
        inputs=[filename],
        controls=[save],
        shapes=[[]],
        anchors=[filename],
        T=STRING,
    )


def _restore(context: BlockContext, scope: str, filename: str, variables: list[Variable]) -> str:
    names, slices = _lists(context, f"{scope}/RestoreV2", variables)
    restore = context.builder.add(
        "RestoreV2",
        f"{scope}/RestoreV2",
        inputs=[filename, names, slices],
        shapes=[None] * len(variables),
        dtypes=types(*["DT_FLOAT"] * len(variables)),
    )
    assigned = [
        _assign(context, scope, variable, f"{restore}:{index}" if index else restore)
        for index, variable in enumerate(variables)
    ]
    return context.builder.add("NoOp", f"{scope}/restore_all", controls=assigned)


def _assign(context: BlockContext, scope: str, variable: Variable, value: str) -> str:
    if variable.is_resource:
        return context.builder.add(
            "AssignVariableOp", f"{scope}/AssignVariableOp", inputs=[variable.name, value], dtype=FLOAT
        )
    return context.builder.add(
        "Assign",
        f"{scope}/Assign",
        inputs=[variable.name, value],
        shapes=[[WIDTH]],
        anchors=[variable.name],
        T=FLOAT,
    )


def _lists(context: BlockContext, path: str, variables: list[Variable]) -> tuple[str, str]:
    """Add the constants with the names of the saved tensors, and with their slices."""
    count = len(variables)
    names = tensor("DT_STRING", [count], string_val=[variable.name.encode() for variable in variables])
    slices: AttrValue = tensor("DT_STRING", [count], string_val=[b""] * count)
    constant = context.builder.constant
    return constant(f"{path}/tensor_names", names), constant(f"{path}/shape_and_slices", slices)
