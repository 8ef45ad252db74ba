"""Hypothesis strategies for graphs and exports, for the command `metagraph fuzz` and for tests of your own.

```python
from hypothesis import given
from pytest_metagraph import assert_meta_graph_equal
from pytest_metagraph.exporters import reference
from pytest_metagraph.fuzzing.strategies import export_requests

@given(export_requests())
def test_exports_as_the_reference_does(request):
    assert_meta_graph_equal(actual=my_export(request), expected=reference.export(request))
```
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from conformance_cases import Variant, load_corpus
from conformance_cases.axes import FLAGS
from pytest_metagraph.exporters.request import ExportRequest
from pytest_metagraph.fuzzing.blocks import BLOCKS, SOME_BYTES, BlockContext
from pytest_metagraph.fuzzing.example import Example
from pytest_metagraph.fuzzing.graph_defs import GRAPH_DEF_VARIATIONS, ODD_SCOPES, SCOPE_FAMILIES, scopes_of
from pytest_metagraph.fuzzing.saver_blocks import add_saver
from pytest_metagraph.fuzzing.subgraphs import part_of, without_functions, without_nodes
from reference_impl.contracts import Contract
from reference_impl.schema import GraphDef, MetaGraphDef, SaverDef

__all__ = ["export_requests", "meta_graphs"]

_MAX_BLOCKS = 12
_MAX_ROOTS = 6
_MAX_REMOVED = 2

_MAX_CORPUS_NODES = 180
"""Larger graphs of the corpus are not used: parts of them would take longer to draw and add nothing new."""


def meta_graphs() -> st.SearchStrategy[MetaGraphDef]:
    """Return a strategy for graphs that TensorFlow loads and exports unchanged.

    Some are built from blocks in scopes that are easily confused, with variables, savers, queues, devices,
    colocations and collections. The others are parts of graphs of the corpus, with functions, loops and
    everything else that TensorFlow's own Python code creates.
    """
    return st.one_of(_built_graphs(), _parts_of_the_corpus())


def export_requests(contract: Contract = Contract.DOCUMENTED) -> st.SearchStrategy[ExportRequest]:
    """Return a strategy for requests to export a random graph with random arguments.

    Args:
        contract: the contract of the requests.
    """
    return examples(contract).map(Example.request)


def examples(contract: Contract) -> st.SearchStrategy[Example]:
    """Return a strategy for exports, including the variant of the call, which decides the files it writes."""
    return _examples(contract)


@st.composite
def _built_graphs(draw: st.DrawFn) -> MetaGraphDef:
    context = BlockContext(draw, draw(st.sampled_from(SCOPE_FAMILIES)))
    for block in draw(st.lists(st.sampled_from(BLOCKS), max_size=_MAX_BLOCKS)):
        block(context)
    for _ in range(draw(st.integers(0, 2)) if context.variables else 0):
        add_saver(context)
    message = context.builder.message
    for key in draw(st.lists(st.sampled_from(sorted(_COLLECTIONS)), max_size=3, unique=True)):
        _COLLECTIONS[key](draw, message, key)
    return message


@st.composite
def _parts_of_the_corpus(draw: st.DrawFn) -> MetaGraphDef:
    graphs = load_corpus().matrix_graphs
    message = graphs[draw(st.sampled_from(_corpus_graphs()))].message()
    message.meta_info_def.ClearField("stripped_op_list")  # loading a graph ignores it
    names = st.sampled_from([node.name for node in message.graph_def.node])
    match draw(st.sampled_from(["part", "most", "whole"])):
        case "part":
            return part_of(message, draw(st.lists(names, max_size=_MAX_ROOTS)))
        case "most":  # loops and conditions stay whole only if little is removed
            return without_functions(without_nodes(message, draw(st.lists(names, max_size=_MAX_REMOVED))))
        case _:
            return message


@st.composite
def _examples(draw: st.DrawFn, contract: Contract) -> Example:
    message = draw(meta_graphs())
    arguments = {
        name: draw(values(message))
        for name, values in _ARGUMENTS.items()
        if _is_chosen(draw, _ODDS.get(name, _DEFAULT_ODDS))
    }
    arguments |= {name: True for name in FLAGS if _is_chosen(draw, _DEFAULT_ODDS)}
    is_given = "graph_def" in arguments
    eager = is_given and _is_chosen(draw, 6)
    variant = Variant(
        filename=_is_chosen(draw, 4),
        as_text=draw(st.booleans()),
        # TensorFlow looks the nodes up in the graph by names that it may not have (DBG-05).
        save_debug_info=not is_given and "export_scope" not in arguments and draw(st.booleans()),
        default_graph=not eager and draw(st.booleans()),
    )
    return Example(message, arguments, variant, eager, contract)


@functools.cache
def _corpus_graphs() -> list[str]:
    graphs = load_corpus().matrix_graphs.items()
    return sorted(name for name, graph in graphs if len(graph.message().graph_def.node) <= _MAX_CORPUS_NODES)


def _is_chosen(draw: st.DrawFn, odds: int) -> bool:
    """Draw True once in so many times; hypothesis shrinks towards False."""
    return draw(st.integers(1, odds)) == odds


def _scopes(message: MetaGraphDef) -> st.SearchStrategy[str]:
    own = scopes_of(message) or ["s"]
    return st.one_of(
        st.sampled_from(own),
        st.sampled_from([f"{scope}/" for scope in own]),
        st.sampled_from(own).flatmap(lambda scope: st.sampled_from([scope[:-1] or scope, f"{scope}1"])),
        st.sampled_from(ODD_SCOPES),
    )


@st.composite
def _graph_defs(draw: st.DrawFn, message: MetaGraphDef) -> GraphDef:
    given = GraphDef()
    given.CopyFrom(message.graph_def)
    varied = draw(st.sampled_from(GRAPH_DEF_VARIATIONS))(given, draw(st.randoms(use_true_random=False)))
    varied.DiscardUnknownFields()  # the text format of a case folder drops them
    return varied


def _saver_defs(message: MetaGraphDef) -> st.SearchStrategy[SaverDef]:
    own = message.collection_def["savers"].bytes_list.value if "savers" in message.collection_def else ()
    foreign = SaverDef(
        filename_tensor_name="x/Const:0", save_tensor_name="x/save:0", restore_op_name="x/restore_all"
    )
    return st.sampled_from([*map(SaverDef.FromString, own), foreign])


@st.composite
def _meta_info_defs(draw: st.DrawFn, _: MetaGraphDef) -> MetaGraphDef.MetaInfoDef:
    info = MetaGraphDef.MetaInfoDef()
    if draw(st.booleans()):
        info.meta_graph_version = "v\u4e16"
        info.tags.extend(["serve", "gpu"])
        info.any_info.type_url = "type.example/info"
        info.any_info.value = b"\xff"
        info.function_aliases["f"] = "alias"
        info.tensorflow_version = "0.1"
    if draw(st.booleans()):
        info.stripped_op_list.op.add(name="Anything", summary="kept")
    info.stripped_default_attrs = draw(st.booleans())
    return info


def _collection_lists(message: MetaGraphDef) -> st.SearchStrategy[list[str]]:
    """Return a strategy for lists of the graph's keys and one that it lacks, in any order."""
    return st.lists(st.sampled_from([*sorted(message.collection_def), "unknown"]), max_size=4, unique=True)


