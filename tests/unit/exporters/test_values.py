"""Argument values on the wire: what goes out comes back."""

from __future__ import annotations

from typing import Any

import pytest

from conformance_cases import Case, Tier, load_corpus
from pytest_metagraph.exporters.messages import UnencodableValueError, Value, decode, encode
from reference_impl.schema import SaverDef


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -(2**63),
        2**63 - 1,
        0.1,
        float("inf"),
        "",
        "tower_1/é",
        b"\xff\x00",
        [],
        ["variables", b"losses", 3, None, [1]],
        {},
        {"key": 1, 2: ["b"]},
        SaverDef(),
        SaverDef(filename_tensor_name="save/Const:0", max_to_keep=5),
    ],
)
def test_a_value_comes_back_with_its_type(value: Any) -> None:
    """No kind turns into another: False is no 0, bytes are no text, an empty list is no None."""
    returned = decode(Value.FromString(encode(value).SerializeToString()))
    assert returned == value
    assert type(returned) is type(value)


@pytest.mark.parametrize(
    ("value", "carried"), [((1, 2), [1, 2]), ({"b", "a"}, ["a", "b"]), (frozenset({"x"}), ["x"])]
)
def test_other_iterables_become_lists(value: Any, carried: list[Any]) -> None:
    """Other languages have no tuples, and no order of sets."""
    assert decode(encode(value)) == carried


@pytest.mark.parametrize("value", [2**63, "\ud800", object(), iter([]), [object()], {"key": 1j}])
def test_what_no_other_language_can_be_given_is_refused(value: Any) -> None:
    """A value that can not be stated is an error, and never quietly another value."""
    with pytest.raises(UnencodableValueError, match="can not be stated in the worker protocol"):
        encode(value)


def test_a_message_of_an_unknown_type_is_refused() -> None:
    """A worker written in Python says which type it lacks."""
    stated = Value(message={"type": "tensorflow.NoSuchDef", "data": b""})
    with pytest.raises(ValueError, match=r"no message 'tensorflow\.NoSuchDef'"):
        decode(stated)


@pytest.mark.parametrize("case", load_corpus().cases(Tier.DEFAULT), ids=lambda case: case.id)
def test_the_arguments_of_every_call_of_a_case_can_be_carried(case: Case) -> None:
    """Every call of the corpus can be asked of a worker in any language."""
    for arguments in case.calls():
        assert {name: decode(encode(value)) for name, value in arguments.items()} == arguments
