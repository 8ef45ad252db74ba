"""Find the exporter that a user names."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.exporters.in_process import DeclarationError, InProcess, text_of
from pytest_metagraph.exporters.request import Exporter
from reference_impl.contracts import TENSORFLOW_VERSION

BUILT_IN = {
    "reference": "pytest_metagraph.exporters.reference",
    "tensorflow": "pytest_metagraph.exporters.tensorflow",
}
"""The modules of the exporters that come with the kit; each has a function `export`."""


class ExporterNotFoundError(MetagraphError):
    """The exporter that the user named does not exist or cannot be used."""


def resolve(name: str) -> Exporter:
    """Import an exporter.

    Args:
        name: `reference`, `tensorflow`, or `module:attribute`.

    Returns:
        The exporter.

    Raises:
        ExporterNotFoundError: if the exporter does not exist, or cannot be imported or used.
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
                f"the exporter {name!r} cannot be found: {module_name!r} has no attribute {path!r}; "
                "give the name of a function of that module"
            ) from None
        except Exception as error:
            raise ExporterNotFoundError(
                f"the exporter {name!r} cannot be found: reading {attribute!r} failed: {text_of(error)}"
            ) from error
    return client_of(found).exporter


def client_of(exporter: Exporter) -> InProcess:
    """Return the client of a function in this process.

    Args:
        exporter: the function.

    Raises:
        ExporterNotFoundError: if it is not callable, declares a capability that does not exist, or hands over
            an op list or a descriptor set that cannot be used.
    """
    if not callable(exporter):
        raise ExporterNotFoundError(
            f"the exporter {text_of(exporter, repr)} is not callable",
            "give a function that takes one ExportRequest",
        )
    name = _name_of(exporter)
    try:
        return InProcess(exporter, name)
    except DeclarationError as error:
        raise ExporterNotFoundError(error.message, error.hint) from error
    except MetagraphError as error:
        raise ExporterNotFoundError(
            f"the exporter {name!r} cannot be used: {error.message}", error.hint
        ) from error


def check_name(name: str) -> None:
    """Refuse a name that cannot be that of an exporter, without importing anything.

    Args:
        name: the name that the user gave.

    Raises:
        ExporterNotFoundError: if the name is not of a valid form, or is that of TensorFlow and TensorFlow
            is not installed.
    """
    if not name:
        raise ExporterNotFoundError(
            "no exporter was given; use --metagraph-exporter=reference, tensorflow or module:attribute, or "
            "the fixture metagraph_exporter or the hook pytest_metagraph_exporter in a conftest.py"
        )
    if name == "tensorflow" and importlib.util.find_spec("tensorflow") is None:
        raise ExporterNotFoundError(
            "the exporter 'tensorflow' needs TensorFlow, which is not installed; "
            f"run pip install tensorflow-cpu=={TENSORFLOW_VERSION}"
        )
    module_name, colon, path = name.partition(":")
    if name not in BUILT_IN and not (module_name and colon and path):
        raise ExporterNotFoundError(
            f"{name!r} is not the name of an exporter; use 'reference', 'tensorflow', or module:attribute, "
            "such as my_framework.adapter:export"
        )


def _import(name: str, module_name: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except MetagraphError as error:  # what the module declares, see `request.exporter`
        raise ExporterNotFoundError(f"the exporter {name!r} cannot be used: {error}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() in a module must not end the run
        raise ExporterNotFoundError(
            f"the exporter {name!r} cannot be imported: {type(error).__name__}: {text_of(error)}; "
            f"install {module_name!r}, or put its folder on the path (pytest option 'pythonpath')"
        ) from error


def _name_of(exporter: object) -> str:
    try:
        module_name = str(getattr(exporter, "__module__", ""))
        qualified = str(getattr(exporter, "__qualname__", type(exporter).__qualname__))
    except Exception:  # noqa: BLE001 - attributes of an exporter's object may be computed
        return text_of(type(exporter))
    for short_name, built_in in BUILT_IN.items():
        if module_name == built_in:
            return short_name
    return text_of(f"{module_name}:{qualified}")
