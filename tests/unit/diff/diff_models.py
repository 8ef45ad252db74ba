"""Small models for the tests of the differ."""

from __future__ import annotations

from reference_impl.schema import MetaGraphDef, SaverDef, VariableDef


def towers() -> MetaGraphDef:
    """Return a small model of two towers with devices, shapes, a saver, variables and a traced function."""
    message = MetaGraphDef()
    add = message.graph_def.node.add
    message.graph_def.versions.producer = 2474
    for tower in range(2):
        scope, device = f"tower_{tower}", f"/device:GPU:{tower}"
        kernel = add(name=f"{scope}/kernel", op="VarHandleOp", device=device)
        kernel.attr["dtype"].type = 1
        add(name=f"{scope}/read", op="ReadVariableOp", input=[kernel.name], device=device)
        product = add(name=f"{scope}/MatMul", op="MatMul", device=device)
        product.input.extend([f"{scope}/read", f"{scope}/read:0", f"^{scope}/kernel"])
        product.attr["transpose_a"].b = False
        product.attr["_class"].list.s.append(f"loc:@{scope}/kernel".encode())
        variable = VariableDef(variable_name=f"{scope}/kernel:0", snapshot_name=f"{scope}/read:0")
        message.collection_def["variables"].bytes_list.value.append(variable.SerializeToString())
        message.collection_def["losses"].node_list.value.append(f"{scope}/MatMul:0")
    for name, op in (("Const", "Const"), ("SaveV2", "SaveV2"), ("control_dependency", "Identity")):
        add(name=f"save/{name}", op=op)
    add(name="call", op="__inference_step_12")
    message.graph_def.library.function.add().signature.name = "__inference_step_12"
    saver = SaverDef(save_tensor_name="save/control_dependency:0")
    message.collection_def["savers"].bytes_list.value.append(saver.SerializeToString())
    for node in message.graph_def.node:
        node.attr["_output_shapes"].list.shape.add()
    return message
