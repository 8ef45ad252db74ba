"""Equality up to names: renamed graphs are equal, and whatever else differs is found in its place."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from diff_rows import compared

from conformance_cases import load_corpus
from pytest_metagraph import CompareOptions, diff_meta_graphs
from pytest_metagraph.cli import main
from pytest_metagraph.diff import DifferenceCode, diff_function_defs, diff_graph_defs, diff_node_defs
from pytest_metagraph.diff.names.matching import Edge, Structure, match_structures
from reference_impl.schema import (
    REGISTERED_COLLECTIONS,
    DataType,
    FunctionDef,
    MetaGraphDef,
    NodeDef,
    SaverDef,
    VariableDef,
)
from reference_impl.schema.parsing import is_repeated

IGNORE_NAMES = CompareOptions(ignore_names=True)
GRAPHS = (
    "towers",
    "control_edges",
    "devices_and_colocation",
    "function_library",
    "nested_control_flow",
    "nested_loops",
    "partitioned_variables",
    "queue_runners",
    "repeated_names",
    "several_savers",
    "training_program",
    "while_gradients",
)


def renamed_copy(message: MetaGraphDef, seed: int) -> MetaGraphDef:
    """Return a copy in which every node has another name, and the nodes are in another order."""
    rng = random.Random(seed)  # noqa: S311 - not secret
    copy = MetaGraphDef()
    copy.CopyFrom(message)
    numbers = list(range(len(copy.graph_def.node)))
    rng.shuffle(numbers)
    names = {
        node.name: f"s{number % 5}/n{number}"
        for node, number in zip(copy.graph_def.node, numbers, strict=True)
    }
    for node in copy.graph_def.node:
        _rename_strings(node, names)
    _rename_strings(copy.saver_def, names)
    for key in copy.signature_def:
        _rename_strings(copy.signature_def[key], names)
    for key in copy.collection_def:
        collection = copy.collection_def[key]
        if collection.HasField("node_list"):
            _rename_strings(collection.node_list, names)
        elif collection.HasField("bytes_list") and key in REGISTERED_COLLECTIONS:
            items = [REGISTERED_COLLECTIONS[key].FromString(item) for item in collection.bytes_list.value]
            for item in items:
                _rename_strings(item, names)
            collection.bytes_list.value[:] = [item.SerializeToString(deterministic=True) for item in items]
    nodes = [NodeDef.FromString(node.SerializeToString()) for node in copy.graph_def.node]
    rng.shuffle(nodes)
    copy.graph_def.ClearField("node")
    copy.graph_def.node.extend(nodes)
    return copy


def _rename_strings(message: Any, names: Mapping[str, str]) -> None:
    """Rename each string of a message that names a node, whatever its field, except for ops."""
    for field, value in message.ListFields():
        if field.name == "op":
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key in list(value):
                if isinstance(value[key], str):
                    text = _renamed(value.pop(key), names)
                    value[_renamed(key, names) if field.name == "external_values" else key] = text
                else:
                    _rename_strings(value[key], names)
        elif field.message_type is not None:
            for inner in value if is_repeated(field) else (value,):
                _rename_strings(inner, names)
        elif field.type in {field.TYPE_STRING, field.TYPE_BYTES}:
            if is_repeated(field):
                value[:] = [_renamed(text, names) for text in value]
            else:
                setattr(message, field.name, _renamed(value, names))


def _renamed(text: Any, names: Mapping[str, str]) -> Any:
    if isinstance(text, bytes):
        decoded = text.decode(errors="surrogateescape")
        return _renamed(decoded, names).encode(errors="surrogateescape")
    for prefix in ("loc:@", "^", ""):
        name, colon, output = text.removeprefix(prefix).partition(":")
        if text.startswith(prefix) and name in names:
            return f"{prefix}{names[name]}{colon}{output}"
    return text


@pytest.mark.parametrize("name", GRAPHS)
def test_a_renamed_graph_is_equal(name: str) -> None:
    """A graph with other names, in another order, is equal; each rename is a note."""
    message = load_corpus().graphs[name].message()
    renamed = renamed_copy(message, 1)
    assert not diff_meta_graphs(expected=message, actual=renamed).equal
    diff = diff_meta_graphs(expected=message, actual=renamed, options=IGNORE_NAMES)
    assert diff.equal, diff.render()
    renames = [note for note in diff.notes if note.code is DifferenceCode.NAME_IGNORED]
    assert len(renames) == len(message.graph_def.node)
    assert {note.expected for note in renames} == {node.name for node in message.graph_def.node}
    assert {note.actual for note in renames} == {node.name for node in renamed.graph_def.node}


def _change_op(nodes: list[NodeDef], rng: random.Random) -> None:
    rng.choice(nodes).op = "SomethingElse"


def _add_attr(nodes: list[NodeDef], rng: random.Random) -> None:
    rng.choice(nodes).attr["new"].i = 5


def _change_attr(nodes: list[NodeDef], rng: random.Random) -> None:
    node = rng.choice([node for node in nodes if "dtype" in node.attr])
    node.attr["dtype"].type = DataType.Value("DT_HALF")


def _change_edge(nodes: list[NodeDef], rng: random.Random) -> None:
    node = rng.choice([node for node in nodes if any(not name.startswith("^") for name in node.input)])
    others = [other.name for other in nodes if other.name != node.input[0].partition(":")[0]]
    node.input[0] = rng.choice(others)


def _change_output(nodes: list[NodeDef], rng: random.Random) -> None:
    node = rng.choice([node for node in nodes if any(not name.startswith("^") for name in node.input)])
    node.input[0] = f"{node.input[0].partition(':')[0]}:7"


def _add_control_input(nodes: list[NodeDef], rng: random.Random) -> None:
    node = rng.choice(nodes)
    node.input.append("^" + rng.choice([other.name for other in nodes if f"^{other.name}" not in node.input]))


def _change_device(nodes: list[NodeDef], rng: random.Random) -> None:
    rng.choice(nodes).device = "/device:TPU:7"


MUTATIONS: dict[Callable[[list[NodeDef], random.Random], None], set[str]] = {
    _change_op: {"field-changed"},
    _add_attr: {"attr-extra"},
    _change_attr: {"attr-changed"},
    _change_edge: {"input-changed"},
    _change_output: {"input-changed"},
    _add_control_input: {"input-extra"},
    _change_device: {"device-changed"},
}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__.strip("_"))
@pytest.mark.parametrize("name", ["towers", "devices_and_colocation", "training_program", "while_gradients"])
def test_a_change_is_found_where_it_is(
    name: str, mutation: Callable[[list[NodeDef], random.Random], None]
) -> None:
    """One changed op, attribute, edge or device of a renamed graph is found, and little else is reported."""
    message = load_corpus().graphs[name].message()
    few = 0
    for seed in range(5):
        renamed = renamed_copy(message, seed)
        mutation(list(renamed.graph_def.node), random.Random(seed))  # noqa: S311 - not secret
        diff = diff_meta_graphs(expected=message, actual=renamed, options=IGNORE_NAMES)
        assert {one.code.value for one in diff.differences} & MUTATIONS[mutation], diff.render()
        few += len(diff.differences) <= 2
    assert few >= 4  # a change may make a node more like another one


def _graph(*nodes: tuple[str, str, list[str]]) -> MetaGraphDef:
    message = MetaGraphDef()
    for name, op, inputs in nodes:
        message.graph_def.node.add(name=name, op=op, input=inputs)
    return message


def test_a_missing_and_an_extra_node_keep_their_names() -> None:
    """A node that only one side has is missing or extra, even if its name is that of another node now."""
    expected = _graph(("a", "Placeholder", []), ("b", "Sin", ["a"]), ("c", "Cos", ["b"]))
    actual = _graph(("x", "Placeholder", []), ("y", "Sin", ["x"]), ("z", "Cos", ["y"]), ("c", "Tan", ["y"]))
    diff = compared(expected, actual, ignore_names=True)
    assert [(one.code, one.key, one.subject) for one in diff.differences] == [
        (DifferenceCode.NODE_EXTRA, "c (actual)", "Tan")
    ]
    diff = compared(actual, expected, ignore_names=True)
    assert [(one.code, one.key) for one in diff.differences] == [(DifferenceCode.NODE_MISSING, "c")]


def test_nodes_that_cannot_be_told_apart_are_noted() -> None:
    """Twins are paired in order with a note; a node that refers to one of them tells them apart."""
    twins = [("a", "NoOp", []), ("b", "NoOp", [])]
    expected, actual = _graph(*twins), _graph(("x", "NoOp", []), ("y", "NoOp", []))
    diff = compared(expected, actual, ignore_names=True)
    assert diff.equal
    ambiguous = [note for note in diff.notes if note.code is DifferenceCode.NAME_AMBIGUOUS]
    assert [note.expected for note in ambiguous] == [
        "1 node paired in order, because they cannot be told apart"
    ]
    expected.collection_def["train_op"].node_list.value.append("a")
    actual.collection_def["train_op"].node_list.value.append("y")
    diff = compared(expected, actual, ignore_names=True)
    assert diff.equal
    assert {(note.expected, note.actual) for note in diff.notes} == {("a", "y"), ("b", "x")}


def test_names_outside_the_nodes_follow() -> None:
    """Savers, signatures, variables and string attributes may use the new names, and nothing else."""

    def model(prefix: str, variable: str, key: bytes) -> MetaGraphDef:
        message = _graph(
            (f"{prefix}{variable}", "VariableV2", []),
            (f"{prefix}names", "Const", []),
            (f"{prefix}save", "SaveV2", [f"{prefix}names", f"{prefix}{variable}"]),
        )
        tensor = message.graph_def.node[1].attr["value"].tensor
        tensor.dtype = DataType.Value("DT_STRING")
        tensor.string_val.append(key)
        message.graph_def.node[2].attr["_class"].list.s.append(f"loc:@{prefix}{variable}".encode())
        message.saver_def.CopyFrom(SaverDef(save_tensor_name=f"{prefix}save:0"))
        message.signature_def["s"].inputs["x"].name = f"{prefix}{variable}:0"
        stated = VariableDef(variable_name=f"{prefix}{variable}:0")
        message.collection_def["variables"].bytes_list.value.append(stated.SerializeToString())
        return message

    expected = model("", "v", b"v")
    assert compared(expected, model("m/", "w", b"m/w"), ignore_names=True).equal
    diff = compared(expected, model("m/", "w", b"another"), ignore_names=True)
    assert [one.code for one in diff.differences] == [DifferenceCode.TENSOR_CHANGED]
    wrong = model("m/", "w", b"m/w")
    wrong.signature_def["s"].inputs["x"].name = "m/names:0"
    diff = compared(expected, wrong, ignore_names=True)
    assert [one.section for one in diff.differences] == ["signature_def"]


def function(
    name: str, argument: str, nodes: Iterable[tuple[str, str, list[str]]], result: str
) -> FunctionDef:
    """Return a function with one argument and one result."""
    made = FunctionDef()
    made.signature.name = name
    made.signature.input_arg.add(name=argument, type=DataType.Value("DT_FLOAT"))
    made.signature.output_arg.add(name=f"{name}_out", type=DataType.Value("DT_FLOAT"))
    for node, op, inputs in nodes:
        made.node_def.add(name=node, op=op, input=inputs)
    made.ret[f"{name}_out"] = result
    made.arg_attr[0].attr["_user_specified_name"].s = argument.encode()
    return made


def test_names_in_functions_are_ignored() -> None:
    """Nodes, arguments and results of functions are matched by structure, and functions by their bodies."""
    expected, actual = MetaGraphDef(), MetaGraphDef()
    for message, names, order in ((expected, "fg", 1), (actual, "hk", -1)):
        first, second = names
        bodies = [
            function(first, "x", [("a", "Sin", ["x"]), ("b", "Cos", ["a:y:0"])], "b:y:0"),
            function(second, "x", [("a", "Tan", ["x"])], "a:y:0"),
        ]
        if order < 0:
            bodies[0] = function(first, "in", [("q", "Cos", ["p:y:0"]), ("p", "Sin", ["in"])], "q:y:0")
        message.graph_def.library.function.extend(bodies[::order])
        call = message.graph_def.node.add(name=f"call_{first}", op="PartitionedCall")
        call.attr["f"].func.name = first
        message.graph_def.node.add(name=f"direct_{second}", op=second)
    diff = compared(expected, actual, ignore_names=True)
    assert diff.equal, diff.render()
    renamed = {(note.expected, note.actual) for note in diff.notes}
    assert {("f", "h"), ("g", "k"), ("a", "p"), ("b", "q"), ("call_f", "call_h")} <= renamed
    changed = next(body for body in actual.graph_def.library.function if body.signature.name == "h")
    changed.node_def[0].input[0] = "in"
    diff = compared(expected, actual, ignore_names=True)
    assert [(one.code, one.field) for one in diff.differences] == [
        (DifferenceCode.INPUT_CHANGED, "node_def['b'].input[0]")
    ]


def test_other_messages_are_compared_up_to_names() -> None:
    """GraphDefs, FunctionDefs and NodeDefs have the option as well."""
    expected, actual = _graph(("a", "NoOp", [])).graph_def, _graph(("b", "NoOp", [])).graph_def
    assert diff_graph_defs(expected=expected, actual=actual, options=IGNORE_NAMES).equal
    assert diff_node_defs(expected=expected.node[0], actual=actual.node[0], options=IGNORE_NAMES).equal
    left = function("f", "x", [("a", "Sin", ["x"])], "a:y:0")
    right = function("g", "z", [("b", "Sin", ["z"])], "b:y:0")
    assert diff_function_defs(expected=left, actual=right, options=IGNORE_NAMES).equal
    right.node_def[0].op = "Cos"
    assert not diff_function_defs(expected=left, actual=right, options=IGNORE_NAMES).equal


def test_renames_of_a_scope_are_shown_once() -> None:
    """The report names a scope that many nodes have in common once, and single renames in full."""
    expected = _graph(*((f"model/layer/n{number}", f"Op{number}", []) for number in range(9)), ("x", "X", []))
    actual = _graph(*((f"net/layer/n{number}", f"Op{number}", []) for number in range(9)), ("y", "X", []))
    text = compared(expected, actual, ignore_names=True).render()
    assert "graph_def.node: 10 names differ: 'model/*' is 'net/*' (9 times), 'x' is 'y'" in text


def test_the_command_ignores_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`metagraph diff --ignore-names` has status 0 for a renamed graph, and lists the renames."""
    files = [tmp_path / "a.meta", tmp_path / "b.meta"]
    for path, name in zip(files, "ab", strict=True):
        path.write_bytes(_graph((name, "NoOp", [])).SerializeToString())
    words = ["diff", *map(str, files)]
    assert main(words) == 1
    capsys.readouterr()
    assert main([*words, "--ignore-names"]) == 0
    assert "graph_def.node: 1 name differs: 'a' is 'b'" in capsys.readouterr().out


def _ring(size: int, first: int) -> Structure:
    """Return nodes on a cycle without a beginning, numbered from another one."""
    order = [(first + number) % size for number in range(size)]
    edges = [[Edge((number - 1) % size, ("input", 0, "0"))] for number in range(size)]
    return Structure([f"n{number}" for number in order], ["Op"] * size, ["Op"] * size, edges)


def test_a_cycle_is_matched() -> None:
    """Nodes on a cycle that cannot be told apart are matched along the cycle."""
    matching = match_structures(_ring(7, 0), _ring(7, 3))
    assert sorted(matching.pairs) == sorted(matching.pairs.values()) == list(range(7))
    shifts = {(right - left) % 7 for left, right in matching.pairs.items()}
    assert len(shifts) == 1
    assert len(matching.ambiguous) == 1
