"""Record one requirement case: its folder contains the graph and the call, TensorFlow gives the expectation.

A case is written by hand, as `graph.pbtxt` and `case.toml`. Recording brings the graph to its fixpoint, gets
the expectation of each contract from TensorFlow, and writes it beside them. The keys of `case.toml` for a
contract, in a table of its name or for both at the top, decide how:

* `error`: the name of the exception. TensorFlow must raise it, unless only the documentation promises it;
* `not_asked`: the reason why the corpus does not test the call;
* `by_hand`: the reason why no call of TensorFlow gives what the documentation promises. The expectation is
  in the folder and is only read;
* `call`: arguments for which TensorFlow does what the documentation promises for those of the case;
* none of these: what TensorFlow exports, for the documented contract through `Oracle.documented`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from google.protobuf import message, text_format

from conformance_cases.case_writer import canonical, readable_text
from conformance_cases.model import Detail, ExpectedError, Tier
from conformance_cases.recorder import tensorflow_calls
from conformance_cases.recorder.answers import Oracle
from conformance_cases.requirement_case import (
    DEBUG_INFO,
    EXPECTED,
    GRAPH,
    INDEX,
    RequirementCase,
    expected_file,
    with_op_list,
)
from reference_impl.atomic_write import write_files
from reference_impl.contracts import Contract
from reference_impl.files import debug_info_path
from reference_impl.schema import POOL, REGISTERED_COLLECTIONS, GraphDebugInfo, MetaGraphDef

_NO_MESSAGE = frozenset({"error", "not_asked", "by_hand"})


@dataclass(frozen=True, slots=True)
class CaseRecording:
    """The recording of one case.

    Attributes:
        name: the case's id.
        files: the contents of the files that TensorFlow determines, by name.
        provenance: where they come from, without the date.
    """

    name: str
    files: Mapping[str, bytes]
    provenance: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write the case's folder, all files or none; the date changes only if something else does."""
        if not self.differences(folder):
            return
        by_hand = _by_hand(RequirementCase(folder))
        index = tomlkit.parse((folder / INDEX).read_text(encoding="utf-8"))
        today = dt.datetime.now(tz=dt.UTC).date().isoformat()
        index["provenance"] = {**self.provenance, "recorded_on": today}
        files = {**self.files, INDEX: tomlkit.dumps(index).encode()}
        write_files({str(folder / name): data for name, data in files.items()})
        for name in (EXPECTED, *map(expected_file, Contract)):
            if name not in self.files and name not in by_hand:
                (folder / name).unlink(missing_ok=True)

    def differences(self, folder: Path) -> list[str]:
        """Return the differences between the stored and the new recording, one line for each file."""
        case = RequirementCase(folder)
        stored = {path.name for path in folder.glob("expected*.pbtxt")} - _by_hand(case)
        stored |= {path.name for path in folder.glob(DEBUG_INFO)}
        found = [
            f"{self.name}/{name} differs"
            for name in sorted(stored | self.files.keys())
            if not (folder / name).is_file() or (folder / name).read_bytes() != self.files.get(name)
        ]
        provenance = dict(case.index.get("provenance", {}))
        provenance.pop("recorded_on", None)
        return found if provenance == self.provenance else [*found, f"{self.name}: the provenance differs"]


def record_case(folder: Path) -> CaseRecording:
    """Record what each contract expects of a case.

    Args:
        folder: the case's folder, with at least its `case.toml` and `graph.pbtxt`.

    Raises:
        ValueError: if the folder contradicts what TensorFlow does.
    """
    written = text_format.Parse(
        (folder / GRAPH).read_text(encoding="utf-8"), MetaGraphDef(), descriptor_pool=POOL
    )
    exported = tensorflow_calls.fixpoint(written)
    stored = _without_op_list(exported)
    _restore_unexported(stored, written)
    graph = with_op_list(stored)
    _check_op_list(exported, graph)
    case = RequirementCase(folder)
    recorder = _CaseRecorder(case, graph)
    messages = {contract: recorder.message(contract) for contract in Contract}
    documented, tensorflow = messages[Contract.DOCUMENTED], messages[Contract.TENSORFLOW]
    files = {GRAPH: _text(stored)}
    if documented is not None and documented == tensorflow:
        files[EXPECTED] = _text(documented)
    else:
        files |= {
            expected_file(contract): _text(expected)
            for contract, expected in messages.items()
            if expected is not None
        }
    if Detail.DEBUG_INFO_CONTENT in case.index.get("details", ()):
        files[DEBUG_INFO] = readable_text(recorder.debug_info()).encode()
    provenance = {
        "tensorflow": str(tensorflow_calls.versions()["tensorflow"]),
        "protobuf": importlib.metadata.version("protobuf"),
        "graph_sha256": hashlib.sha256(graph.SerializeToString(deterministic=True)).hexdigest(),
    }
    return CaseRecording(case.name, files, provenance)


