"""The exporter client that calls a Python function in the same process."""

from __future__ import annotations

import functools
import platform
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any

from google.protobuf import __version__ as protobuf_version
from google.protobuf import message as protobuf

from conformance_cases import Capability
from pytest_metagraph.exporters.answers import (
    Answer,
    Crashed,
    Exported,
    Malformed,
    NotLoaded,
    NotSupported,
    Raised,
)
from pytest_metagraph.exporters.registry import ExporterRegistry
from pytest_metagraph.exporters.request import Exporter, ExportRequest, NotLoadable, Unsupported
from reference_impl.schema import MetaGraphDef, adopt

TRACEBACK_FRAMES = 6
"""The number of frames to keep of a traceback; a maintainer looks at the end of it."""

_FORMATTED_FRAMES: dict[tuple[str, CodeType, int], str] = {}
"""The text of each frame of a traceback, by its place in the code.

Half of the calls of the full tier raise, from few places, and reading the source each time would take longer
than the export.
"""


@dataclass(frozen=True, slots=True)
class InProcess:
    """Calls a Python function.

    Attributes:
        exporter: the function.
        name: its name in reports.
    """

    exporter: Exporter
    name: str

    @property
    def version(self) -> str:
        """The exporter's attribute `version`; empty if it has none."""
        return str(getattr(self.exporter, "version", ""))

    @property
    def unsupported(self) -> frozenset[Capability]:
        """The capabilities in the exporter's attribute `unsupported`.

        Raises:
            ValueError: if one of them is not a capability of the corpus.
        """
        return frozenset(Capability(name) for name in getattr(self.exporter, "unsupported", ()))

    @property
    def registry(self) -> ExporterRegistry:
        """The ops and messages in the exporter's attributes `op_list` and `descriptor_set`.

        Raises:
            RegistryError: if one of them cannot be used.
        """
        return ExporterRegistry.parse(
            getattr(self.exporter, "op_list", None), getattr(self.exporter, "descriptor_set", None)
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """The Python, the protobuf and the platform of this process."""
        return current_environment()

    def export(self, request: ExportRequest) -> Answer:
        """Call the exporter; whatever it does, except for Ctrl-C, becomes an answer."""
        try:
            returned = self.exporter(request)
        except Unsupported as error:
            return NotSupported(error.capability)
        except NotLoadable as error:
            return NotLoaded(error.reason)
        except Exception as error:  # noqa: BLE001 - the case decides which exception is right
            return Raised(_classes(type(error)), str(error), _tail(error))
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - sys.exit() in an exporter must not end the run
            return Crashed(_tail(error))
        return _read(returned)


@functools.cache
def current_environment() -> Mapping[str, str]:
    """Return what this process runs on: Python, protobuf and platform."""
    return {
        "python": platform.python_version(),
        "protobuf": protobuf_version,
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _read(returned: Any) -> Answer:
    if isinstance(returned, NotLoadable):
        return NotLoaded(returned.reason)
    if isinstance(returned, Unsupported):
        return NotSupported(returned.capability)
    if isinstance(returned, bytes | bytearray | memoryview):
        try:
            return Exported(MetaGraphDef.FromString(bytes(returned)))
        except protobuf.DecodeError:
            return Malformed(
                f"The exporter returned {len(returned)} bytes that do not parse as a MetaGraphDef."
            )
    try:
        return Exported(adopt(returned, MetaGraphDef))
    except (TypeError, protobuf.Error) as error:
        return Malformed(f"The exporter must return a MetaGraphDef or its bytes: {error}.")


def _classes(kind: type[BaseException]) -> tuple[str, ...]:
    names = []
    for base in kind.__mro__:
        names.append(base.__name__)
        if base.__module__ == "builtins":
            break
    return tuple(names)


def _tail(error: BaseException) -> str:
    """Return the end of a traceback, from the exporter's own frames on."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    del frames[0]  # the call in this module
    lines = [_format_frame(frame) for frame in frames[-TRACEBACK_FRAMES:]]
    if len(frames) > TRACEBACK_FRAMES:
        lines.insert(0, f"  ... {len(frames) - TRACEBACK_FRAMES} frames above\n")
    return "".join([*lines, *traceback.format_exception_only(error)]).rstrip()


def _format_frame(frame: TracebackType) -> str:
    """Return the lines of a traceback for one frame, with its line of source."""
    code = frame.tb_frame.f_code
    place = (code.co_filename, code, frame.tb_lasti)  # code objects of two files can be equal
    if place not in _FORMATTED_FRAMES:
        _FORMATTED_FRAMES[place] = "".join(traceback.format_tb(frame, limit=1))
    return _FORMATTED_FRAMES[place]
