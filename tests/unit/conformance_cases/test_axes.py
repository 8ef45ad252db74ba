"""Argument values, their combinations and their names."""

from __future__ import annotations

import pytest

from conformance_cases.axes import ARGUMENTS, Axes, choices_of, combination_name

AXES = Axes(("a", "a/b=c"), ("first", "second"))


def test_combinations_are_the_product() -> None:
    """3 x 2 x 3 x 4 x 4 x 2 x 2 x 2 combinations, none twice, the one with nothing given first."""
    combinations = [tuple(sorted(choices.items())) for choices in AXES.combinations()]
    assert len(combinations) == len(set(combinations)) == 3 * 2 * 3 * 4 * 4 * 8
    assert combinations[0] == ()


def test_names_and_combinations_stand_for_each_other() -> None:
    """Each combination has a name of its own, from which it is read back."""
    names = set()
    for choices in AXES.combinations():
        name = combination_name(choices)
        assert choices_of(name) == choices
        names.add(name)
    assert len(names) == len(list(AXES.combinations()))


@pytest.mark.parametrize(
    ("choices", "name"),
    [
        ({}, "plain"),
        ({"clear_devices": "given", "export_scope": "tower_1"}, "export_scope=tower_1,clear_devices"),
        ({"export_scope": "a/b=c"}, "export_scope=a/b=c"),
        ({"graph_def": "given", "meta_info_def": "op_list"}, "meta_info_def=op_list,graph_def=given"),
    ],
)
def test_a_name_has_the_order_of_the_signature(choices: dict[str, str], name: str) -> None:
    """The name says what is given, whatever the order of the choices."""
    assert combination_name(choices) == name


def test_the_arguments_come_in_the_order_of_the_signature() -> None:
    """The documented order of the arguments that change the message (CALL-01)."""
    assert ARGUMENTS == (
        "meta_info_def",
        "graph_def",
        "saver_def",
        "collection_list",
        "export_scope",
        "clear_devices",
        "clear_extraneous_savers",
        "strip_default_attrs",
    )
