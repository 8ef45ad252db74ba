"""The rules about the graph as a whole: its size, its versions, and its unbound inputs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from packaging.version import Version as ParsedVersion

from pytest_metagraph._util.text import named
from pytest_metagraph.loadability.rule_catalogue import RULES
from pytest_metagraph.loadability.subject import Subject
from pytest_metagraph.loadability.version_ranges import Version
from pytest_metagraph.loadability.violation import Phase, Target, Violation
from reference_impl.node_columns import CONTROL_MARK
from reference_impl.scope import UNBOUND_INPUT_PREFIX

_TOO_LARGE: Final = 1 << 31
_UNBOUND: Final = "unbound_inputs"
_CONTROL_PREFIX: Final = f"{CONTROL_MARK}{UNBOUND_INPUT_PREFIX}"
UNBINDABLE: Final = "unbindable"
"""The group of violations about unbound inputs that no input_map can bind."""

UNBINDABLE_WAY_OUT: Final = (
    "export with --unbound-inputs-col-name '' (in Python, unbound_inputs_col_name=None), and import with an "
    "input_map"
)
_TEXT_STRICT_SINCE: Final = (2, 9)
_MOST_DIGITS: Final = 4300
"""The digits of the longest number that Python reads."""
_LOOSE_PARTS: Final = re.compile(r"\d+|[a-z]+|\.")


def graph_violations(subject: Subject, target: Target) -> Iterator[Violation]:
    """Return what the rules about the whole graph find for a version."""
    if subject.graph_bytes >= _TOO_LARGE:
        message = (
            f"the graph has {subject.graph_bytes:,} bytes, but TensorFlow imports only graphs below 2 GB"
        )
        yield Violation("LOAD-01", Phase.READ, message)
    if subject.kind == "MetaGraphDef":
        yield from _unbound_inputs(subject)
        problem = version_text_problem(subject.meta_graph.meta_info_def.tensorflow_version, target.version)
        if problem:
            yield Violation("LOAD-34", Phase.VERSION_TEXT, problem)
    yield from _version_numbers(subject, target)


def _unbound_inputs(subject: Subject) -> Iterator[Violation]:
    if _UNBOUND not in subject.meta_graph.collection_def:
        return
    collection = subject.meta_graph.collection_def[_UNBOUND]
    kind = collection.WhichOneof("kind")
    values = () if kind is None else getattr(collection, kind).value
    if kind is None:
        yield Violation(
            "LOAD-02", Phase.UNBOUND_INPUTS, "the collection unbound_inputs has no kind", name=_UNBOUND
        )
    elif unbindable := unbindable_inputs(values, chain.from_iterable(subject.survey.inputs_by_node())):
        message = f"no input_map can bind the unbound inputs: {named(unbindable, 1)}"
        yield Violation("LOAD-02", Phase.UNBOUND_INPUTS, message, name=_UNBOUND, group=UNBINDABLE)
    elif values:
        message = f"the graph has unbound inputs: {named(values, show=_text)}"
        yield Violation("LOAD-02", Phase.UNBOUND_INPUTS, message, name=_UNBOUND)


def unbindable_inputs(listed: Sequence[object], inputs: Iterable[str]) -> list[str]:
    """Return the unbound inputs that keep TensorFlow from importing a graph, whatever the input_map (UNB-10).

    An import compares the collection of unbound inputs with the keys of its `input_map`. No key can occur
    twice, and a control input needs a key although the collection never contains it.

    Args:
        listed: the collection; without any item, an import does not compare it.
        inputs: the inputs of all nodes.

    Returns:
        For each of them a clause with its name and what is wrong with it; empty if an input_map can match.
    """
    if not listed:
        return []
    counts = Counter(_text(name) for name in listed)
    control = dict.fromkeys(name for name in inputs if name.startswith(_CONTROL_PREFIX))
    repeated = [f"{name!r} is listed {count} times" for name, count in counts.items() if count > 1]
    return [*repeated, *(f"{name!r} is a control input" for name in control)]


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _version_numbers(subject: Subject, target: Target) -> Iterator[Violation]:
    versions, registry = subject.versions, target.registry
    if versions.producer < registry.min_producer:
        message = f"the producer version {versions.producer} is below {registry.min_producer}"
        yield Violation("LOAD-03", Phase.VERSIONS, message)
    if versions.min_consumer > registry.producer:
        message = (
            f"the graph needs a consumer of version {versions.min_consumer} or later, but TensorFlow "
            f"{registry.version} has version {registry.producer}"
        )
        yield Violation("LOAD-04", Phase.VERSIONS, message, position=1)
    if registry.producer in versions.bad_consumers:
        message = (
            f"the graph excludes version {registry.producer}, which is that of TensorFlow {registry.version}"
        )
        yield Violation("LOAD-05", Phase.VERSIONS, message, position=2)


def version_text_problem(text: str, version: Version) -> str:
    """Return why a version cannot read `tensorflow_version`; empty if it can, or does not read it.

    From 1.14 to 2.8 the text is compared part by part with 1.9, which fails where a word meets a number.
    Since 2.9 it is parsed as a version of a Python package.
    """
    if not text or not RULES["LOAD-34"].applies_in(version):
        return ""
    if version >= _TEXT_STRICT_SINCE:
        try:
            ParsedVersion(text)
        except ValueError:  # also for a number of so many digits that Python does not read it
            return f"tensorflow_version = {text!r} is not a version"
        return ""
    parts = [_number_or_word(part) for part in _loose_parts(text) if part and part != "."]
    for part, other in zip(parts, (1, 9), strict=False):
        if isinstance(part, str):
            return f"tensorflow_version = {text!r} begins with {part!r} where a number is needed"
        if part != other:
            return ""
    return ""


def _number_or_word(part: str) -> int | str:
    """Return a part of a version as a number, unless it is none or has too many digits for Python."""
    return int(part) if part.isdecimal() and len(part) <= _MOST_DIGITS else part


def _loose_parts(text: str) -> list[str]:
    """Split a text as the importers up to 2.8 do: numbers, words of lower-case letters, and the rest."""
    parts: list[str] = []
    end = 0
    for match in _LOOSE_PARTS.finditer(text):
        parts.extend((text[end : match.start()], match[0]))
        end = match.end()
    return [*parts, text[end:]]
