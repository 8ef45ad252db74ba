"""Record graphs under many combinations of arguments, each graph in a process of its own.

TensorFlow numbers functions by a counter of the process. In a process of its own, a graph gets the same
names whether it is recorded alone or after all the others.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import multiprocessing
import signal
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import message, text_format

from conformance_cases.archive import Archive, ArchiveWriter, Outcome, compress
from conformance_cases.axes import (
    COLLECTION_LISTS,
    FLAGS,
    GIVEN,
    META_INFO_DEFS,
    Axes,
    Choices,
    combination_name,
    covering_rows,
    pairs_of,
    row_of,
    smoke_choices,
)
from conformance_cases.case_writer import toml_text
from conformance_cases.matrix_graph import MATRIX
from conformance_cases.recorder import tensorflow_calls
from conformance_cases.recorder.answers import Oracle
from conformance_cases.recorder.blueprint import Blueprint, blueprints, build
from conformance_cases.requirement_mapping import features_of
from reference_impl.atomic_write import write_files
from reference_impl.contracts import Contract
from reference_impl.schema import POOL, GraphDef, MetaGraphDef, OpDef, SaverDef

_INDEX = "graph.toml"
_EXPECTED = "expected.tar.xz"
_SECONDS_BETWEEN_LINES = 5.0

Progress = Callable[[int, int], None]
"""A function that gets the number of finished combinations and the number of all."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording of one graph.

    Attributes:
        kind: the kind of graph, which is the name of the folder above.
        name: the graph's name.
        index: the contents of `graph.toml`, without the date.
        files: the other files by name.
    """

    kind: str
    name: str
    index: Mapping[str, Any]
    files: Mapping[str, bytes]

    def write(self, folder: Path) -> None:
        """Write the graph's folder, all files or none; the date changes only if the contents do."""
        stored = _stored_index(folder)
        recorded_on = stored.get("provenance", {}).pop("recorded_on", None)
        if recorded_on is None or stored != self.index:
            recorded_on = dt.datetime.now(tz=dt.UTC).date().isoformat()
        provenance = {**self.index["provenance"], "recorded_on": recorded_on}
        files = {**self.files, _INDEX: toml_text({**self.index, "provenance": provenance}).encode()}
        write_files({str(folder / name): data for name, data in files.items()}, make_folders=True)

    def differences(self, folder: Path) -> list[str]:
        """Return the differences between the stored and the new recording.

        Returns:
            One line for each case or part of a file that differs; empty if everything is equal.
        """
        stored = _stored_index(folder)
        if not stored:
            return [f"{self.name}: not recorded yet"]
        stored["provenance"].pop("recorded_on")
        found = [
            f"{self.name}/{_INDEX}: {key} differs"
            for key in sorted(stored.keys() | self.index.keys())
            if stored.get(key) != self.index.get(key)
        ]
        found += [
            f"{self.name}/{name} differs"
            for name, data in self.files.items()
            if name != _EXPECTED and (folder / name).read_bytes() != data
        ]
        then = Archive.from_bytes((folder / _EXPECTED).read_bytes())
        now = Archive.from_bytes(self.files[_EXPECTED])
        found += [
            f"{self.kind}/{self.name}/{combination}: the expectation of the contract {contract} differs"
            for combination in sorted(then.cases.keys() | now.cases.keys())
            for contract in Contract
            if then.find(combination, contract) != now.find(combination, contract)
        ]
        return found


def record(blueprint: Blueprint, progress: Progress) -> Recording:
    """Build a graph and export it under the combinations of argument values for its kind.

    Args:
        blueprint: the graph to record.
        progress: is called after each combination.

    Raises:
        ValueError: if the graph lacks something that the combinations need.
    """
    graph, saver_defs = build(blueprint)
    values = _argument_values(blueprint, graph, saver_defs)
    axes = Axes(blueprint.export_scopes, tuple(saver_defs))
    combinations = list(axes.combinations()) if blueprint.kind == MATRIX else _every_pair(axes)
    tensorflow = Oracle(graph)
    outcomes: dict[str, Mapping[Contract, Outcome]] = {}
    for number, choices in enumerate(combinations, start=1):
        outcomes[combination_name(choices)] = tensorflow.outcomes(_arguments(values, choices))
        progress(number, len(combinations))
    silent_scopes = [scope for scope in axes.export_scopes if not tensorflow.writes_debug_info(scope)]
    tensorflow.check_unchanged()
    writer = ArchiveWriter({GIVEN: values["graph_def"][GIVEN].SerializeToString(deterministic=True)})
    for name, outcome in outcomes.items():
        writer.add(name, outcome)
    tar = writer.tar()
    files = {"graph.pb": graph.SerializeToString(deterministic=True), _EXPECTED: compress(tar)}
    if blueprint.kind == MATRIX:
        files["graph.pbtxt"] = text_format.MessageToString(graph, descriptor_pool=POOL).encode()
        smoke = smoke_choices(axes)
        tiers = [combination_name(choices) for choices in smoke], _default_tier(smoke, combinations, outcomes)
    else:
        tiers = [], list(outcomes)
    index = {
        "description": blueprint.description,
        "features": sorted(features_of(graph)),
        "debug_info_not_asked": silent_scopes,
        "arguments": _stated(blueprint, values),
        "tiers": dict(zip(("smoke", "default"), tiers, strict=True)),
        "provenance": {
            **tensorflow_calls.versions(),
            "protobuf": importlib.metadata.version("protobuf"),
            "graph_sha256": hashlib.sha256(files["graph.pb"]).hexdigest(),
            "expected_sha256": hashlib.sha256(tar).hexdigest(),
        },
    }
    return Recording(blueprint.kind, blueprint.name, index, files)


