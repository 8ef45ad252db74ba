"""The rules about the graph as a whole: its size, its versions, and its unbound inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from packaging.version import InvalidVersion
from packaging.version import Version as ParsedVersion

from pytest_metagraph.loadability.finding import Finding, Phase, Target, Version
from pytest_metagraph.loadability.subject import Subject

_TOO_LARGE: Final = 1 << 31
_UNBOUND: Final = "unbound_inputs"
_TEXT_READ_SINCE: Final = (1, 14)
_TEXT_STRICT_SINCE: Final = (2, 9)
_LOOSE_PARTS: Final = re.compile(r"\d+|[a-z]+|\.")


def findings(subject: Subject, target: Target) -> Iterator[Finding]:
    """Return what the rules about the whole graph find for a version."""
    if subject.graph_bytes >= _TOO_LARGE:
        message = (
            f"the graph has {subject.graph_bytes:,} bytes, but TensorFlow imports only graphs below 2 GB"
        )
        yield Finding("LOAD-01", Phase.READ, message)
    if subject.kind == "MetaGraphDef":
        yield from _unbound_inputs(subject)
        problem = version_text_problem(subject.meta_graph.meta_info_def.tensorflow_version, target.version)
        if problem:
            yield Finding("LOAD-34", Phase.VERSION_TEXT, problem)
    yield from _version_numbers(subject, target)


def _unbound_inputs(subject: Subject) -> Iterator[Finding]:
    if _UNBOUND not in subject.meta_graph.collection_def:
        return
    collection = subject.meta_graph.collection_def[_UNBOUND]
    kind = collection.WhichOneof("kind")
    values = () if kind is None else getattr(collection, kind).value
    if kind is None:
        yield Finding(
            "LOAD-02", Phase.UNBOUND_INPUTS, "the collection unbound_inputs has no kind", name=_UNBOUND
        )
    elif values:
        shown = ", ".join(
            value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
            for value in values[:3]
        )
        more = f" and {len(values) - 3} more" if len(values) > len(values[:3]) else ""
        message = f"the graph has unbound inputs: {shown}{more}"
        yield Finding("LOAD-02", Phase.UNBOUND_INPUTS, message, name=_UNBOUND)


def _version_numbers(subject: Subject, target: Target) -> Iterator[Finding]:
    versions, registry = subject.versions, target.registry
    if versions.producer < registry.min_producer:
        message = f"the producer version {versions.producer} is below {registry.min_producer}"
        yield Finding("LOAD-03", Phase.VERSIONS, message)
    if versions.min_consumer > registry.producer:
        message = (
            f"the graph needs a consumer of version {versions.min_consumer} or later, but TensorFlow "
            f"{registry.version} has version {registry.producer}"
        )
        yield Finding("LOAD-04", Phase.VERSIONS, message, position=1)
    if registry.producer in versions.bad_consumers:
        message = (
            f"the graph excludes version {registry.producer}, which is that of TensorFlow {registry.version}"
        )
        yield Finding("LOAD-05", Phase.VERSIONS, message, position=2)


def version_text_problem(text: str, version: Version) -> str:
    """Return why a version cannot read `tensorflow_version`; empty if it can, or does not read it.

    From 1.14 to 2.8 the text is compared part by part with 1.9, which fails where a word meets a number.
    Since 2.9 it is parsed as a version of a Python package.
    """
    if not text or version < _TEXT_READ_SINCE:
        return ""
    if version >= _TEXT_STRICT_SINCE:
        try:
            ParsedVersion(text)
        except InvalidVersion:
            return f"tensorflow_version = {text!r} is not a version"
        return ""
    parts: list[int | str] = [
        int(part) if part.isdigit() else part for part in _loose_parts(text) if part and part != "."
    ]
    for part, other in zip(parts, (1, 9), strict=False):
        if isinstance(part, str):
            return f"tensorflow_version = {text!r} begins with {part!r} where a number is needed"
        if part != other:
            return ""
    return ""


def _loose_parts(text: str) -> list[str]:
    """Split a text as the importers up to 2.8 do: numbers, words of lower-case letters, and the rest."""
    parts: list[str] = []
    end = 0
    for match in _LOOSE_PARTS.finditer(text):
        parts.extend((text[end : match.start()], match[0]))
        end = match.end()
    return [*parts, text[end:]]
