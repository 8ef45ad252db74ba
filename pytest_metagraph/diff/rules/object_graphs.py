"""Rules for the object graph of a SavedModel, whose objects are compared by path and not by number."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from pytest_metagraph.diff.describe import one_line, quote, shorten
from pytest_metagraph.diff.differences import DifferenceCode, Location
from pytest_metagraph.diff.engine import Differ

_ROOT = "(root)"


class ObjectGraph:
    """A SavedObjectGraph whose objects have names.

    Args:
        message: the message, which is not changed.
    """

    def __init__(self, message: Any) -> None:
        self._nodes = message.nodes

    @cached_property
    def paths(self) -> list[str]:
        """The path of each object: the shortest from the root, and of these the first in order.

        An object to which no child leads is named by the object that depends on it, or by its number.
        """
        paths: dict[int, str] = {0: ""} if self._nodes else {}
        queue = deque(paths)
        while queue:
            number = queue.popleft()
            for name, target in self._references(number):
                if target not in paths and 0 <= target < len(self._nodes):
                    paths[target] = f"{paths[number]}/{name}" if paths[number] else name
                    queue.append(target)
        paths[0] = _ROOT
        return [paths.get(number, f"(object {number})") for number in range(len(self._nodes))]

    def _references(self, number: int) -> Iterator[tuple[str, int]]:
        """Yield the names and numbers of the objects that an object refers to, children first."""
        node = self._nodes[number]
        yield from sorted((child.local_name, child.node_id) for child in node.children)
        yield from sorted((f"({one.local_name})", one.node_id) for one in node.dependencies)
        for slot in node.slot_variables:
            yield f"({slot.slot_name} of {slot.original_variable_node_id})", slot.slot_variable_node_id

    def path(self, number: int) -> str:
        """Return the path of an object; of a number that is none, such as -1, the number."""
        return self.paths[number] if 0 <= number < len(self._nodes) else str(number)

    @cached_property
    def objects(self) -> dict[str, Any]:
        """The objects by path."""
        return dict(zip(self.paths, self._nodes, strict=True))

    def links(self, node: Any) -> dict[str, str]:
        """Return what an object refers to: the path of the other object by the kind and name of the link."""
        links = {f"children['{one.local_name}']": self.path(one.node_id) for one in node.children}
        links |= {f"dependencies['{one.local_name}']": self.path(one.node_id) for one in node.dependencies}
        links |= {
            f"slot_variables['{one.slot_name}', '{self.path(one.original_variable_node_id)}']": self.path(
                one.slot_variable_node_id
            )
            for one in node.slot_variables
        }
        for name, saveable in node.saveable_objects.items():
            links[f"saveable_objects['{name}'].save_function"] = self.path(saveable.save_function)
            links[f"saveable_objects['{name}'].restore_function"] = self.path(saveable.restore_function)
        return links


def object_graph(differ: Differ, where: Location, expected: Any, actual: Any) -> None:
    """Compare two object graphs object by object, each by its path from the root."""
    left, right = ObjectGraph(expected), ObjectGraph(actual)
    _report_keys(differ, where, left.objects, right.objects)
    for path in sorted(left.objects.keys() & right.objects.keys()):
        mine, other = left.objects[path], right.objects[path]
        at = where.entry("nodes", path, mine.WhichOneof("kind") or "")
        _compare_links(differ, at, left.links(mine), right.links(other))
        differ.compare_messages(at, _without_links(mine), _without_links(other))
    _compare_functions(differ, where, (left, expected), (right, actual))
    differ.compare_unknown_fields(where, expected, actual)


def _report_keys(
    differ: Differ, where: Location, expected: Mapping[str, Any], actual: Mapping[str, Any]
) -> None:
    for path in sorted(expected.keys() - actual.keys()):
        one = expected[path]
        at = where.entry("nodes", path, one.WhichOneof("kind") or "")
        differ.report(DifferenceCode.ITEM_MISSING, at, one_line(_without_links(one)), None)
    for path in sorted(actual.keys() - expected.keys()):
        one = actual[path]
        at = where.entry("nodes", path, one.WhichOneof("kind") or "")
        differ.report(DifferenceCode.ITEM_EXTRA, at, None, one_line(_without_links(one)))


def _compare_links(
    differ: Differ, where: Location, expected: Mapping[str, str], actual: Mapping[str, str]
) -> None:
    if expected == actual:  # of nearly every object
        return
    for link in sorted({*expected, *actual}):
        left, right = expected.get(link), actual.get(link)
        if left != right:
            code = DifferenceCode.FIELD_CHANGED
            if left is None or right is None:
                code = DifferenceCode.FIELD_EXTRA if left is None else DifferenceCode.FIELD_MISSING
            texts = [None if path is None else shorten(quote(path)) for path in (left, right)]
            differ.report(code, where.inside(link), *texts)


def _without_links(node: Any) -> Any:
    """Return a copy of an object without the numbers of other objects."""
    copy = type(node)()
    copy.CopyFrom(node)
    for field in ("children", "dependencies", "slot_variables", "saveable_objects"):
        copy.ClearField(field)
    return copy


def _compare_functions(
    differ: Differ, where: Location, expected: tuple[ObjectGraph, Any], actual: tuple[ObjectGraph, Any]
) -> None:
    """Compare the concrete functions by name; what they are bound to by path."""
    (left, mine), (right, others) = expected, actual
    names = sorted({*mine.concrete_functions, *others.concrete_functions})
    for name in names:
        at = where.entry("concrete_functions", name, "function")
        if name not in others.concrete_functions:
            differ.report(DifferenceCode.ITEM_MISSING, at, one_line(mine.concrete_functions[name]), None)
        elif name not in mine.concrete_functions:
            differ.report(DifferenceCode.ITEM_EXTRA, at, None, one_line(others.concrete_functions[name]))
        else:
            one, other = mine.concrete_functions[name], others.concrete_functions[name]
            bound = [_paths(left, one.bound_inputs), _paths(right, other.bound_inputs)]
            if bound[0] != bound[1]:
                code = DifferenceCode.LIST_CHANGED
                differ.report(code, at.inside("bound_inputs"), *(shorten(str(paths)) for paths in bound))
            differ.compare_messages(at, _unbound(one), _unbound(other))


def _paths(graph: ObjectGraph, numbers: Iterable[int]) -> list[str]:
    return [graph.path(number) for number in numbers]


def _unbound(function: Any) -> Any:
    copy = type(function)()
    copy.CopyFrom(function)
    copy.ClearField("bound_inputs")
    return copy
