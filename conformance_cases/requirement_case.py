"""A requirement case: a small graph, one call, and the expectation of each contract.

The folder `requirement_cases/SCOPE-05/nested-scope` is the case `SCOPE-05/nested-scope`. It contains

* `case.toml`: the sentence that the case is about, the arguments, and where the expectations come from;
* `graph.pbtxt`: the graph to load, as a MetaGraphDef without its op list;
* `graph_def.pbtxt`: the argument graph_def, if the case passes one;
* `debug_info.pbtxt`: the GraphDebugInfo that must be written, if the case tests its content;
* `expected.pbtxt`, or one file for each contract if they differ: the MetaGraphDef that must be returned.
"""

from __future__ import annotations

import functools
import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from conformance_cases.axes import GIVEN, MESSAGE_ARGUMENTS
from conformance_cases.capabilities import Capability, with_coarser
from conformance_cases.case_writer import serialised_text
from conformance_cases.model import (
    ALL_VARIANTS,
    DEFAULT_FILENAME,
    Case,
    CaseSource,
    Detail,
    Expectation,
    ExpectedError,
    ExpectedMessage,
    NotAsked,
    Tier,
    Variant,
)
from conformance_cases.requirement_mapping import features_of
from reference_impl.contracts import Contract
from reference_impl.op_defs import stripped_op_list
from reference_impl.schema import GraphDebugInfo, GraphDef, MetaGraphDef, SaverDef

INDEX = "case.toml"
GRAPH = "graph.pbtxt"
GRAPH_DEF = "graph_def.pbtxt"
EXPECTED = "expected.pbtxt"
DEBUG_INFO = "debug_info.pbtxt"

_MESSAGE_KINDS: Mapping[str, type[Message]] = {
    "GraphDef": GraphDef,
    "MetaInfoDef": MetaGraphDef.MetaInfoDef,
    "SaverDef": SaverDef,
}
_VARIANTS = {variant.name: variant for variant in ALL_VARIANTS}


_NODE_ORIGINS = (Capability.EXPERIMENTAL_TYPE, Capability.EXPERIMENTAL_DEBUG_INFO)
"""The fields that the detail `node_origins` tests, if the case has them."""

_UNUSED_OP = "Abort"
"""An op that no input graph uses."""


def with_op_list(graph: MetaGraphDef) -> MetaGraphDef:
    """Return a graph with the op list that every real MetaGraphDef has, which importers use.

    It also has an op that the graph does not use, so that an exporter has to make the list of its own: a
    copy of the input is never the right answer.

    Args:
        graph: a graph without an op list, as it is stored. It is not changed.
    """
    result = MetaGraphDef()
    result.CopyFrom(graph)
    used = stripped_op_list(graph.graph_def, {_UNUSED_OP, *(node.op for node in graph.graph_def.node)})
    result.meta_info_def.stripped_op_list.op.extend(used)
    return result


def expected_file(contract: Contract) -> str:
    """Return the name of the file with the message that only this contract expects."""
    return f"expected.{contract.value}.pbtxt"