def _every_pair(axes: Axes) -> list[dict[str, str]]:
    """Return a few combinations with every pair of values; graph_def with a scope is an error (SCOPE-11)."""
    combinations = {row_of(choices): choices for choices in axes.combinations()}
    answered = {
        row: not {"graph_def", "export_scope"} <= choices.keys() for row, choices in combinations.items()
    }
    return [combinations[row] for row in covering_rows(answered)]


def _stored_index(folder: Path) -> dict[str, Any]:
    path = folder / _INDEX
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _argument_values(
    blueprint: Blueprint, graph: MetaGraphDef, saver_defs: Mapping[str, SaverDef]
) -> dict[str, dict[str, Any]]:
    """Return the values of each argument except flags and scopes, by argument and name."""
    missing = set(blueprint.some) - set(graph.collection_def)
    if missing or set(blueprint.unknown) <= set(graph.collection_def) or not saver_defs:
        raise ValueError(
            f"{blueprint.name}: a graph needs a SaverDef, `some` with keys that it has (it lacks "
            f"{sorted(missing)}), and `unknown` with a key that it lacks"
        )
    names = [node.name for node in graph.graph_def.node]
    empty = [
        scope for scope in blueprint.export_scopes if not any(name.startswith(f"{scope}/") for name in names)
    ]
    if empty or any("," in scope for scope in blueprint.export_scopes):
        raise ValueError(
            f"{blueprint.name}: a scope must contain a node, and its name no comma, which separates the "
            f"arguments in a case id; scopes without a node: {empty}"
        )
    lists: tuple[list[str], ...] = ([], list(blueprint.some), list(blueprint.unknown))
    return {
        "graph_def": {GIVEN: _without_shapes(graph.graph_def)},
        "saver_def": dict(saver_defs),
        "collection_list": dict(zip(COLLECTION_LISTS, lists, strict=True)),
        "meta_info_def": dict(zip(META_INFO_DEFS, _meta_info_defs(), strict=True)),
    }


def _arguments(values: Mapping[str, Mapping[str, Any]], choices: Choices) -> dict[str, Any]:
    def value(argument: str, name: str) -> Any:
        if argument in FLAGS:
            return True
        return name if argument == "export_scope" else values[argument][name]

    return {argument: value(argument, name) for argument, name in choices.items()}


def _without_shapes(graph_def: GraphDef) -> GraphDef:
    """Return the graph_def to pass: the graph's own, without the shapes that live exports add (PATH-03).

    An exporter that uses the graph instead of the given graph_def exports shapes.
    """
    result = GraphDef()
    result.CopyFrom(graph_def)
    for node in result.node:
        node.attr.pop("_output_shapes", None)
    return result


def _meta_info_defs() -> Iterable[MetaGraphDef.MetaInfoDef]:
    """Return a MetaInfoDef without an op list, and one with its own op list (META-02, OPS-04, STRIP-02)."""
    given = MetaGraphDef.MetaInfoDef(meta_graph_version="7", tags=["serve", "train"])
    given.function_aliases["function"] = "alias"
    with_op_list = MetaGraphDef.MetaInfoDef(tags=["serve"], stripped_default_attrs=True)
    with_op_list.stripped_op_list.op.append(OpDef(name="OpOfTheCaller", is_stateful=True))
    return given, with_op_list


def _stated(blueprint: Blueprint, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the argument values as `graph.toml` contains them; the given graph_def is in the archive."""

    def as_text(messages: Mapping[str, message.Message]) -> dict[str, str]:
        return {
            name: text_format.MessageToString(value, descriptor_pool=POOL) for name, value in messages.items()
        }

    return {
        "export_scope": list(blueprint.export_scopes),
        "collection_list": values["collection_list"],
        "saver_def": as_text(values["saver_def"]),
        "meta_info_def": as_text(values["meta_info_def"]),
    }


def _default_tier(
    smoke: list[dict[str, str]],
    combinations: Iterable[Choices],
    outcomes: Mapping[str, Mapping[Contract, Outcome]],
) -> list[str]:
    """Return the names of combinations that, with the smoke tier, contain every pair of values."""
    names = {row_of(choices): combination_name(choices) for choices in combinations}
    answered = {
        row: all(isinstance(outcome, MetaGraphDef) for outcome in outcomes[name].values())
        for row, name in names.items()
    }
    covered = {pair for choices in smoke for pair in pairs_of(row_of(choices))}
    return [names[row] for row in covering_rows(answered, covered)]


def record_all(names: Iterable[str], jobs: int) -> Iterator[Recording]:
    """Record graphs, and print the progress of long recordings on stderr.

    Args:
        names: the names of blueprints.
        jobs: the number of processes that work at a time.

    Yields:
        The recordings in the order of the names.

    Raises:
        ValueError: if a graph lacks something that its combinations need.
    """
    # A fork shares the imported TensorFlow, which a new interpreter would need seconds to import. It is safe
    # here because the parent only imports TensorFlow, which starts no thread.
    context = multiprocessing.get_context("fork")
    with context.Pool(jobs, _end_on_sigterm, maxtasksperchild=1) as pool:
        yield from pool.imap(_record_one, names, chunksize=1)


def _end_on_sigterm() -> None:
    """Let SIGTERM, by which a pool ends its processes, end this one at once.

    The handler of the command, which a fork inherits, would run only once TensorFlow returns to Python.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _record_one(name: str) -> Recording:
    tensorflow_calls.tf.get_logger().setLevel("ERROR")  # builders use deprecated functions on purpose
    last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            sys.stderr.write(f"{name}: {done} of {total} combinations\n")

    return record(blueprints()[name], progress)
