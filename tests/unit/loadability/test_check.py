"""The check reads every form of a graph, and reports first what TensorFlow would report first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf import text_format
from load_samples import CASES, FLOAT, call, function, graph, node, placeholder, saver, value

from pytest_metagraph import NotLoadableError, assert_loadable, check_meta_graph
from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.loadability.check import UncheckableInputError, checks_of
from pytest_metagraph.loadability.op_registries import UnknownVersionError
from reference_impl.schema import GraphDef, MetaGraphDef, NodeDef, SavedModel

BROKEN = graph(CASES["LOAD-17"].broken)
SOUND = graph(CASES["LOAD-17"].sound)
NODE = NodeDef(name="a", op="NoOp").SerializeToString()


def _written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_every_form_gives_the_same_problems(tmp_path: Path) -> None:
    """A message, its bytes, a binary file, a text file and its GraphDef have the same problem."""
    data = BROKEN.SerializeToString()
    text = text_format.MessageToString(BROKEN).encode()
    graph_def = BROKEN.graph_def.SerializeToString()
    forms = [
        BROKEN,
        data,
        bytearray(data),
        _written(tmp_path, "a.meta", data),
        str(tmp_path / "a.meta"),
        _written(tmp_path, "a.pbtxt", text),
        BROKEN.graph_def,
        graph_def,
        _written(tmp_path, "a.pb", graph_def),
        _written(tmp_path, "graph.pbtxt", text_format.MessageToString(BROKEN.graph_def).encode()),
    ]
    for form in forms:
        problems = check_meta_graph(form, "1.15").problems
        assert [(one.code, one.node, one.op, one.attr) for one in problems] == [
            ("LOAD-17", "x", "Square", "wrong")
        ]


def test_a_saved_model_is_checked_graph_by_graph(tmp_path: Path) -> None:
    """Each meta graph of a SavedModel is checked; the report is about the one that does not load."""
    saved = SavedModel(saved_model_schema_version=1, meta_graphs=[SOUND, BROKEN])
    saved.meta_graphs[0].meta_info_def.tags.extend(["serve", "gpu"])
    _written(tmp_path, "saved_model.pb", saved.SerializeToString())
    labels = [check.label for check in checks_of(tmp_path)]
    assert labels == [f"{tmp_path} [serve,gpu]", f"{tmp_path} [1]"]
    assert check_meta_graph(tmp_path, "1.15").label == f"{tmp_path} [1]"
    assert check_meta_graph(saved, "2.5").loads
    assert not check_meta_graph(tmp_path / "saved_model.pb", "1.15").loads


def test_the_input_is_not_changed() -> None:
    """A check does not change the message."""
    before = BROKEN.SerializeToString(deterministic=True)
    check_meta_graph(BROKEN, "1.15")
    assert BROKEN.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("empty.meta", b"", "is empty"),
        (
            "damaged.meta",
            BROKEN.SerializeToString()[:-3],
            "is not a valid MetaGraphDef: truncated or damaged",
        ),
        ("words.meta", b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
        ("no_graphs.pb", SavedModel(saved_model_schema_version=1).SerializeToString(), "without meta graphs"),
    ],
    ids=["empty", "damaged", "words", "no graphs"],  # a name must not depend on the order of a map
)
def test_what_is_no_graph(tmp_path: Path, name: str, content: bytes, part: str) -> None:
    """A file that is not a graph is refused with the reason."""
    with pytest.raises(UncheckableInputError) as refused:
        check_meta_graph(_written(tmp_path, name, content))
    assert part in str(refused.value)


def test_what_cannot_be_checked(tmp_path: Path) -> None:
    """A missing file, a folder, another message and another object are refused with what they are."""
    for given, part in (
        (tmp_path / "nowhere.meta", "No such file or directory; give the path of a file"),
        (SavedModel(saved_model_schema_version=1), "without meta graphs; save the model again"),
        (tmp_path, "is a folder without a saved_model.pb"),
        ("a\0b", "is not a path"),
        (BROKEN.graph_def.node[0], "a tensorflow.NodeDef message cannot be checked"),
        (5, "a int cannot be checked"),
    ):
        with pytest.raises(UncheckableInputError) as refused:
            check_meta_graph(given)
        assert part in str(refused.value)


def test_a_node_that_takes_its_own_output() -> None:
    """The problem of a cycle of one node is told in the singular."""
    graph = GraphDef()
    graph.node.add(name="self", op="Identity", input=["self"]).attr["T"].type = 1
    (problem,) = check_meta_graph(graph).problems
    assert (problem.code, problem.message) == ("LOAD-28", "the node takes its own output")


def test_an_unknown_version() -> None:
    """A version that no release has is refused."""
    with pytest.raises(UnknownVersionError):
        check_meta_graph(SOUND, "3.0")


def test_assert_loadable_raises_the_report() -> None:
    """The exception has the text of the report; a graph that only fails later does not raise."""
    with pytest.raises(NotLoadableError) as raised:
        assert_loadable(BROKEN, "1.15")
    assert str(raised.value) == check_meta_graph(BROKEN, "1.15").render()
    assert_loadable(BROKEN, "2.5")
    assert_loadable(graph(CASES["LOAD-42"].broken), "1.15")


def _codes_and_nodes(message: MetaGraphDef, version: str = "1.15") -> list[tuple[str, str]]:
    return [(one.code, one.node) for one in check_meta_graph(message, version).problems]


@pytest.mark.parametrize("code", CASES)
def test_versions_share_what_is_the_same_in_them_only(code: str) -> None:
    """A graph that is read once has in each version the report of a graph that is read for that version."""
    meta_graph = graph(CASES[code].broken)
    (check,) = checks_of(meta_graph)
    for version in ("1.8", "1.15", "2.4", "2.5", "2.21"):
        assert check.report(version) == check_meta_graph(meta_graph, version)


def test_the_importer_takes_the_first_ready_node() -> None:
    """Nodes are reported in the order in which TensorFlow was observed to report them."""
    message = graph(lambda _: None)
    node(message, "b", "NoSuchOpB", ["^z"])
    node(message, "c", "NoSuchOpC", ["^y"])
    node(message, "y", "NoOp")
    node(message, "z", "NoOp")
    assert _codes_and_nodes(message) == [("LOAD-16", "c"), ("LOAD-16", "b")]


def test_the_order_of_the_steps() -> None:
    """Problems are in the order in which the importer reaches them; those that fail later come last."""
    message = graph(lambda _: None)
    message.meta_info_def.tensorflow_version = "unknown"
    message.collection_def["unbound_inputs"].bytes_list.value.append(b"a")
    message.collection_def["losses"].node_list.value.append("nowhere")
    message.graph_def.versions.producer = -1
    saver(message, "nowhere:0", "nowhere")
    function(message, "f", "Identity")
    function(message, "f", "Square")
    placeholder(message, "p")
    node(message, "op", "NoSuchOp")
    node(message, "input", "Square", ["nowhere"], T=value(type=FLOAT))
    node(message, "_name", "NoOp")
    message.graph_def.node.add(name="device", op="NoOp", device="here")
    found = [code for code, _ in _codes_and_nodes(message)]
    assert found == [
        "LOAD-02",
        "LOAD-03",
        "LOAD-06",
        "LOAD-10",
        "LOAD-11",
        "LOAD-16",
        "LOAD-30",
        "LOAD-34",
        "LOAD-35",
        "LOAD-42",
    ]


def test_equal_problems_are_one() -> None:
    """Nodes with the same problem are counted, with the names of some."""
    message = graph(lambda _: None)
    for number in range(41):
        node(message, f"n{number}", "NoOp", wrong=value(i=1))
    (problem,) = check_meta_graph(message, "1.15").problems
    assert (problem.count, problem.node, problem.nodes) == (41, "n0", ("n0", "n1", "n2", "n3"))
    assert "and 40 more: n1, n2, n3, ..." in problem.text()


@pytest.mark.parametrize("other", [None, 2])
def test_a_default_that_the_op_list_declares_may_go(other: int | None) -> None:
    """An unknown attribute is accepted if the op list of the graph declares its value as the default."""
    message = graph(lambda made: node(made, "x", "NoOp", newer=value(i=1)))
    message.meta_info_def.stripped_op_list.op.add(name="NoOp").attr.add(
        name="newer", type="int"
    ).default_value.i = other or 1
    assert _codes_and_nodes(message) == ([("LOAD-17", "x")] if other else [])


def test_an_unset_value_is_the_default() -> None:
    """An attribute without a value takes the default of its op, as the importer gives it."""
    message = graph(lambda made: placeholder(made, "x"))
    message.graph_def.node[0].attr["shape"].Clear()
    assert _codes_and_nodes(message) == []


def test_an_op_of_the_op_list_is_looked_up_first_up_to_1_14() -> None:
    """TensorFlow 1.13 reports an unknown op of the op list first, 1.15 when it reaches the node."""
    message = graph(lambda made: node(made, "bad name", "NoSuchOp"))
    message.meta_info_def.stripped_op_list.op.add(name="NoSuchOp")
    assert [code for code, _ in _codes_and_nodes(message, "1.13")] == ["LOAD-16", "LOAD-06"]
    assert [code for code, _ in _codes_and_nodes(message, "1.15")] == ["LOAD-06", "LOAD-16"]


@pytest.mark.parametrize("listed", ["Skipgram", "_Arg", "NoSuchOp", "_NoSuchOp", "f"])
def test_an_op_of_the_op_list_that_python_does_not_list_is_refused_up_to_1_14(listed: str) -> None:
    """An op of a Python module that is not imported, an internal op and a function are not in that list."""
    message = graph(lambda made: node(made, "x", listed))
    function(message, "f", "NoOp")
    message.meta_info_def.stripped_op_list.op.add(name=listed)
    (first, *_) = check_meta_graph(message, "1.14").problems
    assert first.code == "LOAD-16"
    assert "op" in first.message
    assert ("take it from the op list" in first.way_out) == (listed in {"Skipgram", "_Arg"})
    codes = {problem.code for problem in check_meta_graph(message, "1.15").problems}
    assert ("LOAD-16" in codes) == (listed == "NoSuchOp")


def test_functions_that_functions_call_are_built() -> None:
    """A body that a called function calls is judged as well, and the problem names the path to it."""
    message = graph(lambda made: function(made, "inner", "NoSuchOp"))
    outer = function(message, "outer")
    added = outer.node_def.add(name="m", op="inner", input=["n:output:0"])
    outer.ret["y"] = "m:y:0"
    call(message, "outer")
    (problem,) = check_meta_graph(message, "1.15").problems
    assert (problem.code, problem.node) == ("LOAD-29", "call")
    assert problem.message.startswith("the function 'outer' cannot be built: it calls 'inner'")
    assert added.name == "m"


def test_odd_wire_forms_are_read() -> None:
    """Nodes with repeated or missing fields, which only unusual writers produce, are read as parsers do."""
    twice = GraphDef()
    twice.node.add(name="a", op="NoOp")
    data = twice.SerializeToString()
    doubled = b"\x0a\x10" + b"\x0a\x01x\x0a\x01a\x12\x02No\x12\x04NoOp"
    assert GraphDef.FromString(doubled) == twice
    nameless = b"\x0a\x06\x12\x04NoOp"
    assert [one.code for one in check_meta_graph(doubled).problems] == []
    assert [one.code for one in check_meta_graph(GraphDef.FromString(data + nameless)).problems] == [
        "LOAD-06"
    ]


@pytest.mark.parametrize(("notes", "others"), [(100, 0), (0, 100)])
def test_attributes_whose_names_no_rule_judges_are_read_all_the_same(notes: int, others: int) -> None:
    """An entry with two names has the last one, and a damaged one is refused, alone or among many."""
    made = NodeDef(name="a", op="Placeholder")
    for number in range(notes):
        made.attr[f"_note_{number}"].s = str(number).encode()

    def codes(entry: bytes) -> list[str]:
        attribute = b"\x2a" + bytes((len(entry),)) + entry
        return [one.code for one in check_meta_graph(_graph_of(made, attribute, others)).problems]

    assert codes(b"\x0a\x02_a\x12\x02\x30\x01") == ["LOAD-18"]
    assert codes(b"\x0a\x02_a\x0a\x05dtype\x12\x02\x30\x01") == []
    assert codes(b"\x0a\x05dtype\x0a\x02_a\x12\x02\x30\x01") == ["LOAD-18"]
    with pytest.raises(UncheckableInputError, match="damaged"):
        codes(b"\x0a\x02_a\x12\x02\x12\x09")


def _graph_of(made: NodeDef, attribute: bytes, others: int) -> bytes:
    """Return a serialised GraphDef with a node that has a serialised attribute, too, and other nodes."""
    nodes = [NodeDef(name=f"n{number}", op="NoOp").SerializeToString() for number in range(others)]
    view = VIEWS["GraphDef"](node=[*nodes, made.SerializeToString() + attribute])
    data: bytes = view.SerializeToString()
    return data


@pytest.mark.parametrize("name", ["\x1e", "\x1f", "\n", "a\nb", "^", ":0", "a:0"])
def test_names_like_separators(name: str) -> None:
    """A name that equals the separator of the check is reported as a name that is not valid."""
    message = graph(lambda made: node(made, name, "NoOp"))
    node(message, "b", "NoOp", [f"^{name}"])
    node(message, "c", "NoOp", ["^b"])
    codes = {one.code for one in check_meta_graph(message).problems}
    assert "LOAD-06" in codes
    assert codes <= {"LOAD-06", "LOAD-10", "LOAD-28", "LOAD-15", "LOAD-23"}


def test_the_text_has_no_control_characters() -> None:
    """Control characters are printed as escapes."""
    message = graph(lambda made: node(made, "a\x1b[2Jb", "No\nOp"))
    text = check_meta_graph(message).render()
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "a\\x1b[2Jb (No\\nOp)" in text


def test_long_names_are_cut_off_in_the_text_only() -> None:
    """A name of a million characters does not fill the screen, and is complete in the data."""
    name = "a" * 1_000_000
    report = check_meta_graph(graph(lambda made: node(made, name, "Nope")))
    assert "a... (1,000,000 characters)" in report.render()
    assert len(report.render()) < 5000
    assert report.problems[0].node == name


def test_a_damaged_node_is_an_error_in_the_terms_of_tensorflow() -> None:
    """The error names the type of the message that the user knows."""
    with pytest.raises(UncheckableInputError, match=r"damaged \(.*tensorflow\.GraphDef") as raised:
        check_meta_graph(VIEWS["GraphDef"](node=[NODE, NODE, NODE + b"\x0f"]).SerializeToString())
    assert "pytest_metagraph" not in str(raised.value)


def test_the_json_form() -> None:
    """The JSON has the verdict, and each problem with its code, severity, node, op, message and fix."""
    (data,) = [json.loads(check_meta_graph(BROKEN, "1.15").to_json())]
    assert (data["tensorflow"], data["loads"], data["file"]) == ("1.15", False, "<message>")
    (problem,) = data["problems"]
    assert problem["severity"] == "refused"
    assert (problem["code"], problem["node"], problem["op"]) == ("LOAD-17", "x", "Square")
    assert problem["message"] == "Square has no attribute 'wrong'"
    assert problem["way_out"]
    assert data["notes"] == [
        "shapes that TensorFlow infers from node to node; only declared shapes are checked"
    ]


@pytest.mark.parametrize(
    ("listed", "inputs", "found"),
    [
        ([b"$unbound_inputs_p"], ["$unbound_inputs_p"], ""),
        ([b"$unbound_inputs_p"] * 3, ["$unbound_inputs_p"], "'$unbound_inputs_p' is listed 3 times"),
        (
            [b"$unbound_inputs_p"],
            ["$unbound_inputs_p", "^$unbound_inputs_q"],
            "'^$unbound_inputs_q' is a control input",
        ),
        ([], ["^$unbound_inputs_q"], ""),
    ],
)
def test_unbound_inputs_that_no_input_map_binds_have_their_own_way_out(
    listed: list[bytes], inputs: list[str], found: str
) -> None:
    """A repeated or control unbound input is named, and its fix is to leave out the collection (UNB-10)."""
    message = MetaGraphDef()
    node(message, "a", "NoOp", inputs)
    message.collection_def["unbound_inputs"].bytes_list.value.extend(listed)
    problems = [one for one in check_meta_graph(message).problems if one.code == "LOAD-02"]
    named = [one for one in problems if one.message.startswith("no input_map can bind")]
    assert [one.message for one in named] == (
        [f"no input_map can bind the unbound inputs: {found}"] if found else []
    )
    assert all("--unbound-inputs-col-name ''" in one.way_out for one in named)
