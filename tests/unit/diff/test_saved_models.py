"""SavedModels are compared by their meta graphs, their object graphs by path, and their assets by content."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from google.protobuf import text_format
from saved_models import FUNCTION, SAVED, VARIABLE, first, second, written

from pytest_metagraph import CompareOptions, MetaGraphMismatch, assert_meta_graph_equal, diff_meta_graphs
from pytest_metagraph.cli import main
from pytest_metagraph.diff import (
    DifferenceCode,
    HintCode,
    MetaGraphDiff,
    UnusableInputError,
    assert_function_def_library_equal,
    diff_function_def_libraries,
    diff_graph_defs,
    json_schema,
)
from pytest_metagraph.diff.json_report import write_details
from reference_impl import read_meta_graph_file
from reference_impl.schema import GraphDef, SavedModel

SAVED_MODEL = CompareOptions.saved_model()


def _two_meta_graphs() -> Any:
    """A SavedModel with a meta graph for the processor and one for the GPU."""
    model = first()
    model.meta_graphs.add().CopyFrom(model.meta_graphs[0])
    model.meta_graphs[1].meta_info_def.tags.append("gpu")
    model.meta_graphs[1].graph_def.node[0].device = "/gpu:0"
    return model


def test_every_form_of_a_saved_model_is_read(tmp_path: Path) -> None:
    """A folder, its file, text, the message, its bytes and its meta graph are the same."""
    model = first()
    folder = written(tmp_path / "m", model)
    text = tmp_path / "t"
    text.mkdir()
    (text / "saved_model.pbtxt").write_text(str(model), encoding="utf-8")
    forms: list[Any] = [
        folder,
        str(folder),
        folder / "saved_model.pb",
        text,
        model.SerializeToString(),
        model,
    ]
    for form in forms:
        assert_meta_graph_equal(actual=form, expected=model.meta_graphs[0])
        assert_meta_graph_equal(actual=model.meta_graphs[0], expected=form)
    assert read_meta_graph_file(folder) == read_meta_graph_file(text) == model.meta_graphs[0]


def test_a_meta_graph_is_chosen_by_its_tags(tmp_path: Path) -> None:
    """All tags of a meta graph choose it, in any order; the error lists what there is."""
    model = _two_meta_graphs()
    folder = written(tmp_path / "m", model)
    with pytest.raises(
        UnusableInputError, match="is a SavedModel with 2 meta graphs, tagged serve; gpu,serve; choose one"
    ):
        diff_meta_graphs(actual=folder, expected=first().meta_graphs[0])
    diff = diff_meta_graphs(actual=folder, expected=first(), tags=["serve"])
    assert diff.equal
    assert not diff_meta_graphs(actual=folder, expected=folder, tags=["gpu", "serve"]).differences
    assert read_meta_graph_file(folder, tags={"gpu", "serve"}).graph_def.node[0].device == "/gpu:0"
    with pytest.raises(UnusableInputError, match="without a meta graph tagged tpu; choose serve; gpu,serve"):
        diff_meta_graphs(actual=folder, expected=folder, tags=["tpu"])
    with pytest.raises(ValueError, match="a SavedModel without meta graphs"):
        read_meta_graph_file(written(tmp_path / "none", type(model)(saved_model_schema_version=1)))
    assert main(["diff", str(folder), str(folder), "--tags", "serve,gpu"]) == 0
    assert main(["diff", str(folder), str(folder), "--tags", "tpu"]) == 2


def test_meta_graphs_are_paired_by_their_tags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without tags, each meta graph is compared with the one of the same tags, in a section of its own."""
    model, other = _two_meta_graphs(), _two_meta_graphs()
    one = written(tmp_path / "a", model, words=b"a")
    other.meta_graphs[1].meta_info_def.tags[:] = ["gpu", "serve"]
    backwards = SavedModel(meta_graphs=reversed(other.meta_graphs))
    assert diff_meta_graphs(expected=one, actual=written(tmp_path / "b", backwards, words=b"a")).equal
    other.meta_graphs[1].graph_def.node[0].device = "/gpu:1"
    changed = written(tmp_path / "c", other, words=b"b")
    assert main(["diff", str(one), str(changed)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "2 kinds of difference (2 in all) in 2 sections",
        f"  expected: {one}   actual: {changed}",
        "",
        "assets words (file)",
        "  ~ content   expected 1 byte, sha256 ca978112ca1b...   actual 1 byte, sha256 3e23e8160039...",
        "",
        "meta_graphs['gpu,serve'].graph_def.node weight (VarHandleOp)",
        "  ~ device   expected /gpu:0   actual /gpu:1",
    ]
    assert main(["diff", str(one), str(changed), "--tags", "serve", "--ignore-section", "graph_def"]) == 1
    assert main(["diff", str(one / "saved_model.pb"), str(changed / "saved_model.pb"), "--tags=serve"]) == 0
    capsys.readouterr()
    assert main(["diff", str(one), str(changed), "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    jsonschema.validate(shown, json_schema())
    assert [(one["section"], one["key"]) for one in shown["differences"]] == [
        ("assets", "words"),
        ("meta_graphs['gpu,serve'].graph_def.node", "weight"),
    ]


@pytest.mark.parametrize("side", ["expected", "actual"])
def test_a_meta_graph_without_a_twin_is_a_difference(side: str) -> None:
    """A meta graph with tags that the other side lacks is missing or extra, whatever the message's form."""
    sides: dict[str, Any] = {"expected": first(), "actual": first(), side: _two_meta_graphs()}
    diff = diff_meta_graphs(**sides)
    code = DifferenceCode.ITEM_MISSING if side == "expected" else DifferenceCode.ITEM_EXTRA
    assert [(one.code, one.section, one.key) for one in diff.differences] == [
        (code, "meta_graphs", "gpu,serve")
    ]
    assert list(diff.meta_graphs) == ["serve"]
    assert diff_meta_graphs(**sides, tags=["serve"]).equal


def test_each_meta_graph_has_its_hints() -> None:
    """A likely cause names its meta graph and covers its differences; the preset applies to each of them."""
    one, other = first(), second()
    for model in (one, other):
        model.meta_graphs.add().CopyFrom(model.meta_graphs[0])
        model.meta_graphs[1].meta_info_def.tags[:] = ["train"]
    diff = diff_meta_graphs(expected=one, actual=other)
    renumbered = [hint for hint in diff.hints if hint.code is HintCode.FUNCTION_RENAMED]
    assert sorted(hint.text.partition(":")[0] for hint in renumbered) == ["serve", "train"]
    for hint in renumbered:
        tags = hint.text.partition(":")[0]
        sections = {diff.differences[position].section for position in hint.covers}
        assert all(section.startswith(f"meta_graphs['{tags}'].") for section in sections)
    assert diff_meta_graphs(expected=one, actual=other, options=SAVED_MODEL).equal
    with pytest.raises(MetaGraphMismatch, match=r"meta_graphs\['train'\]\.graph_def\.library") as caught:
        assert_meta_graph_equal(expected=one, actual=other)
    nodes = json.loads(write_details(caught.value.diff).read_text(encoding="utf-8"))["nodes"]
    assert sorted(nodes) == [
        f"{tags}: {name}" for tags in ("serve", "train") for name in ("Const", "call", "save")
    ]


def test_another_version_of_tensorflow_is_a_likely_cause() -> None:
    """Of saves by two versions, the hint covers what every version writes in its own way, and only that."""
    one, other = first(), first()
    for saved in (one, other):
        saved.meta_graphs[0].meta_info_def.stripped_op_list.op.add(name="Const")
    model = other.meta_graphs[0]
    model.meta_info_def.stripped_op_list.op.add(name="DisableCopyOnRead")
    model.graph_def.library.function[2].node_def.add(name="n", op="DisableCopyOnRead")
    model.graph_def.node[1].op = "Const"
    codes = [hint.code for hint in diff_meta_graphs(expected=one, actual=other).hints]
    assert HintCode.OTHER_TENSORFLOW not in codes
    model.meta_info_def.tensorflow_version = "2.11.1"
    diff = diff_meta_graphs(expected=one, actual=other)
    (hint,) = (hint for hint in diff.hints if hint.code is HintCode.OTHER_TENSORFLOW)
    assert hint.text.startswith("The models were saved by TensorFlow 2.21.0 and 2.11.1. ")
    uncovered = [one for position, one in enumerate(diff.differences) if position not in hint.covers]
    assert [(one.section, one.key) for one in uncovered] == [("graph_def.node", "x")]


def test_meta_graphs_with_the_same_tags_are_compared_in_order() -> None:
    """TensorFlow loads the first of two meta graphs with the same tags; the second one counts as well."""
    one, other = first(), first()
    for model in (one, other):
        model.meta_graphs.add().CopyFrom(model.meta_graphs[0])
    other.meta_graphs[1].graph_def.node[1].op = "Const"
    (difference,) = diff_meta_graphs(expected=one, actual=other).differences
    assert (difference.section, difference.key) == ("meta_graphs['serve#2'].graph_def.node", "x")


def test_a_pattern_that_matches_in_one_meta_graph_is_used() -> None:
    """A pattern is reported as unused only if it matches nothing in any meta graph."""
    model = _two_meta_graphs()
    model.meta_graphs[1].graph_def.node[0].attr["_mine"].i = 1
    options = CompareOptions(ignore_attrs=["_mine", "_nobody"])
    diff = diff_meta_graphs(expected=model, actual=model, options=options)
    assert [note.key for note in diff.notes] == ["_nobody"]


def test_a_picture_needs_one_meta_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture of several meta graphs is refused, with the option that chooses one."""
    folder = str(written(tmp_path / "m", _two_meta_graphs()))
    assert main(["diff", folder, folder, "--svg", str(tmp_path / "d.svg")]) == 2
    assert "choose one with --tags" in capsys.readouterr().err
    assert not (tmp_path / "d.svg").exists()


def test_two_saves_differ_unless_they_are_canonicalised() -> None:
    """By default the numbers count, and the hint names the preset with which nothing differs."""
    diff = diff_meta_graphs(actual=second(), expected=first())
    assert not diff.equal
    assert any("--preset saved-model (CompareOptions.saved_model())" in hint.text for hint in diff.hints)
    assert diff_meta_graphs(actual=second(), expected=first(), options=SAVED_MODEL).equal


def test_objects_are_compared_by_path() -> None:
    """Without canonicalisation, another numbering of the objects alone is not a difference."""
    renumbered = second()
    text = str(renumbered.meta_graphs[0].object_graph_def).replace("1480", "12")
    assert text.count("node_id: 2") == 1
    one, other = first().meta_graphs[0], first().meta_graphs[0]
    other.object_graph_def.nodes[1].CopyFrom(renumbered.meta_graphs[0].object_graph_def.nodes[1])
    other.object_graph_def.nodes[1].function.concrete_functions[0] = "__inference_call_12"
    other.object_graph_def.nodes[2].CopyFrom(renumbered.meta_graphs[0].object_graph_def.nodes[2])
    for child in other.object_graph_def.nodes[0].children:
        child.node_id = 3 - child.node_id
    other.object_graph_def.concrete_functions["__inference_call_12"].bound_inputs[:] = [2]
    assert one != other
    assert diff_meta_graphs(actual=other, expected=one).equal


def _shape(model: Any) -> None:
    model.object_graph_def.nodes[2].variable.shape.dim[0].size = 4


def _op(model: Any) -> None:
    model.graph_def.library.function[0].node_def[0].op = "Add"


def _signature(model: Any) -> None:
    model.signature_def["serving_default"].inputs["x"].name = "call:0"


def _lost_object(model: Any) -> None:
    del model.object_graph_def.nodes[0].children[0]


def _shared(model: Any) -> None:
    model.object_graph_def.nodes[0].children.add(node_id=2, local_name="again")


def _binding(model: Any) -> None:
    model.object_graph_def.concrete_functions["__inference_call_1480"].bound_inputs[:] = [1]


def _call(model: Any) -> None:
    model.graph_def.node[2].attr["f"].func.name = "while_body_912"


def _saved(model: Any) -> None:
    model.graph_def.library.function[2].node_def.add(name="r", op="Identity")


CHANGES: dict[str, tuple[Callable[[Any], None], set[tuple[str, str]]]] = {
    "a variable's shape": (_shape, {("object_graph_def.nodes", "weight")}),
    "an op": (_op, {("graph_def.library", "__inference_call_12")}),
    "a signature": (_signature, {("signature_def", "serving_default")}),
    "a lost object": (
        _lost_object,
        {
            ("object_graph_def.nodes", "weight"),
            ("object_graph_def.nodes", "(root)"),
            ("object_graph_def.nodes", "(object 2)"),
            ("object_graph_def.concrete_functions", "__inference_call_12"),
        },
    ),
    "a second path": (
        _shared,
        {
            ("object_graph_def.nodes", "(root)"),
            ("object_graph_def.nodes", "again"),
            ("object_graph_def.nodes", "weight"),
            ("object_graph_def.concrete_functions", "__inference_call_12"),
        },
    ),
    "what a function is bound to": (
        _binding,
        {("object_graph_def.concrete_functions", "__inference_call_12")},
    ),
    "which function is called": (_call, {("graph_def.node", "call")}),
    "what is done when saving": (_saved, {("graph_def.library", "__inference__traced_save_7")}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found_in_another_save(change: str) -> None:
    """Each change of the model is a difference at its place, with the names of the expected side."""
    apply, places = CHANGES[change]
    changed = second()
    apply(changed.meta_graphs[0])
    diff = diff_meta_graphs(actual=changed, expected=first(), options=SAVED_MODEL)
    assert {(one.section, one.key) for one in diff.differences} == places


def _diff(tmp_path: Path, left: dict[str, bytes], right: dict[str, bytes]) -> MetaGraphDiff:
    folders = [written(tmp_path / name, first(), **files) for name, files in (("a", left), ("b", right))]
    return diff_meta_graphs(expected=folders[0], actual=folders[1])


def test_assets_of_folders_are_compared(tmp_path: Path) -> None:
    """A changed, a missing and an extra asset are differences; other values of variables are a note."""
    diff = _diff(
        tmp_path,
        {"same": b"x", "changed": b"x", "gone": b"x"},
        {"same": b"x", "changed": b"y", "new": b"", "variables/v": b"22"},
    )
    assert [(one.code, one.section, one.key) for one in diff.differences] == [
        ("field-changed", "assets", "changed"),
        ("item-missing", "assets", "gone"),
        ("item-extra", "assets", "new"),
    ]
    assert [(one.section, one.key, one.expected, one.actual) for one in diff.notes] == [
        ("variables", "v", "1 byte", "2 bytes")
    ]


def test_a_file_is_compared_without_assets(tmp_path: Path) -> None:
    """The assets belong to the folder; of a file, only the message is compared."""
    one, other = written(tmp_path / "a", first(), x=b"1"), written(tmp_path / "b", first())
    assert diff_meta_graphs(expected=one / "saved_model.pb", actual=other / "saved_model.pb").equal
    assert not diff_meta_graphs(expected=one, actual=other).equal


def test_the_list_that_is_made_from_a_set_has_no_order() -> None:
    """Keras writes _all_variables in the order of a set, which changes from process to process."""
    models = [first(), first()]
    for model, order in zip(models, ((3, 4), (4, 3)), strict=True):
        graph = model.meta_graphs[0].object_graph_def
        for name in ("a", "b"):
            graph.nodes.add().variable.name = name
        graph.nodes[0].children.add(node_id=5, local_name="_all_variables")
        wrapper = graph.nodes.add()
        wrapper.user_object.identifier = "trackable_list_wrapper"
        for number, target in enumerate(order):
            wrapper.children.add(node_id=target, local_name=str(number))
    one, other = models
    assert not diff_meta_graphs(expected=one, actual=other).equal
    assert diff_meta_graphs(expected=one, actual=other, options=SAVED_MODEL).equal
    other.meta_graphs[0].object_graph_def.nodes[4].variable.name = "c"
    assert not diff_meta_graphs(expected=one, actual=other, options=SAVED_MODEL).equal


def test_names_that_are_swapped_are_not_lost() -> None:
    """A number that belongs to another function on the other side does not get in the way."""
    one, other = first(), first()
    for model, numbers in ((one, (1, 2)), (other, (2, 3))):
        library = model.meta_graphs[0].graph_def.library
        for number, op in zip(numbers, ("A", "B"), strict=True):
            function = library.function.add()
            function.signature.name = f"cond_true_{number}"
            function.node_def.add(name="n", op=op)
            name = f"cond_true_{number}"
            model.meta_graphs[0].object_graph_def.concrete_functions[name].bound_inputs.append(
                1 if op == "A" else 2
            )
    assert diff_meta_graphs(expected=one, actual=other, options=SAVED_MODEL).equal


FUNCTIONS = """
library {{
  function {{
    signature {{ name: 'f_{0}' input_arg {{ name: 'x_{2}' }} input_arg {{ name: 'x_{3}' }} }}
    node_def {{ name: 'n' op: 'Sub' input: 'x_{4}' }}
  }}
  function {{ signature {{ name: 'f_{1}' }} node_def {{ name: 'n' op: 'B' }} }}
}}
node {{ name: 'call' op: 'PartitionedCall' attr {{ key: 'f' value {{ func {{ name: 'f_{5}' }} }} }} }}
"""


@pytest.mark.parametrize(
    ("numbers", "equal"),
    [
        ((7, 9, 30, 40, 30, 9), True),  # other numbers in the same order
        ((2, 3, 30, 40, 30, 3), True),  # a number that is another function's on the other side
        ((9, 7, 30, 40, 30, 7), True),  # in the opposite order
        ((2, 3, 10, 20, 10, 2), False),  # the same node, which calls another function
        ((1, 2, 20, 10, 10, 2), False),  # the same node, whose input is another argument
        ((1, 2, 10, 20, 20, 2), False),  # another node
    ],
)
def test_functions_are_the_same_whatever_their_numbers_are(numbers: tuple[int, ...], equal: bool) -> None:
    """Nodes with the same bytes are different if their names mean different functions or arguments."""
    one, other = (
        text_format.Parse(FUNCTIONS.format(*found), GraphDef()) for found in ((1, 2, 10, 20, 10, 2), numbers)
    )
    for expected, actual in ((one, other), (other, one)):
        assert diff_graph_defs(expected=expected, actual=actual, options=SAVED_MODEL).equal is equal


def test_saves_in_the_same_order_need_no_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """If all that differs is the numbers, functions are compared in order, which takes half the time."""
    monkeypatch.setattr("pytest_metagraph.diff.canonical_saves._with_calls", None)
    saves = [
        text_format.Parse(SAVED.format(*numbers, 1, 2, VARIABLE, FUNCTION.format(numbers[0])), SavedModel())
        for numbers in ((12, 7), (1480, 912))
    ]
    assert diff_meta_graphs(expected=saves[0], actual=saves[1], options=SAVED_MODEL).equal
    with pytest.raises(TypeError):
        diff_meta_graphs(expected=saves[0], actual=second(), options=SAVED_MODEL)


def test_a_function_that_is_there_twice_is_no_obstacle() -> None:
    """Two functions of one name make a library invalid, and are compared as they are."""
    one, other = first(), first()
    for model in (one, other):
        library = model.meta_graphs[0].graph_def.library
        library.function.add().CopyFrom(library.function[0])
    assert diff_meta_graphs(expected=one, actual=other, options=SAVED_MODEL).equal
    other.meta_graphs[0].graph_def.library.function[3].node_def[0].op = "Add"
    assert not diff_meta_graphs(expected=one, actual=other, options=SAVED_MODEL).equal


def test_the_command_has_the_preset(tmp_path: Path) -> None:
    """--preset saved-model and --canonicalize-saves compare two saves as equal."""
    one, other = str(written(tmp_path / "a", first())), str(written(tmp_path / "b", second()))
    assert main(["diff", one, other]) == 1
    assert main(["diff", one, other, "--preset", "saved-model"]) == 0
    assert main(["diff", one, other, "--canonicalize-saves"]) == 0


def test_two_files_of_one_kind_need_no_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """GraphDefs and libraries of functions are recognised; files of two kinds are named and refused."""
    meta_graph = first().meta_graphs[0]
    files = {
        "graph.pb": meta_graph.graph_def,
        "model.meta": meta_graph,
        "library.pb": meta_graph.graph_def.library,
    }
    for name, message in files.items():
        (tmp_path / name).write_bytes(message.SerializeToString())
    (tmp_path / "library.pbtxt").write_text(str(meta_graph.graph_def.library), encoding="utf-8")
    graph, model, library, text = (str(tmp_path / name) for name in (*files, "library.pbtxt"))
    assert main(["diff", graph, graph]) == 0
    assert main(["diff", library, text]) == 0
    assert main(["diff", library, library, "--type", "FunctionDefLibrary"]) == 0
    capsys.readouterr()
    assert main(["diff", graph, model]) == 2
    assert "model.meta' is a MetaGraphDef, not a GraphDef like" in capsys.readouterr().err
    assert main(["diff", str(written(tmp_path / "m", first())), library]) == 2
    assert "library.pb' is a FunctionDefLibrary, not a SavedModel like" in capsys.readouterr().err


def test_libraries_are_compared_function_by_function(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed, missing or extra function is a difference, and order is not, as in a graph's library."""
    one = first().meta_graphs[0].graph_def.library
    other = type(one)(function=reversed(one.function))
    assert_function_def_library_equal(expected=one, actual=other)
    other.function[2].node_def[0].op = "Add"
    other.function[1].signature.name = "new"
    graphs = [GraphDef(library=library) for library in (one, other)]
    diff = diff_function_def_libraries(expected=one, actual=other)
    assert diff.differences == diff_graph_defs(expected=graphs[0], actual=graphs[1]).differences
    assert [(found.code, found.key, found.field) for found in diff.differences] == [
        (DifferenceCode.FIELD_CHANGED, "__inference_call_12", "node_def['mul'].op"),
        (DifferenceCode.FUNCTION_MISSING, "while_body_7", ""),
        (DifferenceCode.FUNCTION_EXTRA, "new", ""),
    ]
    with pytest.raises(MetaGraphMismatch, match=r"node_def\.op   expected 'Mul'   actual 'Add'"):
        assert_function_def_library_equal(expected=one.SerializeToString(), actual=other)
    for name, library in (("one.pb", one), ("other.pb", other)):
        (tmp_path / name).write_bytes(library.SerializeToString())
    assert main(["diff", str(tmp_path / "one.pb"), str(tmp_path / "other.pb")]) == 1
    assert "- while_body_7" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options",
    [SAVED_MODEL, CompareOptions(ignore_names=True, ignore_attrs=["_gradient_op_type"])],
    ids=["saves", "names"],
)
def test_options_apply_to_libraries_and_graphs(options: CompareOptions) -> None:
    """Two saves are canonicalised, and names ignored, in a GraphDef and in a library as well."""
    graphs = [model.meta_graphs[0].graph_def for model in (first(), second())]
    for graph in graphs:
        del graph.node[3:], graph.library.function[2:]
    assert not diff_graph_defs(expected=graphs[0], actual=graphs[1]).equal
    diff = diff_graph_defs(expected=graphs[0], actual=graphs[1], options=options)
    assert diff.equal, diff.render()
    one, other = (graph.library for graph in graphs)
    assert diff_function_def_libraries(expected=one, actual=other, options=options).equal
