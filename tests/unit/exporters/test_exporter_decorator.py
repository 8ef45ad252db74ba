"""The decorator `exporter`, and the public errors beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pytest_metagraph as mg
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.resolve import ExporterNotFoundError, client_of, resolve
from reference_impl.schema import MetaGraphDef

PUBLIC_ERRORS = (
    "MetaGraphMismatch",
    "MetagraphError",
    "NotLoadable",
    "NotLoadableError",
    "SnapshotError",
    "Unsupported",
    "UnusableInputError",
)


@mg.exporter(unsupported={"eager", "debug_info"}, version="1.4")
def declared(request: mg.ExportRequest) -> MetaGraphDef:
    """Export with the reference."""
    return reference.export(request)


@mg.exporter()
def undeclared(_request: mg.ExportRequest) -> bytes:
    """Export nothing."""
    return b""


def test_the_kit_reads_what_is_declared() -> None:
    """Capabilities, version and the function's own name reach the client."""
    client = client_of(declared)
    assert client.unsupported == {"eager", "debug_info"}
    assert client.version == "1.4"
    assert client.name.endswith("test_exporter_decorator:declared")


def test_nothing_needs_to_be_declared() -> None:
    """Without arguments the exporter supports everything and has no version, like a plain function."""
    for function in (undeclared, reference.export):
        assert client_of(function).unsupported == frozenset()
    assert client_of(undeclared).version == ""


def test_the_function_stays_itself() -> None:
    """The decorator returns the function, so that it can be called and tested as before."""

    def function(_request: mg.ExportRequest) -> bytes:
        return b"x"

    assert mg.exporter(version="1")(function) is function


@pytest.mark.parametrize(
    ("unsupported", "text"),
    [
        ({"eagr"}, "'eagr' is not a capability; did you mean eager"),
        ("eager", "unsupported = 'eager' is a text; use a set: {'eager'}"),
        (5, "unsupported = 5 is not a collection of names; use a set of texts"),
        (None, "unsupported = None is not a collection of names; use a set of texts"),
    ],
)
def test_what_is_no_capability_is_refused_at_once(unsupported: Any, text: str) -> None:
    """A typo does not wait for a run, and the text says what was probably meant."""
    with pytest.raises(mg.MetagraphError) as refused:
        mg.exporter(unsupported=unsupported)
    assert str(refused.value).startswith(text)


def test_a_refused_declaration_names_the_exporter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that declares a wrong capability is not reported as one that should be installed."""
    source = (
        "import pytest_metagraph as mg\n\n@mg.exporter(unsupported={'flying'})\ndef export(request): ...\n"
    )
    (tmp_path / "flying_adapter.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ExporterNotFoundError) as refused:
        resolve("flying_adapter:export")
    text = str(refused.value)
    assert text.startswith(
        "the exporter 'flying_adapter:export' cannot be used: 'flying' is not a capability"
    )
    assert "install" not in text


@pytest.mark.parametrize("name", PUBLIC_ERRORS)
def test_a_public_error_is_shown_by_its_public_name(name: str) -> None:
    """Tracebacks and summaries name the module from which users import the class."""
    error = getattr(mg, name)
    assert issubclass(error, Exception)
    assert error.__module__ == "pytest_metagraph"


def test_every_public_error_is_listed_above() -> None:
    """No exception among the public names is left out."""
    public = {name for name in mg.__all__ if isinstance(getattr(mg, name), type)}
    assert {name for name in public if issubclass(getattr(mg, name), Exception)} == set(PUBLIC_ERRORS)