class RequirementCase(CaseSource):
    """A graph and its one case, which is named after the requirement it is about.

    Args:
        folder: the folder of the case.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """The requirement and the case's own name, such as `SCOPE-05/nested-scope`."""
        return f"{self._folder.parent.name}/{self._folder.name}"

    @functools.cached_property
    def index(self) -> Mapping[str, Any]:
        """The contents of `case.toml`."""
        return tomllib.loads((self._folder / INDEX).read_text(encoding="utf-8"))

    @property
    def description(self) -> str:
        """What the case shows, as a sentence."""
        return str(self.index["sentence"])

    @functools.cached_property
    def data(self) -> bytes:
        """The MetaGraphDef, serialised; read once."""
        stored = MetaGraphDef.FromString(serialised_text(self._read(GRAPH), MetaGraphDef))
        return with_op_list(stored).SerializeToString(deterministic=True)

    @property
    def contents_digest(self) -> str:
        """The SHA-256 over the graph, the arguments and the expectations, hexadecimal."""
        stated = {key: value for key, value in self.index.items() if key != "provenance"}
        digest = hashlib.sha256(json.dumps(stated, sort_keys=True).encode())
        for path in sorted(self._folder.glob("*.pbtxt")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def cases(self, tier: Tier) -> list[Case]:
        """Return the case if the tier contains it."""
        if tier is Tier.SMOKE and self.index.get("tier") != Tier.SMOKE:
            return []
        return [
            Case(
                id=self.name,
                choices=self._choices(),
                source=self,
                eager=bool(self.index.get("eager")),
                filename=str(self.index.get("filename", DEFAULT_FILENAME)),
                earlier_filenames=tuple(
                    str(call.get("filename", f"call_{number}.meta"))
                    for number, call in enumerate(self.index.get("preceding", ()), start=1)
                ),
                details=frozenset(map(Detail, self.index.get("details", ()))),
            )
        ]

    def calls(self, _case: Case) -> tuple[dict[str, Any], ...]:
        """Return the arguments of the preceding calls and of the last one."""
        path = self._folder / GRAPH_DEF
        graph_def = _from_text(self._read(GRAPH_DEF), GraphDef) if path.is_file() else None
        return tuple(
            self._arguments(stated, graph_def) for stated in (*self.index.get("preceding", ()), self.index)
        )

    def expectation(self, _case: Case, contract: Contract) -> Expectation:
        """Return the expectation in `case.toml` or in the expected files."""
        stated = self._stated(contract)
        if "error" in stated:
            return ExpectedError(str(stated["error"]))
        if "not_asked" in stated:
            return NotAsked(str(stated["not_asked"]))
        own = expected_file(contract)
        name = own if (self._folder / own).is_file() else EXPECTED
        return ExpectedMessage(serialised_text(self._read(name), MetaGraphDef))

    def is_asked(self, _case: Case, contract: Contract) -> bool:
        """Return whether `case.toml` expects an error or a message."""
        stated = self._stated(contract)
        return "error" in stated or "not_asked" not in stated

    def debug_info(self, case: Case) -> bytes:
        """Return the GraphDebugInfo in the folder."""
        if Detail.DEBUG_INFO_CONTENT not in case.details:
            return b""
        return serialised_text(self._read(DEBUG_INFO), GraphDebugInfo)

    def requirements(self, _case: Case) -> tuple[str, ...]:
        """Return the requirement that the case is named after, followed by those that it also exercises."""
        return (self._folder.parent.name, *self.index.get("also", ()))

    def capabilities(self, case: Case) -> frozenset[Capability]:
        """Return the capabilities that follow from the case, and those that `case.toml` adds."""
        stated = set(map(Capability, self.index.get("capabilities", ())))
        if Detail.NODE_ORIGINS in case.details:
            graphs = (self.message(), MetaGraphDef(graph_def=self.calls(case)[-1].get("graph_def")))
            present = frozenset().union(*map(features_of, graphs))
            stated.update(one for one in _NODE_ORIGINS if one.value in present)
        return super().capabilities(case) | with_coarser(stated)

    def listed_keys(self, _case: Case) -> Collection[str] | None:
        """Return the keys in the collection_list of the case, unless it makes other calls before."""
        keys = self.index.get("arguments", {}).get("collection_list")
        return keys if isinstance(keys, list) and "preceding" not in self.index else None

    def earlier_arguments(self) -> Iterable[str]:
        """Return the names of the arguments of the preceding calls."""
        return {name for call in self.index.get("preceding", ()) for name in call.get("arguments", ())}

    def variants(self, _case: Case) -> tuple[Variant, ...]:
        """Return the variants that `case.toml` names; the plain call if it names none."""
        if self.index.get("variants") == "all":
            return ALL_VARIANTS
        return tuple(_VARIANTS[name] for name in self.index.get("variants", (Variant().name,)))

    def _stated(self, contract: Contract) -> Mapping[str, Any]:
        """Return the contents of `case.toml` under a contract."""
        return {**self.index, **self.index.get(contract.value, {})}

    def _choices(self) -> dict[str, str]:
        """Return the arguments as reports show them."""
        values = {**self.index.get("arguments", {}), **dict.fromkeys(self.index.get("messages", ()), GIVEN)}
        if (self._folder / GRAPH_DEF).is_file():
            values["graph_def"] = GIVEN
        return {
            name: GIVEN if value is True else value if isinstance(value, str) else json.dumps(value)
            for name, value in values.items()
        }

    def _arguments(self, stated: Mapping[str, Any], graph_def: GraphDef | None) -> dict[str, Any]:
        """Return the keyword arguments of one call, with new values each time."""
        arguments: dict[str, Any] = json.loads(json.dumps(stated.get("arguments", {})))
        for name, text_or_table in stated.get("messages", {}).items():
            arguments[name] = _message_argument(name, text_or_table)
        if graph_def is not None and "graph_def" not in arguments:
            arguments["graph_def"] = graph_def
        return arguments

    def _read(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8")


def _message_argument(name: str, stated: str | Mapping[str, str]) -> Any:
    """Return a message of the kind that the argument takes, or of the wrong kind in a table (CALL-07)."""
    if isinstance(stated, str):
        return _from_text(stated, MESSAGE_ARGUMENTS[name])
    return _from_text(stated["text"], _MESSAGE_KINDS[stated["kind"]])


def _from_text(text: str, kind: Any) -> Any:  # Any: mypy does not see that a class of messages is hashable
    """Return a new message of a class each time."""
    return kind.FromString(serialised_text(text, kind))
