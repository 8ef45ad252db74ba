"""Random function bodies are judged by their uses as they are node by node."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.loadability.attr_facts import AttrFacts
from pytest_metagraph.loadability.body_survey import BodySurvey
from pytest_metagraph.loadability.op_registries import registry
from pytest_metagraph.loadability.rules.bodies import BodyValidator, OneBody
from reference_impl.schema import FunctionDef

_FLOAT = 1
_NODES = 8
_ENDS = (":activations:0", ":output:0", ":output:1", ":output", "")
_TENSORS = ["x", "x:0", "x:", "^x", "x:1"]
_TENSORS += [f"n{number}{end}" for number in range(_NODES) for end in _ENDS]
_TENSORS += [f"^n{number}" for number in range(_NODES)]
_NODE = st.tuples(
    st.sampled_from(["Relu", "Relu", "Relu", "IdentityN", "NoOp"]),
    st.lists(st.sampled_from([*_TENSORS, "n1:", "nothing", "^^x", "\x1e", "\x1e:0"]), max_size=3),
)


def _function(nodes: list[tuple[str, list[str]]], result: str) -> FunctionDef:
    made = FunctionDef()
    made.signature.name = "f"
    made.signature.input_arg.add(name="x", type=_FLOAT)
    made.signature.output_arg.add(name="y", type=_FLOAT)
    for number, (op, inputs) in enumerate(nodes):
        node = made.node_def.add(name=f"n{number}", op=op, input=inputs or ["x"] * (op == "Relu"))
        if op == "Relu":
            node.attr["T"].type = _FLOAT
        elif op == "IdentityN":
            node.attr["T"].list.type.extend([_FLOAT, _FLOAT])
    made.ret["y"] = result
    return made


@settings(deadline=None, max_examples=400)
@given(
    bodies=st.lists(
        st.tuples(st.lists(_NODE, max_size=_NODES), st.sampled_from(_TENSORS)), min_size=1, max_size=3
    )
)
def test_uses_decide_as_the_nodes_do(bodies: list[tuple[list[tuple[str, list[str]]], str]]) -> None:
    """The problem of a body is the one that is found node by node, whatever was usual in earlier bodies."""
    made = [_function(nodes, result) for nodes, result in bodies]
    survey = BodySurvey(
        [VIEWS["FunctionDef"].FromString(one.SerializeToString()) for one in made], AttrFacts()
    )
    definition = registry("2.21").ops.get
    judge = BodyValidator(survey, definition)
    for body in survey.bodies:
        assert judge.problem(body) == OneBody(body, survey.kinds, definition).problem()
