"""The functions of a SavedModel, and the texts in them that have numbers which TensorFlow counted up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from pytest_metagraph._util.shallow import VIEWS
from pytest_metagraph.diff.generated_names import rewrite_texts
from reference_impl.schema import FunctionDef, NodeDef

_NUMBERED: Final = re.compile(r"(?P<base>.*?)(?P<numbers>(?:_\d+)+)")

_COUNTERS: Final = (
    (re.compile(r"(?:(?<=^CustomGradient-)|(?<=^PartitionedCall-)|(?<=^StatefulPartitionedCall-))\d+$"), "*"),
    (re.compile(r"(?<=embedding_lookup/)\d+"), "*"),
    (re.compile(r"(?<= at 0x)[0-9a-f]+"), "*"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "*"),
)
"""The numbers of gradients and of looked-up resources, addresses of objects, and random identifiers."""

_IDENTIFIER_BYTES: Final = re.compile(rb"-[0-9a-f]{4}-[0-9a-f]{4}-")

_NUMBER_BYTES: Final = re.compile(rb"_(\d+)")

_SPECIFIED_NAME: Final = "_user_specified_name"

Rename = Callable[[str], str]


class SavedFunction:
    """A function whose nodes stay bytes unless they change.

    Args:
        data: the serialised function.

    Attributes:
        data: the serialised function as it was; None if it has changed.
        head: the function without its nodes.
        nodes: its serialised nodes.
        arguments: the new names of the arguments whose names have numbers.
    """

    def __init__(self, data: bytes) -> None:
        self.data: bytes | None = data
        view = VIEWS["FunctionDef"].FromString(data)
        self.nodes = list(view.node_def)
        view.ClearField("node_def")
        self.head: Any = FunctionDef.FromString(view.SerializeToString())
        self.arguments = _name_arguments_by_position(self.head)
        self._changing: list[int] | None = None

    def serialised(self) -> bytes:
        """Return the whole function."""
        if self.data is None:
            whole = VIEWS["FunctionDef"].FromString(self.head.SerializeToString(deterministic=True))
            whole.node_def.extend(self.nodes)
            self.data = bytes(whole.SerializeToString(deterministic=True))
        return self.data

    def change(self, head: Any, nodes: list[bytes]) -> None:
        """Replace the content of the function."""
        self.data, self.head, self.nodes = None, head, nodes

    def is_same(
        self, actual: SavedFunction, rewrites: tuple[Rename, Rename], numbers: AbstractSet[bytes]
    ) -> bool:
        """Return whether another function is the same with other texts, as `same_nodes` decides."""
        heads = [
            _rewritten_head(function.head, rewrite).SerializeToString(deterministic=True)
            for function, rewrite in zip((self, actual), rewrites, strict=True)
        ]
        arguments = self.arguments, actual.arguments
        return heads[0] == heads[1] and same_nodes(self.nodes, actual.nodes, rewrites, arguments, numbers)

    def rewritten(self, rewrite: Rename, numbers: frozenset[bytes]) -> tuple[Any, list[bytes]]:
        """Return the function without its nodes, and its nodes, with other texts."""
        head = _rewritten_head(self.head, rewrite)
        if self._changing is None:  # found once, because that takes most of the time
            more = numbers_of(self.arguments)
            self._changing = [
                number for number, data in enumerate(self.nodes) if may_change(data, numbers, more)
            ]
        nodes = list(self.nodes)
        for number in self._changing:
            nodes[number] = rewritten_node(nodes[number], rewrite, self.arguments)
        return head, nodes


def _rewritten_head(head: Any, rewrite: Rename) -> Any:
    copy = FunctionDef()
    copy.CopyFrom(head)
    rewrite_texts(copy, rewrite)
    return copy


def forget_order(function: Any) -> None:
    """Sort the arguments of a function by what they are, and remove what depends on their order."""
    for argument in function.signature.input_arg:
        argument.ClearField("name")
    arguments = sorted(
        function.signature.input_arg, key=lambda one: one.SerializeToString(deterministic=True)
    )
    del function.signature.input_arg[:]
    function.signature.input_arg.extend(arguments)
    for field in ("arg_attr", "ret", "control_ret"):
        function.ClearField(field)


def _name_arguments_by_position(function: Any) -> dict[str, str]:
    """Replace the numbers at the end of the names of arguments, which are those of the captured resources.

    Returns:
        The new names of the arguments that have one, for the nodes.
    """
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for argument in function.signature.input_arg:
        base, _ = base_and_numbers(re.sub(r"_\d+(?=___redundant_placeholder)", "", argument.name))
        if base == argument.name:
            continue
        counts[base] += 1
        names[argument.name] = argument.name = f"{base}_*{counts[base]}"
    for attrs in function.arg_attr.values():
        if _SPECIFIED_NAME in attrs.attr:
            name = attrs.attr[_SPECIFIED_NAME].s
            attrs.attr[_SPECIFIED_NAME].s = b"*" if name.isdigit() else name
    for key, source in list(function.ret.items()):
        function.ret[key] = names.get(source, source)
    return names


def may_change(data: bytes, numbers: AbstractSet[bytes], more: AbstractSet[bytes] = frozenset()) -> bool:
    """Return whether a serialised node may have a text that changes.

    Nearly all the time of a comparison is spent here: a loop over the marks would double it.

    Args:
        data: the node.
        numbers: the numbers in the names that change.
        more: further ones; a set with both would be as large as the library, and made for each function.
    """
    return (
        b"__inference_" in data  # of a function that was not saved, whose number is none of `numbers`
        or b"__forward_" in data
        or b"CustomGradient-" in data
        or b"PartitionedCall-" in data
        or b"embedding_lookup/" in data
        or b" at 0x" in data
        or not numbers.isdisjoint(found := _NUMBER_BYTES.findall(data))
        or not more.isdisjoint(found)
        or _IDENTIFIER_BYTES.search(data) is not None
    )


def numbers_of(names: Iterable[str]) -> frozenset[bytes]:
    """Return the numbers in names; of each name that is in a text, so are its numbers."""
    return frozenset(number for name in names for number in _NUMBER_BYTES.findall(name.encode()))


def same_nodes(
    expected: Sequence[bytes],
    actual: Sequence[bytes],
    rewrites: tuple[Rename, Rename],
    arguments: tuple[Mapping[str, str], Mapping[str, str]],
    numbers: AbstractSet[bytes],
) -> bool:
    """Return whether two lists of nodes are the same with other texts.

    Nodes with the same bytes are only looked at if they may name a function or an argument.

    Args:
        expected: the nodes of one side.
        actual: those of the other side.
        rewrites: what changes the texts of each side.
        arguments: the new names of the arguments of each side.
        numbers: the numbers in the names of functions of both sides.
    """
    more = numbers_of(arguments[0]) | numbers_of(arguments[1])
    return len(expected) == len(actual) and all(
        (one == other and numbers.isdisjoint(found := _NUMBER_BYTES.findall(one)) and more.isdisjoint(found))
        or rewritten_node(one, rewrites[0], arguments[0]) == rewritten_node(other, rewrites[1], arguments[1])
        for one, other in zip(expected, actual, strict=True)
    )


def rewritten_node(data: bytes, rewrite: Rename, arguments: Mapping[str, str]) -> bytes:
    """Return a serialised node with other texts, and other names of arguments in its inputs."""
    node = NodeDef.FromString(data)
    for index, source in enumerate(node.input):
        if source in arguments:
            node.input[index] = arguments[source]
    rewrite_texts(node, rewrite)
    return node.SerializeToString(deterministic=True)


def renaming(names: Mapping[str, str], known: Iterable[str]) -> Rename:
    """Return what renames functions, and masks counters in every other text."""
    library = set(known)

    def rename(text: str) -> str:
        new = names.get(text)
        if new is not None or text in library:
            return text if new is None else new
        return masked(text)

    return rename


def masked(text: str) -> str:
    """Return a text without counters; a function that was not saved is named without its number."""
    if text.startswith(("__forward_", "__inference_")) and (new := masked_numbers(text)) != text:
        return new
    for pattern, mask in _COUNTERS:
        text = pattern.sub(mask, text)
    return text


def masked_numbers(name: str) -> str:
    """Return the name of a function with `_*` for the numbers at its end, which no function is named."""
    base, numbers = base_and_numbers(name)
    return f"{base}_*" if numbers else name


def base_and_numbers(name: str) -> tuple[str, list[int]]:
    """Return the name of a function without the numbers at its end, and these numbers."""
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return name, []
    return found["base"], [int(number) for number in found["numbers"].split("_")[1:]]