_ARGUMENTS: Mapping[str, Callable[[MetaGraphDef], st.SearchStrategy[Any]]] = {
    "export_scope": _scopes,
    "graph_def": _graph_defs,
    "saver_def": _saver_defs,
    "meta_info_def": _meta_info_defs,
    "collection_list": _collection_lists,
    "unbound_inputs_col_name": lambda _: st.sampled_from(["unbound_inputs", "my_unbound_inputs", ""]),
}

_ODDS = {"export_scope": 2, "graph_def": 4, "meta_info_def": 5, "unbound_inputs_col_name": 10}
"""An argument is passed once in so many calls."""

_DEFAULT_ODDS = 3


def _node_list(draw: st.DrawFn, message: MetaGraphDef, key: str) -> None:
    names = [node.name for node in message.graph_def.node]
    if names:
        chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        message.collection_def[key].node_list.value.extend(chosen)


def _bytes_list(draw: st.DrawFn, message: MetaGraphDef, key: str) -> None:
    items = draw(st.lists(st.sampled_from(SOME_BYTES), min_size=1, max_size=3))
    message.collection_def[key].bytes_list.value.extend(items)


def _int64_list(draw: st.DrawFn, message: MetaGraphDef, key: str) -> None:
    items = draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=3))
    message.collection_def[key].int64_list.value.extend(items)


def _float_list(draw: st.DrawFn, message: MetaGraphDef, key: str) -> None:
    items = draw(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=3))
    message.collection_def[key].float_list.value.extend(items)


def _any_list(draw: st.DrawFn, message: MetaGraphDef, key: str) -> None:
    for value in draw(st.lists(st.sampled_from(SOME_BYTES), min_size=1, max_size=2)):
        message.collection_def[key].any_list.value.add(type_url="type.example/x", value=value)


_COLLECTIONS: Mapping[str, Callable[[st.DrawFn, MetaGraphDef, str], None]] = {
    "operations": _node_list,
    "bytes": _bytes_list,
    "int64": _int64_list,
    "float": _float_list,
    "any": _any_list,
    "": _bytes_list,
    "\u00fcml\u00e4ut (key)": _bytes_list,
}
"""Adds a collection, by key; there is one of every kind that a MetaGraphDef can hold."""
