"""Records one requirement case: its folder states graph and call, TensorFlow states what comes back.

A case is written by hand, as `graph.pbtxt` and `case.toml`. Recording brings the graph to its fixpoint,
asks TensorFlow what each contract expects, and writes that beside them. What `case.toml` says about a
contract, in a table of its name or for both at the top, decides how:

* `error`: the name of the exception. TensorFlow must raise it, unless only the documentation promises it;
* `not_asked`: why the corpus asks nothing;
* `by_hand`: why no call of TensorFlow yields what the documentation promises. The expectation is in the
  folder, and is only read;
* `call`: the arguments by which TensorFlow does what the documentation promises for those of the case;
* nothing: the answer of TensorFlow, for the documented contract as `Oracle.documented` asks for it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from google.protobuf import message, text_format

from conformance_cases.case_writer import canonical, readable_text
from conformance_cases.model import ExpectedError, Tier
from conformance_cases.recorder import oracle
from conformance_cases.recorder.answers import Oracle
from conformance_cases.recorder.fixpoint import fixpoint
from conformance_cases.requirement_case import EXPECTED, GRAPH, INDEX, RequirementCase, expected_file
from reference_impl.contracts import Contract
from reference_impl.atomic_write import write_files
from reference_impl.schema import POOL, MetaGraphDef

_NO_MESSAGE = frozenset({"error", "not_asked", "by_hand"})


@dataclass(frozen=True, slots=True)
class CaseRecording:
    """What was recorded of one case.

    Attributes:
        name: the case's id.
        files: the contents of the files that TensorFlow has a say in, by name.
        provenance: where they come from, without the date.
    """

    name: str
    files: Mapping[str, bytes]
    provenance: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write the case's folder, all files or none; the date changes only where something else does."""
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
        """What a stored folder states otherwise than it is recorded now, one line for each file."""
        case = RequirementCase(folder)
        stored = {path.name for path in folder.glob("expected*.pbtxt")} - _by_hand(case)
        found = [
            f"{self.name}/{name} differs"
            for name in sorted(stored | self.files.keys())
            if not (folder / name).is_file() or (folder / name).read_bytes() != self.files.get(name)
        ]
        provenance = dict(case.index.get("provenance", {}))
        provenance.pop("recorded_on", None)
        return found if provenance == self.provenance else [*found, f"{self.name}: the provenance differs"]


def record_case(folder: Path) -> CaseRecording:
    """Ask TensorFlow what each contract expects of a case.

    Args:
        folder: the case's folder, with at least its `case.toml` and `graph.pbtxt`.

    Raises:
        ValueError: when the folder promises something else than TensorFlow does.
    """
    written = text_format.Parse(
        (folder / GRAPH).read_text(encoding="utf-8"), MetaGraphDef(), descriptor_pool=POOL
    )
    graph = _without_op_list(fixpoint(written))
    case = RequirementCase(folder)
    recorder = _CaseRecorder(case, graph)
    messages = {contract: recorder.message(contract) for contract in Contract}
    documented, tensorflow = messages[Contract.DOCUMENTED], messages[Contract.TENSORFLOW]
    files = {GRAPH: _text(graph)}
    if documented is not None and documented == tensorflow:
        files[EXPECTED] = _text(documented)
    else:
        files |= {
            expected_file(contract): _text(expected)
            for contract, expected in messages.items()
            if expected is not None
        }
    provenance = {
        "tensorflow": str(oracle.versions()["tensorflow"]),
        "protobuf": importlib.metadata.version("protobuf"),
        "graph_sha256": hashlib.sha256(graph.SerializeToString(deterministic=True)).hexdigest(),
    }
    return CaseRecording(case.name, files, provenance)


class _CaseRecorder:
    """Asks TensorFlow about one case."""

    def __init__(self, case: RequirementCase, graph: MetaGraphDef) -> None:
        self._case = case
        self._graph = graph
        (the_case,) = case.cases(Tier.FULL)
        self._eager = the_case.eager
        # Where eager execution is enabled there is no default graph that could stand for the graph.
        self._gives_graph = not (the_case.eager and all(v.default_graph for v in the_case.variants))
        *self._earlier, self._arguments = case.calls(the_case)

    def message(self, contract: Contract) -> MetaGraphDef | None:
        """What a contract expects to come back; None where that is no message, or is written by hand.

        Raises:
            ValueError: when TensorFlow does something else than the folder promises.
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
        # As documented an export leaves no trace, so that earlier calls make no difference (UNB-07).
        match Oracle(self._graph).documented(self._arguments):
            case ExpectedError(type=kind):
                raise ValueError(f"{self._case.name}: state that the documented contract expects a {kind}")
            case documented:
                return documented

    def _messages(self) -> dict[str, Any]:
        return {name: value for name, value in self._arguments.items() if isinstance(value, message.Message)}

    def _export(
        self, arguments: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]] = ()
    ) -> MetaGraphDef:
        graph = oracle.load_without_saver(self._graph)
        for before in earlier:
            oracle.export(graph, eager=self._eager, **before)
        given = graph if self._gives_graph else None
        return canonical(oracle.export(given, eager=self._eager, **arguments))

    def _check_error(self, wanted: str) -> None:
        try:
            self._export(self._arguments, self._earlier)
        except Exception as error:
            if type(error).__name__ != wanted:
                raise ValueError(
                    f"{self._case.name}: TensorFlow raises {type(error).__name__}, not {wanted}"
                ) from error
        else:
            raise ValueError(f"{self._case.name}: TensorFlow returns a message and raises no {wanted}")


def _by_hand(case: RequirementCase) -> set[str]:
    """The files of a case that are written by hand."""
    return {
        expected_file(contract) for contract in Contract if "by_hand" in case.index.get(contract.value, {})
    }


def _without_op_list(graph: MetaGraphDef) -> MetaGraphDef:
    """The graph without what loading does not read: most of meta_info_def."""
    result = MetaGraphDef()
    result.CopyFrom(graph)
    result.meta_info_def.Clear()
    result.meta_info_def.tensorflow_version = graph.meta_info_def.tensorflow_version
    return result


def _text(expected: MetaGraphDef) -> bytes:
    """A message as it is stored.

    Raises:
        ValueError: when the text does not say all that the message does.
    """
    text = readable_text(expected)
    parsed = text_format.Parse(text, MetaGraphDef(), descriptor_pool=POOL)
    if parsed.SerializeToString(deterministic=True) != expected.SerializeToString(deterministic=True):
        raise ValueError("the message can not be stored as text; state not-a-numbers in tensor_content")
    return text.encode()
