"""The exporter client that calls a Python function in the same process."""

from __future__ import annotations

import builtins
import functools
import platform
import traceback
from collections.abc import Callable, Mapping
from types import CodeType, TracebackType
from typing import Any, TypeVar

from google.protobuf import __version__ as protobuf_version
from google.protobuf import message as protobuf

from conformance_cases import Capability
from pytest_metagraph._util.errors import MetagraphError, TerminatedError
from pytest_metagraph._util.text import storable
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
from pytest_metagraph.exporters.request import (
    Exporter,
    ExportRequest,
    NotLoadable,
    RequestGraph,
    Unsupported,
    checked_capabilities,
)
from reference_impl.schema import MetaGraphDef, adopt

TRACEBACK_FRAMES = 6
"""The number of frames to keep of a traceback; a maintainer looks at the end of it."""

_FORMATTED_FRAMES: dict[tuple[str, CodeType, int], str] = {}
"""The text of each frame of a traceback, by its place in the code.

Half of the calls of the full tier raise, from few places, and reading the source each time would take longer
than the export.
"""

# What a class or an exception of an exporter says about itself may be computed, and raise or lie. These read
# what Python itself has recorded.
_MRO = type.__dict__["__mro__"].__get__
_NAME = type.__dict__["__name__"].__get__
_TRACEBACK = BaseException.__dict__["__traceback__"].__get__

T = TypeVar("T")


class DeclarationError(MetagraphError):
    """What an exporter declares about itself cannot be read."""


class InProcess:
    """Calls a Python function.

    Its attributes `version`, `unsupported`, `op_list` and `descriptor_set` are read once, here.

    Args:
        exporter: the function.
        name: its name in reports.

    Raises:
        DeclarationError: if one of these attributes cannot be read, or a capability does not exist.
        RegistryError: if the ops or messages that the exporter declares cannot be used.
    """

    def __init__(self, exporter: Exporter, name: str) -> None:
        self.exporter = exporter
        self.name = name
        self.version = self._declared("version", "", lambda value: storable(str(value)))
        unsupported: frozenset[Capability] = self._declared("unsupported", (), checked_capabilities)
        op_list = self._declared("op_list", None, ExporterRegistry.parse)
        self.registry = self._declared(
            "descriptor_set", None, lambda data: ExporterRegistry.parse(op_list.op_list_data, data)
        )
        self.unsupported = unsupported | self.registry.lacking

    @property
    def environment(self) -> Mapping[str, str]:
        """The Python, the protobuf and the platform of this process."""
        return current_environment()

    def export(self, request: ExportRequest) -> Answer:
        """Call the exporter; whatever it does, except for Ctrl-C, becomes an answer."""
        try:
            return self._answer(request)
        except KeyboardInterrupt as interrupt:
            raise _renewed(interrupt) from None

    def _answer(self, request: ExportRequest) -> Answer:
        try:
            returned = self.exporter(request)
        except Unsupported as error:
            return _not_supported(error)
        except NotLoadable as error:
            return _not_loaded(error)
        except Exception as error:  # noqa: BLE001 - the case decides which exception is right
            return Raised(_classes(type(error)), text_of(error), _tail(error))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - sys.exit() in an exporter must not end the run
            return Crashed(_tail(error))
        return _read(returned)

    @property
    def copies_arguments(self) -> bool:
        """False: the exporter is given the objects themselves, and may change them."""
        return False

    def take_changes(self, graph: RequestGraph) -> None:
        """Do nothing: the exporter was given the graph itself."""

    def _declared(self, attribute: str, default: object, read: Callable[[Any], T]) -> T:
        try:
            return read(getattr(self.exporter, attribute, default))
        except MetagraphError:
            raise
        except KeyboardInterrupt as interrupt:
            raise _renewed(interrupt) from None
        except BaseException as error:
            raise DeclarationError(
                f"the attribute `{attribute}` of the exporter {self.name!r} is not valid: {text_of(error)}",
                "use a collection of names of conformance_cases.Capability"
                if attribute == "unsupported"
                else "use a text, or bytes",
            ) from error


def _renewed(interrupt: KeyboardInterrupt) -> KeyboardInterrupt:
    """Return a new Ctrl-C from the same place: what an exporter has raised may act when it is shown."""
    kind = TerminatedError if type(interrupt) is TerminatedError else KeyboardInterrupt
    return kind().with_traceback(_TRACEBACK(interrupt))


