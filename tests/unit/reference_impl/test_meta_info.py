"""meta_info_def: what is kept, added and changed (META, STRIP-02)."""

from __future__ import annotations

from typing import Any

import pytest
from small_graphs import graph, parse

from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef, provenance

MetaInfoDef = MetaGraphDef.MetaInfoDef
STATED = """
  meta_graph_version: "mine" tags: "b" tags: "a" any_info { type_url: "t" value: "v" }
  function_aliases { key: "f" value: "alias" } tensorflow_version: "old" tensorflow_git_version: "older"
"""


def test_the_result_keeps_what_the_caller_stated(contract: Contract) -> None:
    """META-02: version, tags, any_info and aliases stay; versions of TensorFlow and the ops are added."""
    expected = parse(MetaInfoDef, STATED)
    expected.tensorflow_version = "2.21.0"
    expected.tensorflow_git_version = provenance().tensorflow_git
    expected.stripped_op_list.op.add(name="NoOp")

    exported = export_meta_graph(
        graph=graph('node { op: "NoOp" }'), meta_info_def=parse(MetaInfoDef, STATED), contract=contract
    )

    assert exported.meta_info_def == expected


def test_without_the_argument_versions_and_ops_are_stated(contract: Contract) -> None:
    """META-02: nothing else is in the message."""
    exported = export_meta_graph(graph=Graph(), contract=contract)

    assert exported.meta_info_def == MetaInfoDef(
        tensorflow_version="2.21.0", tensorflow_git_version=provenance().tensorflow_git, stripped_op_list={}
    )


def test_the_message_of_the_caller_stays_as_documented() -> None:
    """CALL-11: what is given is not changed."""
    stated = parse(MetaInfoDef, STATED)

    export_meta_graph(graph=Graph(), meta_info_def=stated, contract="documented", strip_default_attrs=True)

    assert stated == parse(MetaInfoDef, STATED)


def test_tensorflow_writes_its_versions_into_the_message_of_the_caller() -> None:
    """META-01: the two version strings are overwritten and nothing else."""
    stated, expected = parse(MetaInfoDef, STATED), parse(MetaInfoDef, STATED)
    expected.tensorflow_version = "2.21.0"
    expected.tensorflow_git_version = provenance().tensorflow_git

    export_meta_graph(graph=Graph(), meta_info_def=stated, contract="tensorflow", strip_default_attrs=True)

    assert stated == expected


def test_tensorflow_writes_its_versions_even_if_the_call_fails_later() -> None:
    """META-01: a collection_list that is none fails after the message was changed."""
    stated, documented = MetaInfoDef(), MetaInfoDef()
    wrong: Any = 5

    for message, contract in ((stated, "tensorflow"), (documented, "documented")):
        with pytest.raises(TypeError, match="not iterable"):
            export_meta_graph(graph=Graph(), meta_info_def=message, collection_list=wrong, contract=contract)

    assert stated.tensorflow_version == "2.21.0"
    assert documented == MetaInfoDef()


@pytest.mark.parametrize(
    ("of_caller", "flag", "result"), [(False, True, True), (True, False, True), (False, False, False)]
)
def test_stripping_is_marked_in_the_result_only(
    of_caller: bool, flag: bool, result: bool, contract: Contract
) -> None:
    """STRIP-02: the flag sets the mark of the result, and never takes one away."""
    stated = MetaInfoDef(stripped_default_attrs=of_caller)

    exported = export_meta_graph(
        graph=Graph(), meta_info_def=stated, strip_default_attrs=flag, contract=contract
    )

    assert exported.meta_info_def.stripped_default_attrs == result
    assert stated.stripped_default_attrs == of_caller
