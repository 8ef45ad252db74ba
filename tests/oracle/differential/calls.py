"""Random calls of export_meta_graph for a given graph."""

from __future__ import annotations

import dataclasses
import enum
import random
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message

from pytest_metagraph.fuzzing.graph_defs import GRAPH_DEF_VARIATIONS, ODD_SCOPES, scopes_of
from reference_impl.schema import MetaGraphDef, SaverDef


class Mode(enum.StrEnum):
    """How the exported graph is handed over."""

    EXPLICIT = "explicit"  # graph=, inside another default graph
    DEFAULT = "default"  # as the default graph
    EAGER = "eager"  # graph= and graph_def= given, eager execution on
    EAGER_WITHOUT_GRAPH_DEF = "eager_without_graph_def"  # refused (EAG-01)


class Once:
    """Stands for a generator: each side gets its own, so that each can use it up."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"Once({self.values!r})"

    def generator(self) -> Iterator[Any]:
        """A fresh generator of the values."""
        return (value for value in self.values)


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of export_meta_graph.

    Attributes:
        arguments: the keyword arguments, without graph and filename; messages are those of the schema.
        mode: how the graph is handed over.
        filename: the file to write, relative to a folder of this call; empty for none.
        clears_unbound_inputs: whether the graph's `unbound_inputs` collections are emptied before the call.
            Where they are not, the call sees what earlier filtered exports left in the graph (UNB-07).
    """

    arguments: dict[str, Any]
    mode: Mode = Mode.EXPLICIT
    filename: str = ""
    clears_unbound_inputs: bool = True

    @property
    def given_graph_def(self) -> bool:
        """Whether the caller's own GraphDef is exported, so that the order of its library counts."""
        return isinstance(self.arguments.get("graph_def"), Message)

    @property
    def filtered(self) -> bool:
        """Whether one of the three arguments that filter is truthy."""
        names = ("export_scope", "clear_devices", "clear_extraneous_savers")
        return any(self.arguments.get(name) for name in names)

    def fresh_arguments(self) -> dict[str, Any]:
        """The arguments with their own copies of all that a call may change or use up."""
        return {name: _fresh(value) for name, value in self.arguments.items()}

    def __str__(self) -> str:
        """The call on one line; long messages are cut."""
        shown = ", ".join(f"{name}={_shown(value)}" for name, value in self.arguments.items())
        notes = [f"mode={self.mode}", f"filename={self.filename!r}" if self.filename else ""]
        notes.append("" if self.clears_unbound_inputs else "unbound_inputs as the calls before left it")
        return f"export_meta_graph({shown})  # {', '.join(note for note in notes if note)}"


def random_calls(message: MetaGraphDef, rng: random.Random, count: int) -> list[Call]:
    """Calls for a graph, with every argument both absent and given.

    Args:
        message: the graph's load/export fixpoint.
        rng: the dice.
        count: how many calls.
    """
    dice = _Dice(message, rng)
    calls: list[Call] = []
    while len(calls) < count:
        calls.append(dice.call())
        if rng.random() < 0.15:  # a plain export with what the filtered one before it left
            calls.append(Call(arguments={}, clears_unbound_inputs=False))
    return calls[:count]