def text_of(value: object, read: Callable[[object], str] = str) -> str:
    """Return the text of an object that an exporter has made, such as an exception, whatever it does.

    Args:
        value: the object.
        read: `str` or `repr`.

    Returns:
        Text that can be encoded as UTF-8, and is not too long to be shown.
    """
    try:
        return storable(read(value))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - an exporter's __str__ may do anything
        return f"<its text cannot be read: {_NAME(type(error))}>"


def _not_supported(error: Unsupported) -> Answer:
    try:
        capability = error.capability
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - a subclass may do anything
        capability = None
    if type(capability) is str or isinstance(capability, Capability):
        return NotSupported(capability)
    return Malformed(
        "The exporter raised Unsupported without the name of a capability; use Unsupported('eager'), "
        f"not {text_of(error)}."
    )


@functools.cache
def current_environment() -> Mapping[str, str]:
    """Return what this process runs on: Python, protobuf and platform."""
    return {
        "python": platform.python_version(),
        "protobuf": protobuf_version,
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _not_loaded(error: NotLoadable) -> Answer:
    try:
        reason = error.reason
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - a subclass may do anything
        reason = None
    if issubclass(type(reason), str | BaseException):
        return NotLoaded(text_of(reason))
    return Malformed(
        "The exporter answered NotLoadable without a reason; use a text or the importer's error, as in "
        f"NotLoadable('no such op'), not {text_of(error)}."
    )


def _read(returned: Any) -> Answer:  # noqa: PLR0911 - one for each kind of answer
    """Return the answer for what an exporter has returned, whose methods may raise or lie."""
    kind = type(returned)
    if issubclass(kind, NotLoadable):
        return _not_loaded(returned)
    if issubclass(kind, Unsupported):
        return _not_supported(returned)
    if issubclass(kind, bytes | bytearray | memoryview):
        try:
            data = bytes(memoryview(returned))  # the content itself: a subclass may define __bytes__
            return Exported(MetaGraphDef.FromString(data))
        except protobuf.DecodeError:
            return Malformed(f"The exporter returned {len(data)} bytes that do not parse as a MetaGraphDef.")
        except (ValueError, MemoryError) as error:  # a released memoryview
            return Malformed(f"The exporter returned bytes that cannot be read: {error}.")
    try:
        answer = Exported(returned if kind is MetaGraphDef else _adopted(returned, kind))
        _ = answer.serialised  # fails now, where the exporter is known to be the reason
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a message that is none may do anything
        return Malformed(f"The exporter must return a MetaGraphDef or its bytes: {text_of(error)}.")
    return answer


def _adopted(returned: Any, kind: type) -> MetaGraphDef:
    if not issubclass(kind, protobuf.Message):
        raise TypeError(f"expected a {MetaGraphDef.DESCRIPTOR.full_name} message, got {_NAME(kind)}")
    message = adopt(returned, MetaGraphDef)
    if type(message) is MetaGraphDef:
        return message
    raise TypeError(f"{_NAME(kind)} is a subclass of a message class")


def _classes(kind: type[BaseException]) -> tuple[str, ...]:
    names: list[str] = []
    for base in _MRO(kind):
        name = storable(_NAME(base))
        known = getattr(builtins, name, None)
        if known is base:
            return (*names, name)
        # A caller that catches Python's ValueError does not catch another class of that name.
        names.append(name if known is None else f"{name} (not that of Python)")
    return tuple(names)


def _tail(error: BaseException) -> str:
    """Return the end of a traceback, from the exporter's own frames on."""
    frames, trace = [], _TRACEBACK(error)
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    del frames[:1]  # the call in this module
    lines = [_format_frame(frame) for frame in frames[-TRACEBACK_FRAMES:]]
    if len(frames) > TRACEBACK_FRAMES:
        lines.insert(0, f"  ... {len(frames) - TRACEBACK_FRAMES} frames above\n")
    try:
        lines += traceback.format_exception_only(error)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - it reads attributes of the exception
        lines.append(f"{_NAME(type(error))}: {text_of(error)}")
    return "".join(lines).rstrip()


def _format_frame(frame: TracebackType) -> str:
    """Return the lines of a traceback for one frame, with its line of source."""
    code = frame.tb_frame.f_code
    place = (code.co_filename, code, frame.tb_lasti)  # code objects of two files can be equal
    if place not in _FORMATTED_FRAMES:
        _FORMATTED_FRAMES[place] = "".join(traceback.format_tb(frame, limit=1))
    return _FORMATTED_FRAMES[place]
