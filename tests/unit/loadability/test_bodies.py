"""The uses of the nodes of a function body show that it can be built just if each node shows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.loadability.attr_facts import AttrFacts
from pytest_metagraph.loadability.body_survey import BodyNodes, BodySurvey
from pytest_metagraph.loadability.op_registries import registry
from pytest_metagraph.loadability.rules.bodies import BodyValidator, OneBody
from reference_impl.schema import FunctionDef

FLOAT, INT = 1, 3

Damage = Callable[[FunctionDef], object]


def function() -> FunctionDef:
    """Return a function that takes single tensors and lists of tensors, and has a node without outputs."""
    made = FunctionDef()
    made.signature.name = "f"
    made.signature.input_arg.add(name="x", type=FLOAT)
    made.signature.output_arg.add(name="y", type=FLOAT)
    made.node_def.add(name="wait", op="NoOp", input=["^x"])
    made.node_def.add(name="relu", op="Relu", input=["x", "^wait"]).attr["T"].type = FLOAT
    pair = made.node_def.add(name="pair", op="IdentityN", input=["x:0", "relu:activations:0"])
    pair.attr["T"].list.type.extend([FLOAT, FLOAT])
    total = made.node_def.add(name="sum", op="AddN", input=["pair:output"])
    total.attr["T"].type, total.attr["N"].i = FLOAT, 2
    made.node_def.add(name="last", op="AddV2", input=["sum:sum:0", "pair:output:1"]).attr["T"].type = FLOAT
    made.ret["y"] = "last:z:0"
    return made


def judged(damage: Damage) -> tuple[str, str]:
    """Return the problem of a damaged function by its uses, and node by node."""
    damaged = function()
    damage(damaged)
    view = VIEWS["FunctionDef"].FromString(damaged.SerializeToString())
    survey = BodySurvey([view], AttrFacts())
    definition = registry("2.21").ops.get
    (body,) = survey.bodies
    return BodyValidator(survey, definition).problem(body), OneBody(body, survey.kinds, definition).problem()


def inputs(number: int, *texts: str) -> Damage:
    """Return the damage that gives a node these inputs."""

    def damage(damaged: FunctionDef) -> None:
        damaged.node_def[number].input[:] = texts

    return damage


def name(number: int, text: str) -> Damage:
    """Return the damage that gives a node this name."""
    return lambda damaged: setattr(damaged.node_def[number], "name", text)


def added(text: str) -> Damage:
    """Return the damage that adds a node of this name, which no node refers to."""
    return lambda damaged: damaged.node_def.add(name=text, op="NoOp")


def op(number: int, text: str) -> Damage:
    """Return the damage that gives a node this op."""
    return lambda damaged: setattr(damaged.node_def[number], "op", text)


def result(text: str) -> Damage:
    """Return the damage that returns this tensor."""
    return lambda damaged: damaged.ret.update({"y": text})


WRONG: dict[str, Damage] = {
    "unknown input": inputs(1, "nothing"),
    "output of nothing": inputs(1, "wait:y:0"),
    "missing output": inputs(1, "pair:output:2"),
    "other output": inputs(1, "pair:outputs:0"),
    "name without an output": inputs(4, "sum", "x"),
    "colon at the end of an argument": inputs(1, "x:"),
    "colon at the end of a node without outputs": inputs(0, "^x", "wait:"),
    "colon at the end of a node that is taken as data": inputs(1, "wait:", "^wait"),
    "second tensor of an argument": inputs(1, "x:1"),
    "number of an output with a zero before it": inputs(1, "pair:output:00"),
    "control input of an output that is missing": inputs(1, "x", "^pair:output:2"),
    "more outputs than a node can have": lambda damaged: setattr(damaged.node_def[3].attr["N"], "i", 1 << 31),
    "too few inputs": inputs(4, "sum:sum:0"),
    "too many inputs": inputs(1, "x", "x"),
    "a list that is too long": inputs(4, "x", "pair:output"),
    "input after a control input": inputs(1, "^wait", "x"),
    "only a control input": inputs(1, "^x"),
    "control input of nothing": inputs(1, "x", "^nothing"),
    "doubled mark": inputs(1, "x", "^wait", "^^wait"),
    "control input and name": inputs(4, "sum", "x", "^sum"),
    "cycle": inputs(1, "x", "^last"),
    "own output": inputs(1, "relu:activations:0"),
    "doubled name": name(1, "sum"),
    "name of an argument": name(1, "x"),
    "empty name": added(""),
    "colon in a name": added("a:b"),
    "odd start": added("-a"),
    "other letters": added("\u00e9"),
    "line break in a name": added("a\nb"),
    "unknown op": op(0, "Nope"),
    "op with an attribute that is missing": op(0, "Const"),
    "other type": lambda damaged: setattr(damaged.node_def[1].attr["T"], "type", INT),
    "no type": lambda damaged: damaged.node_def[1].attr.pop("T"),
    "placeholder of another type": lambda damaged: setattr(
        damaged.node_def[1].attr["note"], "placeholder", "T"
    ),
    "placeholder": lambda damaged: setattr(damaged.node_def[0].attr["_class"], "placeholder", "T"),
    "result of nothing": result("nothing"),
    "result with a colon at the end": result("x:"),
    "list as result": result("pair:output"),
    "control input as result": result("^x"),
    "no result": lambda damaged: damaged.ret.clear(),
}

RIGHT: dict[str, Damage] = {
    "nothing": lambda _: None,
    "argument as result": result("x:0"),
    "tensor of a list as result": result("pair:output:1"),
    "internal op": lambda damaged: damaged.node_def.add(name="i", op="_Internal", input=["x"]),
    "nodes in another order": lambda damaged: damaged.node_def.sort(key=lambda node: node.name),
    "no nodes": lambda damaged: (damaged.ClearField("node_def"), damaged.ret.update({"y": "x"})),
}


@pytest.mark.parametrize("damage", WRONG.values(), ids=list(WRONG))
def test_a_wrong_body_has_the_problem_that_its_first_wrong_node_has(damage: Damage) -> None:
    """A body that cannot be built is found by its uses, and the text is that of the node that is wrong."""
    by_uses, by_nodes = judged(damage)
    assert by_uses
    assert by_uses == by_nodes


@pytest.mark.parametrize("damage", RIGHT.values(), ids=list(RIGHT))
def test_a_right_body_has_no_problem(damage: Damage) -> None:
    """A body that can be built has no problem, whatever the order of its nodes."""
    assert judged(damage) == ("", "")


def test_the_uses_of_a_right_body_decide_without_its_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes of one use are judged once: of a body of equal nodes, all but one are never parsed."""
    made = function()
    for number in range(100):
        node = made.node_def.add(name=f"n{number}", op="Relu", input=["x"])
        node.attr["T"].type = FLOAT
    survey = BodySurvey([VIEWS["FunctionDef"].FromString(made.SerializeToString())], AttrFacts())
    parsed = []
    original = BodyNodes.node
    monkeypatch.setattr(
        BodyNodes, "node", lambda body, number: parsed.append(number) or original(body, number)
    )
    assert BodyValidator(survey, registry("2.21").ops.get).problem(survey.bodies[0]) == ""
    assert len(parsed) == len(survey.bodies[0].uses or ()) == 6
    assert "nodes" not in vars(survey.bodies[0])


def test_functions_that_differ_in_their_names_only_are_read_and_judged_once() -> None:
    """Their bodies share a verdict; a function with another result, argument or node has its own."""
    first, second, third, fourth, fifth = (function() for _ in range(5))
    second.signature.name = "other"
    third.ret["y"] = "sum:sum:9"
    fourth.signature.input_arg[0].type = 3  # DT_INT32
    fifth.node_def[0].name = "renamed"
    made = [first, second, third, fourth, fifth]
    survey = BodySurvey(
        [VIEWS["FunctionDef"].FromString(one.SerializeToString()) for one in made], AttrFacts()
    )
    assert [body.content for body in survey.bodies] == [0, 0, 1, 2, 3]
    judge = BodyValidator(survey, registry("2.21").ops.get)
    alone = []
    for one in made:
        own = BodySurvey([VIEWS["FunctionDef"].FromString(one.SerializeToString())], AttrFacts())
        alone.append(BodyValidator(own, registry("2.21").ops.get).problem(own.bodies[0]))
    assert [judge.problem(body) for body in survey.bodies] == alone
    assert [bool(problem) for problem in alone[:4]] == [False, False, True, True]
