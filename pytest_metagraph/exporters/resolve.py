"""Finds the exporter that a user names."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.exporters.request import Exporter

BUILT_IN = {
    "reference": "pytest_metagraph.exporters.reference",
    "tensorflow": "pytest_metagraph.exporters.tensorflow",
}
"""The modules of the exporters that come with the kit; each has a function `export`."""


class ExporterNotFoundError(MetagraphError):
    """What the user named as an exporter is none; the text says why, and the way out."""


def resolve(name: str) -> Exporter:
    """Import an exporter.

    Args:
        name: `reference`, `tensorflow`, or `module:attribute`.

    Raises:
        ExporterNotFoundError: when there is no such exporter, or it can not be imported or used.
    """
    check_name(name)
    module_name, _, path = name.partition(":")
    if name in BUILT_IN:
        module_name, path = BUILT_IN[name], "export"
    found: Any = _import(name, module_name)
    for attribute in path.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError:
            raise ExporterNotFoundError(
                f"the exporter {name!r} can not be found: {module_name!r} has no attribute {path!r}"
            ) from None
    return client_of(found).exporter


def client_of(exporter: Exporter) -> InProcess:
    """The way to a function of this process.

    Raises:
        ExporterNotFoundError: when it can not be called, or declares a capability that does not exist.
    """
    name = _name_of(exporter)
    if not callable(exporter):
        raise ExporterNotFoundError(
            f"the exporter {name!r} is a {type(exporter).__name__}, not a function of one ExportRequest"
        )
    found = InProcess(exporter, name)
    try:
        _ = found.unsupported
    except (TypeError, ValueError) as error:
        raise ExporterNotFoundError(
            f"the exporter {name!r} declares `unsupported` wrongly: {error}; "
            "it must be a collection of names of conformance_cases.Capability"
        ) from error
    return found


def check_name(name: str) -> None:
    """Refuse what names no exporter, without importing any.

    Raises:
        ExporterNotFoundError: when the name has the wrong form, or TensorFlow is wanted and not installed.
    """
    if not name:
        raise ExporterNotFoundError(
            "no exporter was given: use --metagraph-exporter=reference, tensorflow or module:attribute, or "
            "the fixture metagraph_exporter or the hook pytest_metagraph_exporter in a conftest.py"
        )
    if name == "tensorflow" and importlib.util.find_spec("tensorflow") is None:
        raise ExporterNotFoundError(
            "the exporter 'tensorflow' needs TensorFlow, which is not installed here: "
            "pip install tensorflow-cpu==2.21.0"
        )
    module_name, colon, path = name.partition(":")
    if name not in BUILT_IN and not (module_name and colon and path):
        raise ExporterNotFoundError(
            f"{name!r} names no exporter: give 'reference', 'tensorflow', or module:attribute, "
            "such as my_framework.adapter:export"
        )


def _import(name: str, module_name: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except Exception as error:
        raise ExporterNotFoundError(
            f"the exporter {name!r} can not be imported: {type(error).__name__}: {error}. "
            f"Is {module_name!r} installed, or is its folder on the path (pytest option 'pythonpath')?"
        ) from error


def _name_of(exporter: object) -> str:
    module_name = getattr(exporter, "__module__", "")
    for short_name, built_in in BUILT_IN.items():
        if module_name == built_in:
            return short_name
    qualified = getattr(exporter, "__qualname__", type(exporter).__qualname__)
    return f"{module_name}:{qualified}"
