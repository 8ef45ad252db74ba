"""Completeness by mutation: a change of any field of a MetaGraphDef is reported."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from diff_filling import filled, flips, sections

from pytest_metagraph.diff import diff_meta_graphs
from reference_impl.schema import REGISTERED_COLLECTIONS, MetaGraphDef
from reference_impl.schema.parsing import is_repeated

NOTED = {
    "GraphDef.debug_info": "where the program stands that made the graph",
    "NodeDef.experimental_debug_info": "where the node came from",
    "NodeDef.experimental_type": "what the exporting TensorFlow has inferred",
    "MetaInfoDef.tensorflow_version": "the implementation's own version",
    "MetaInfoDef.tensorflow_git_version": "the implementation's own version",
    "VersionDef.producer": "the implementation's own version, where both sides have one",
    "VersionDef.min_consumer": "the implementation's own version, where both sides have one",
    "OpDef.summary": "documentation",
    "OpDef.description": "documentation",
    "ArgDef.description": "documentation",
    "AttrDef.description": "documentation",
}
"""The fields whose changes are reported as notes, with the reasons."""

SILENT = {"TensorProto.version_number": "says nothing about the tensor; no reader looks at it"}
"""The fields whose changes are not reported, with the reasons."""


def _noted(fields: tuple[str, ...]) -> str | None:
    return next((name for name in fields if name in NOTED), None)


@pytest.fixture(scope="module")
def message() -> MetaGraphDef:
    """Return the message with every field set."""
    return filled()


def test_every_field_is_filled(message: MetaGraphDef) -> None:
    """The mutated message has every field of every message type that a MetaGraphDef can contain."""
    reached = {flip.fields[-1] for flip in flips(message)}
    todo = [MetaGraphDef.DESCRIPTOR, *(kind.DESCRIPTOR for kind in REGISTERED_COLLECTIONS.values())]
    wanted: set[str] = set()
    seen = set()
    while todo:
        descriptor = todo.pop()
        if descriptor.full_name in seen:
            continue
        seen.add(descriptor.full_name)
        for field in descriptor.fields:
            if field.message_type is not None:
                todo.append(field.message_type)
            # A single sub-message is reached through its fields, or by being cleared.
            if not descriptor.GetOptions().map_entry and (field.message_type is None or is_repeated(field)):
                wanted.add(f"{descriptor.name}.{field.name}")
    assert wanted - reached == set()


def test_every_flip_is_reported(message: MetaGraphDef, capsys: pytest.CaptureFixture[str]) -> None:
    """Every changed, cleared or removed field is reported as a difference, or as one of the listed notes."""
    counts: Counter[str] = Counter()
    silent, wrongly_noted = [], []
    flipped = ((part, flip) for part in sections(message) for flip in flips(part))
    for section, flip in flipped:
        diff = diff_meta_graphs(expected=section, actual=flip.message)
        if diff.differences:
            counts["reported"] += 1
        elif flip.fields[-1] in SILENT:
            counts[f"meaningless: {flip.fields[-1]}"] += 1
        elif not diff.notes:
            silent.append(flip.path)
        elif (name := _noted(flip.fields)) is None:
            wrongly_noted.append(flip.path)
        else:
            counts[f"noted: {name}"] += 1
    with capsys.disabled():
        lines = [f"\nflipped {counts.total():,} fields of a message of {message.ByteSize():,} bytes:"]
        lines += [f"  {count:6,}  {what}" for what, count in sorted(counts.items())]
        sys.stdout.write("\n".join(lines) + "\n")
    assert silent == []
    assert wrongly_noted == []
    assert {what.removeprefix("noted: ") for what in counts if what.startswith("noted")} == NOTED.keys()
