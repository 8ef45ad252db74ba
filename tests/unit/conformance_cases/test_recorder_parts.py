"""The parts of the recorder that need no TensorFlow."""

from __future__ import annotations

import itertools
import tomllib

import pytest
from google.protobuf import text_format

from conformance_cases import load_corpus
from conformance_cases.axes import covering_rows, pairs_of
from conformance_cases.case_writer import canonical, readable_text, toml_text
from reference_impl.schema import POOL, MetaGraphDef, SaverDef, WhileContextDef


def test_written_toml_reads_back() -> None:
    """Text in one line and in several, quotes, other alphabets, numbers, lists, tables in both."""
    document = {
        "text": 'a "quoted" \\ line',
        "lines": "first\n  'second'\n",
        "quotes": "'''\n",
        "number": 7,
        "empty": [],
        "list": ["a", "\u00e9\U0001f600"],
        "table": {"inner": {"key with space": "x"}, "plain": "y"},
        "tables": [{"plain": "y", "inner": {"flag": True}}, {"inner": {"list": ["a"]}}],
    }
    assert tomllib.loads(toml_text(document)) == document


def test_a_covering_choice_has_every_pair() -> None:
    """Few rows of a product hold all pairs that the product holds."""
    product = dict.fromkeys(itertools.product("ab", "cde", "fgh", "ij"), True)
    chosen = covering_rows(product)
    assert set().union(*map(pairs_of, chosen)) == set().union(*map(pairs_of, product))
    assert len(chosen) < len(product) / 2


def test_a_row_without_an_answer_is_chosen_only_for_pairs_that_no_other_row_has() -> None:
    """An error does not count for the other arguments of its row."""
    rows = {row: row[:2] != ("b", "d") for row in itertools.product("ab", "cd", "ef")}
    errors = [row for row in covering_rows(rows) if not rows[row]]
    assert errors == [("b", "d", "e")]


def test_pairs_that_are_covered_already_need_no_row() -> None:
    """The smoke tier's cases count for the default tier."""
    rows = dict.fromkeys(itertools.product("ab", "cd"), True)
    assert covering_rows(rows, pairs_of(("a", "c"))) == [("a", "d"), ("b", "c"), ("b", "d")]


def test_canonical_puts_the_maps_inside_contexts_in_order() -> None:
    """Two contexts with the same values in another order become the same bytes (DET-02)."""
    message = MetaGraphDef()
    entries = []
    for key, value in (("a", "b"), ("c", "d")):
        context = WhileContextDef()
        context.values_def.external_values[key] = value
        entries.append(context.SerializeToString())
    values = message.collection_def["while_context"].bytes_list.value
    values[:] = [entries[0] + entries[1], entries[1] + entries[0]]
    first, second = canonical(message).collection_def["while_context"].bytes_list.value
    assert first == second
    assert values[0] != values[1]


def test_canonical_leaves_a_key_without_kind_as_it_is() -> None:
    """A saver outside the scope leaves the key `savers` with no kind (SAV-10)."""
    message = MetaGraphDef()
    message.collection_def["savers"].SetInParent()
    assert canonical(message).collection_def["savers"].WhichOneof("kind") is None


@pytest.mark.parametrize("key", ["savers", "mine"])
def test_canonical_changes_no_meaning(key: str) -> None:
    """Items stay what they are, and so does the message that was given."""
    message = MetaGraphDef()
    item = SaverDef(max_to_keep=3).SerializeToString()
    message.collection_def[key].bytes_list.value.append(item)
    assert canonical(message) == message
    assert canonical(message) is not message


def test_readable_text_reads_back_to_the_same_message() -> None:
    """Nothing of any matrix graph is lost, whatever is in it."""
    for graph in load_corpus().matrix_graphs.values():
        message = graph.message()
        parsed = text_format.Parse(readable_text(message), MetaGraphDef(), descriptor_pool=POOL)
        assert parsed.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True)


def test_readable_text_puts_on_a_line_what_fits() -> None:
    """A short node is one line, a long one has its fields on lines, a list of numbers is one line."""
    message = MetaGraphDef()
    message.graph_def.node.add(name="short", op="NoOp")
    message.graph_def.node.add(name="long", op="NoOp", input=["x" * 100, "y"])
    message.graph_def.versions.bad_consumers.extend([1, 2, 3])
    lines = [line.strip() for line in readable_text(message).splitlines()]
    assert 'node { name: "short" op: "NoOp" }' in lines
    assert f'input: ["{"x" * 100}", "y"]' in lines
    assert "versions { bad_consumers: 1 bad_consumers: 2 bad_consumers: 3 }" in lines