class _CaseRecorder:
    """Gets the expectations of one case from TensorFlow."""

    def __init__(self, case: RequirementCase, graph: MetaGraphDef) -> None:
        self._case = case
        self._graph = graph
        (the_case,) = case.cases(Tier.FULL)
        self._eager = the_case.eager
        # While eager execution is enabled, no default graph can replace the argument graph.
        self._gives_graph = not (the_case.eager and all(v.default_graph for v in the_case.variants))
        *self._earlier, self._arguments = case.calls(the_case)

    def message(self, contract: Contract) -> MetaGraphDef | None:
        """Return the message that a contract expects; None if it expects none, or if it is written by hand.

        Raises:
            ValueError: if TensorFlow contradicts the folder.
        """
        own = self._case.index.get(contract.value, {})
        stated = {**self._case.index, **own}
        if "error" in stated and ("error" not in own or contract is Contract.TENSORFLOW):
            self._check_error(str(stated["error"]))
        if _NO_MESSAGE & stated.keys():
            return None
        if "call" in own:
            return self._export({**self._messages(), **own["call"]})
        if contract is Contract.TENSORFLOW or self._eager:
            return self._export(self._arguments, self._earlier)
        # As documented, an export changes nothing, so earlier calls make no difference (UNB-07).
        match Oracle(self._graph).documented(self._arguments):
            case ExpectedError(type=kind):
                raise ValueError(
                    f"{self._case.name}: the documented contract expects a {kind}; add error to case.toml"
                )
            case documented:
                return documented

    def debug_info(self) -> GraphDebugInfo:
        """Return the debug info that TensorFlow writes beside the file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.meta"
            self._export({**self._arguments, "filename": str(path), "save_debug_info": True}, self._earlier)
            written = path.with_name(debug_info_path(path.name, Contract.TENSORFLOW)).read_bytes()
        return GraphDebugInfo.FromString(written)

    def _messages(self) -> dict[str, Any]:
        return {name: value for name, value in self._arguments.items() if isinstance(value, message.Message)}

    def _export(
        self, arguments: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]] = ()
    ) -> MetaGraphDef:
        graph = tensorflow_calls.load_without_saver(self._graph)
        for before in earlier:
            tensorflow_calls.export(graph, eager=self._eager, **before)
        given = graph if self._gives_graph else None
        return canonical(tensorflow_calls.export(given, eager=self._eager, **arguments))

    def _check_error(self, wanted: str) -> None:
        try:
            self._export(self._arguments, self._earlier)
        except Exception as error:
            if type(error).__name__ != wanted:
                raise ValueError(
                    f"{self._case.name}: TensorFlow raises {type(error).__name__}, not {wanted}"
                ) from error
        else:
            raise ValueError(f"{self._case.name}: TensorFlow returns a message and does not raise {wanted}")


def _by_hand(case: RequirementCase) -> set[str]:
    """Return the names of the files of a case that are written by hand."""
    return {
        expected_file(contract) for contract in Contract if "by_hand" in case.index.get(contract.value, {})
    }


def _without_op_list(graph: MetaGraphDef) -> MetaGraphDef:
    """Return the graph without most of meta_info_def, which loading does not read."""
    result = MetaGraphDef()
    result.CopyFrom(graph)
    result.meta_info_def.Clear()
    result.meta_info_def.tensorflow_version = graph.meta_info_def.tensorflow_version
    return result


def _check_op_list(exported: MetaGraphDef, graph: MetaGraphDef) -> None:
    """Check that the op list of a graph has what TensorFlow lists for it.

    Raises:
        ValueError: if it lacks an op, or defines one otherwise.
    """
    stated = {op.name: op for op in graph.meta_info_def.stripped_op_list.op}
    if any(stated.get(op.name) != op for op in exported.meta_info_def.stripped_op_list.op):
        raise ValueError("the op list of the graph is not TensorFlow's; record the schema first")


def _restore_unexported(graph: MetaGraphDef, written: MetaGraphDef) -> None:
    """Put back what a file has and no export of the loaded graph (DBG-07, COL-03, COL-20, NODE-07)."""
    rest = MetaGraphDef()
    rest.CopyFrom(written)
    for part in ("graph_def", "collection_def"):
        rest.ClearField(part)
    for part in ("stripped_op_list", "tensorflow_version", "tensorflow_git_version"):
        rest.meta_info_def.ClearField(part)
    graph.MergeFrom(rest)
    if written.graph_def.HasField("debug_info"):
        graph.graph_def.debug_info.CopyFrom(written.graph_def.debug_info)
    for key, collection in written.collection_def.items():
        kind = collection.WhichOneof("kind")
        is_old_list = kind == "node_list" and key in REGISTERED_COLLECTIONS
        if is_old_list or kind is None or not getattr(collection, kind).value:
            graph.collection_def[key].CopyFrom(collection)


def _text(expected: MetaGraphDef) -> bytes:
    """Return a message as it is stored.

    Raises:
        ValueError: if the text loses a part of the message.
    """
    text = readable_text(expected)
    parsed = text_format.Parse(text, MetaGraphDef(), descriptor_pool=POOL)
    if parsed.SerializeToString(deterministic=True) != expected.SerializeToString(deterministic=True):
        raise ValueError("the message cannot be stored as text; put NaNs into tensor_content")
    return text.encode()
