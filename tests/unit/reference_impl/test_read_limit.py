"""A limit refuses messages before they are parsed, by their bytes and by their parts."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from reference_impl import read_meta_graph_file
from reference_impl.file_kinds import parse_meta_graph
from reference_impl.read_limit import excess_of, read_limit
from reference_impl.schema import MetaGraphDef

NODES = 3


def _graph() -> MetaGraphDef:
    """A message of 22 parts, which are counted in its comments."""
    graph = MetaGraphDef()
    graph.meta_info_def.tensorflow_version = "2.21"  # 1 message, 1 text
    for number in range(NODES):  # 1 graph, 3 times 1 node, 2 texts
        graph.graph_def.node.add(name=f"n{number}", op="Const")
    value = graph.graph_def.node[0].attr["value"].tensor  # 1 entry, 1 key, 1 value, 1 tensor
    value.float_val.extend([1.5] * 100)  # packed numbers are not a part
    value.tensor_content = b"\n\x00" * 100  # 1 text, whatever it looks like
    graph.collection_def["k"].node_list.value.extend(
        ['a"{', "'", ""]
    )  # 1 entry, 1 key, 1 value, 1 list, 3 texts
    return graph


PARTS = 2 + 1 + NODES * 3 + 4 + 1 + 7


def _forms() -> dict[str, bytes]:
    graph = _graph()
    text = text_format.MessageToString(graph)
    return {
        "binary": graph.SerializeToString(),
        "text": text.encode(),
        "one line": text_format.MessageToString(graph, as_one_line=True).encode(),
        "comments": b'# a { and a "\n'
        + text.replace(" {\n", " <\n").replace("\n}", "\n>").replace("  }", "  >").encode(),
    }


@pytest.mark.parametrize("form", _forms())
def test_parts_are_counted_alike_in_every_form(form: str) -> None:
    """Exactly the parts that a message has are allowed, and one less is refused, before parsing."""
    data = _forms()[form]
    assert len(data) > PARTS
    with read_limit(1_000_000, PARTS):
        assert parse_meta_graph(data)[0] == MetaGraphDef.FromString(_forms()["binary"])
    with read_limit(1_000_000, PARTS - 1), pytest.raises(ValueError, match=rf"more than {PARTS - 1} parts"):
        parse_meta_graph(data)


def test_bytes_are_limited(tmp_path: Path) -> None:
    """A file, and bytes, of exactly the limit are read, and one byte more is refused with the way out."""
    data = _graph().SerializeToString()
    (tmp_path / "m.meta").write_bytes(data)
    with read_limit(len(data), PARTS):
        assert read_meta_graph_file(tmp_path / "m.meta") == parse_meta_graph(data)[0]
    with read_limit(len(data) - 1, PARTS):
        for read in (lambda: read_meta_graph_file(tmp_path / "m.meta"), lambda: parse_meta_graph(data)):
            with pytest.raises(
                (OSError, ValueError), match=r"larger than the limit of \d+ bytes; raise the limit"
            ):
                read()


def test_empty_nodes_are_too_many() -> None:
    """The messages that take most memory for their size are refused by the number of parts for a size."""
    data = b"\x12\x80\x89\x7a" + b"\x0a\x00" * 1_000_000
    assert excess_of(data, MetaGraphDef.DESCRIPTOR) == ""
    with read_limit(100_000_000, None):
        assert excess_of(data, MetaGraphDef.DESCRIPTOR) == ""
    with read_limit(4_000_000, None):
        assert "more than 500,000 parts" in excess_of(data, MetaGraphDef.DESCRIPTOR)


@pytest.mark.parametrize(
    "data",
    [
        b"\x12\xff\xff\xff\xff\x0f" + b"\x0a\x00" * 50,  # a graph that does not end
        b"\x12\x04\x0a\xff\xff\xff" + b"\x0a" * 50,
        b"\x0f" * 60,  # a wire type that does not exist
        b"\x80" * 60,  # a tag that does not end
        b"\x12" + b"\x80" * 60,
        b"\x08" + b"\x80" * 60,
        b"\x7a" * 61,
    ],
)
def test_damaged_bytes_are_refused_as_damaged_or_too_many(data: bytes) -> None:
    """Counting ends with any bytes, and protobuf refuses what is allowed."""
    with read_limit(100, 40):
        excess_of(data, MetaGraphDef.DESCRIPTOR)
    with read_limit(100, 4), pytest.raises(ValueError, match=r"these .* bytes are"):
        parse_meta_graph(data)


@pytest.mark.parametrize("limits", [("1MB",), (None,), (1.5,), (1, "1"), ((1, 2),)])
def test_a_limit_that_is_no_int_is_refused(limits: Any) -> None:
    """A text such as that of the option `--limit` is a TypeError that says what a limit is."""
    with pytest.raises(TypeError, match="a limit is a number of bytes or parts, not "), read_limit(*limits):
        pass


def test_groups_are_numbers_of_no_size() -> None:
    """Unknown groups are not counted: protobuf keeps them as they are."""
    with read_limit(100, 4):
        assert excess_of(b"\x0b" * 30 + b"\x0c" * 30, MetaGraphDef.DESCRIPTOR) == ""


def test_the_limit_ends_with_its_block() -> None:
    """An inner limit replaces the outer one, also a lower one, and nothing is limited afterwards."""
    data = _graph().SerializeToString()
    with read_limit(10):
        with read_limit(10_000):
            assert excess_of(data, MetaGraphDef.DESCRIPTOR) == ""
        assert "10 bytes" in excess_of(data, MetaGraphDef.DESCRIPTOR)
    assert excess_of(data, MetaGraphDef.DESCRIPTOR) == ""


def test_a_limit_holds_for_the_tasks_of_a_block_and_not_for_its_threads() -> None:
    """Asyncio tasks have the limit of the block that they are started in, and threads have none."""
    data = _graph().SerializeToString()
    found: list[str] = []

    async def start() -> str:
        async def read() -> str:
            return excess_of(data, MetaGraphDef.DESCRIPTOR)

        with read_limit(10):
            task = asyncio.ensure_future(read())
            thread = threading.Thread(target=lambda: found.append(excess_of(data, MetaGraphDef.DESCRIPTOR)))
            thread.start()
            thread.join()
        return await task

    assert "10 bytes" in asyncio.run(start())
    assert found == [""]


@pytest.mark.parametrize(("most_bytes", "most_parts"), [(0, None), (-1, 5), (5, 0)])
def test_a_limit_of_nothing_is_refused(most_bytes: int, most_parts: int | None) -> None:
    """A limit that would refuse every message is an error of the caller."""
    with pytest.raises(ValueError, match="use positive numbers"), read_limit(most_bytes, most_parts):
        pass