class _Dice:
    """Draws the arguments for one graph."""

    def __init__(self, message: MetaGraphDef, rng: random.Random) -> None:
        self.message = message
        self.rng = rng
        self.scopes = _scopes(message)
        self.keys = sorted(message.collection_def)
        self.savers = [
            SaverDef.FromString(data)
            for data in message.collection_def["savers"].bytes_list.value
            if "savers" in self.keys
        ]

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def call(self) -> Call:
        draw: dict[str, tuple[float, Callable[[], Any]]] = {
            "export_scope": (0.55, self.export_scope),
            "graph_def": (0.35, self.graph_def),
            "saver_def": (0.4, self.saver_def),
            "meta_info_def": (0.25, self.meta_info_def),
            "collection_list": (0.35, self.collection_list),
            "clear_devices": (0.35, self.flag),
            "clear_extraneous_savers": (0.25, self.flag),
            "strip_default_attrs": (0.3, self.flag),
            "unbound_inputs_col_name": (0.15, self.unbound_inputs_col_name),
        }
        arguments = {name: make() for name, (probability, make) in draw.items() if self.chance(probability)}
        if arguments.get("clear_extraneous_savers") and self.chance(0.7):  # SAV-06: little is left without
            arguments["saver_def"] = self.saver_def()
        scope = arguments.get("export_scope")
        if scope and not isinstance(scope, str):
            arguments = {"export_scope": scope}  # no rule says which of several wrong arguments is reported
        mode = Mode.DEFAULT if self.chance(0.3) else Mode.EXPLICIT
        if isinstance(arguments.get("graph_def"), Message):
            mode = Mode.EAGER if self.chance(0.2) else mode
        elif self.chance(0.02):
            mode = Mode.EAGER_WITHOUT_GRAPH_DEF
        filename = ""
        if self.chance(0.15):
            filename = self.rng.choice(["a.meta", "folder/a.b.meta", "bare", "deep/er/.meta"])
            if self.chance(0.5):
                arguments["as_text"] = True
            if self.chance(0.5):
                arguments["save_debug_info"] = True
        return Call(arguments, mode, filename, clears_unbound_inputs=self.chance(0.75))

    def flag(self) -> Any:
        """A flag by truth, now and then by another type (CALL-04)."""
        return self.rng.choice([True, True, True, False, 1, 0, "no", None])

    def export_scope(self) -> Any:
        """A scope, a prefix of one, a node, nothing of the graph, or something odd."""
        scope = self.rng.choice(self.scopes) if self.scopes else "s"
        kind = self.rng.random()
        if kind < 0.45:
            return scope
        if kind < 0.65:
            return scope + "/"
        if kind < 0.75:
            return scope[: self.rng.randint(1, len(scope))]
        if kind < 0.82 and self.message.graph_def.node:
            return self.rng.choice(self.message.graph_def.node).name
        odd = self.rng.choice(ODD_SCOPES)
        return self.rng.choice(
            [odd, odd, odd + "/", f"({scope})", "nowhere", "", None, scope + "//", "/", scope.encode(), 7]
        )

    def graph_def(self) -> Any:
        """The graph's own GraphDef, a variation of it, or what means "not given" (CALL-05)."""
        if self.chance(0.08):
            return self.rng.choice([None, {}, "", 0, "a graph"])
        variation = self.rng.choice(GRAPH_DEF_VARIATIONS)
        graph_def = type(self.message.graph_def)()
        graph_def.CopyFrom(self.message.graph_def)
        return variation(graph_def, self.rng)

    def saver_def(self) -> Any:
        """One of the graph's savers, or one it does not have."""
        foreign = SaverDef(
            filename_tensor_name="x/Const:0", save_tensor_name="x/save:0", restore_op_name="x/restore_all"
        )
        kind = self.rng.random()
        if self.savers and kind < 0.7:
            return self.rng.choice(self.savers)
        if kind < 0.85:
            return foreign
        return self.rng.choice([None, SaverDef(), SaverDef(save_tensor_name="x/save:0"), {}, "a saver"])

    def meta_info_def(self) -> Any:
        """A MetaInfoDef: empty, filled, or with an op list of its own (OPS-04, META-02)."""
        info = MetaGraphDef.MetaInfoDef()
        if self.chance(0.1):
            return self.rng.choice([None, "", 5])
        if self.chance(0.5):
            info.meta_graph_version = "v\u4e16"
            info.tags.extend(["serve", "gpu", "serve"])
            info.any_info.type_url = "type.example/info"
            info.any_info.value = b"\xff"
            info.function_aliases["f"] = "alias"
            info.tensorflow_version = "0.1"
        if self.chance(0.3):
            info.stripped_op_list.op.add(name="Anything", summary="kept")
        info.stripped_default_attrs = self.chance(0.3)
        return info

    def collection_list(self) -> Any:
        """Some keys of the graph, as any iterable, with unknown, repeated and odd ones (COL-01, COL-02)."""
        some = self.rng.sample(self.keys, self.rng.randint(0, len(self.keys)))
        if self.chance(0.3):
            some.append("unknown")
        if some and self.chance(0.2):
            some.append(self.rng.choice(some))
        kind = self.rng.random()
        if kind < 0.5:
            return some
        if kind < 0.65:
            return tuple(some)
        if kind < 0.72:
            return dict.fromkeys(some)
        if kind < 0.8:
            return Once(tuple(some))
        if kind < 0.86:
            return [key.encode() for key in some if key not in ("savers", "variables")]
        return self.rng.choice([None, [], (), "any", [3, *some], [None], 5, False])

    def unbound_inputs_col_name(self) -> Any:
        """The default, another name, or none (UNB-05)."""
        return self.rng.choice(["unbound_inputs", "my_unbound_inputs", None, "", "bytes", "text"])


def _scopes(message: MetaGraphDef) -> list[str]:
    """The name scopes of the graph, those near the root as often as the many below them."""
    scopes = scopes_of(message)
    shallow = [scope for scope in scopes if scope.count("/") < 2]
    return [*scopes, *shallow * max(1, len(scopes) // max(1, len(shallow)))]


def _fresh(value: Any) -> Any:
    if isinstance(value, Message):
        copy = type(value)()
        copy.CopyFrom(value)
        return copy
    if isinstance(value, Once):
        return value.generator()
    if isinstance(value, list | dict):
        return value.copy()
    return value


def _shown(value: Any) -> str:
    if isinstance(value, Message):
        text = " ".join(str(value).split())
        return f"{value.DESCRIPTOR.name}({value.ByteSize()} bytes: {text[:80]})"
    return repr(value)
