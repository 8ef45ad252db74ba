"""Calls that are not tested because of a quirk of TensorFlow, and similar calls that are."""

from __future__ import annotations

import pytest
from fuzzing_samples import chain

from pytest_metagraph.fuzzing.example import EarlierCall, Example
from pytest_metagraph.fuzzing.tensorflow_quirks import (
    CALL_WITHOUT_FUNCTION,
    EAGER_SAVERS,
    FRAME_NAME,
    NEW_SAVER,
    ODD_CLASS,
    SAVER_WITHOUT_SCOPE,
    crash_reason,
    reason_not_asked,
)
from reference_impl import Contract
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, SaverDef

TENSORFLOW, DOCUMENTED = Contract.TENSORFLOW, Contract.DOCUMENTED


def _with_saver() -> MetaGraphDef:
    graph = chain()
    graph.collection_def["savers"].bytes_list.value.append(SaverDef().SerializeToString())
    return graph


def _enter(frame: str) -> GraphDef:
    given = GraphDef()
    given.node.add(name="s/enter", op="Enter").attr["frame_name"].s = frame.encode()
    return given


def _colocated(entry: bytes) -> GraphDef:
    given = GraphDef()
    given.node.add(name="s/node", op="NoOp").attr["_class"].list.s.append(entry)
    return given


def _given(*nodes: tuple[str, str]) -> GraphDef:
    return GraphDef(node=[NodeDef(name=name, op=op) for name, op in nodes])


def _call(*, names_function: bool, in_body: bool = False) -> GraphDef:
    given = GraphDef()
    nodes = given.library.function.add().node_def if in_body else given.node
    call = nodes.add(name="call", op="PartitionedCall")
    if names_function:
        call.attr["f"].func.name = "f"
    return given


CLEARS = {"clear_extraneous_savers": True}
EXAMPLES = {
    "all savers go": (Example(_with_saver(), CLEARS, contract=TENSORFLOW), NEW_SAVER),
    "all savers go, as documented": (Example(_with_saver(), CLEARS), ""),
    "one saver stays": (
        Example(_with_saver(), {**CLEARS, "saver_def": SaverDef()}, contract=TENSORFLOW),
        "",
    ),
    "savers are not exported": (
        Example(_with_saver(), {**CLEARS, "collection_list": []}, contract=TENSORFLOW),
        "",
    ),
    "no savers": (Example(chain(), CLEARS, contract=TENSORFLOW), ""),
    "all savers go in an earlier call": (
        Example(_with_saver(), {}, contract=TENSORFLOW, earlier=(EarlierCall(CLEARS, "call_1.meta"),)),
        NEW_SAVER,
    ),
    "eager": (Example(chain(), CLEARS, eager=True), EAGER_SAVERS),
    "a frame elsewhere": (
        Example(chain(), {"export_scope": "s", "graph_def": _enter("t/w")}, contract=TENSORFLOW),
        FRAME_NAME,
    ),
    "a frame elsewhere, as documented": (
        Example(chain(), {"export_scope": "s", "graph_def": _enter("t/w")}, contract=DOCUMENTED),
        "",
    ),
    "a frame in the scope": (
        Example(chain(), {"export_scope": "s", "graph_def": _enter("s/w")}, contract=TENSORFLOW),
        "",
    ),
    "a frame without a scope": (
        Example(chain(), {"graph_def": _enter("t/w")}, contract=TENSORFLOW),
        "",
    ),
    "a class without at sign": (
        Example(chain(), {"export_scope": "s", "graph_def": _colocated(b"plain")}),
        ODD_CLASS,
    ),
    "a class of other bytes": (
        Example(chain(), {"export_scope": "s", "graph_def": _colocated(b"loc:@\xff")}),
        ODD_CLASS,
    ),
    "a call without a function": (
        Example(chain(), {"graph_def": _call(names_function=False)}),
        CALL_WITHOUT_FUNCTION,
    ),
    "a call without a function in a body": (
        Example(chain(), {"graph_def": _call(names_function=False, in_body=True)}),
        CALL_WITHOUT_FUNCTION,
    ),
    "a call of a function": (Example(chain(), {"graph_def": _call(names_function=True)}), ""),
    "a saver in the root scope": (
        Example(chain(), {**CLEARS, "graph_def": _given(("SaveV2", "SaveV2"))}),
        SAVER_WITHOUT_SCOPE,
    ),
    "a saver in the root scope, in TensorFlow": (
        Example(chain(), {**CLEARS, "graph_def": _given(("SaveV2", "SaveV2"))}, contract=TENSORFLOW),
        "",
    ),
    "a saver in the scope of a model": (
        Example(chain(), {**CLEARS, "graph_def": _given(("m/SaveV2", "SaveV2"), ("m/y", "Tanh"))}),
        SAVER_WITHOUT_SCOPE,
    ),
    "a saver in the scope of another": (
        Example(chain(), {**CLEARS, "graph_def": _given(("m/SaveV2", "SaveV2"), ("m/s/Save", "Save"))}),
        SAVER_WITHOUT_SCOPE,
    ),
    "a scope that is a save node": (
        Example(chain(), {**CLEARS, "graph_def": _given(("m/s", "SaveV2"), ("m/s/Save", "Save"))}),
        SAVER_WITHOUT_SCOPE,
    ),
    "a saver in a scope of its own": (
        Example(chain(), {**CLEARS, "graph_def": _given(("m/s/SaveV2", "SaveV2"), ("m/y", "Tanh"))}),
        "",
    ),
    "an everyday class": (
        Example(chain(), {"export_scope": "s", "graph_def": _colocated(b"loc:@s/x")}),
        "",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_quirk_is_recognised_before_the_call(name: str) -> None:
    """Each quirk of TensorFlow is recognised by its example, and similar examples are tested."""
    example, reason = EXAMPLES[name]
    assert reason_not_asked(example) == reason


def test_a_crash_is_distinguished_from_an_error() -> None:
    """A crash of TensorFlow has a reason why it is not tested; a deliberate error has none."""
    assert crash_reason("UnboundLocalError", "cannot access local variable 'new_s'") == FRAME_NAME
    assert crash_reason("IndexError", "list index out of range") == ODD_CLASS
    assert crash_reason("ValueError", "graph_def and export_scope cannot both be specified") == ""
