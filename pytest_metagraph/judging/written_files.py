"""Check the files that an export has written (CALL-02, FILE-01, FILE-02, DBG-01)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import heapq
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from google.protobuf import message as protobuf
from google.protobuf import text_format

from conformance_cases.model import DEFAULT_FILENAME
from pytest_metagraph._util.errors import NO_SPACE, NoSpaceError
from pytest_metagraph._util.remove_tree import empty_folder, open_folder
from pytest_metagraph._util.text import printable
from pytest_metagraph.diff import CompareOptions, diff_meta_graphs
from pytest_metagraph.exporters.answers import Exported
from pytest_metagraph.judging.findings import Finding, FindingCode
from reference_impl.contracts import Contract
from reference_impl.files import debug_info_path, read_regular_file
from reference_impl.schema import POOL, GraphDebugInfo, MetaGraphDef
from reference_impl.schema.parsing import brief

_EARLIER_CALL_ADVICE = (
    "This case exports one loaded graph several times. First make the calls in `request.preceding`, each "
    "with its own keyword arguments, then the one whose result you return; or declare "
    "`unsupported = {'preceding_exports'}`."
)

_MOST_STRAY = 20
"""The number of files that were not requested and are named; all of them are counted."""

# A file that is larger than 64 MiB and 200 times the returned message is not read: even the text of deeply
# nested empty messages is smaller.
_LEAST_LIMIT = 64 << 20
_MOST_TIMES = 200

_LEAST_SPACE = 1 << 20
"""The space in bytes that a folder must have for a failure to write to it to be that of an exporter."""

_MOST_TEXT = 4
"""How many times the size of a large serialised message its text has at most; of the corpus's graphs, 3."""

_CONTENTS: dict[bytes, bytes] = {}
"""The digest of the message that a text contains, by the digest of the text.

Text is parsed at about 1 MB/s, and many exports write the same text, under both contracts too.
"""

MessageT = TypeVar("MessageT", bound=protobuf.Message)


class ScratchFolder:
    """A new folder that exports write to; it is emptied after each export.

    The class creates the folder itself, so that it never deletes anything but the files of exports.

    Args:
        contract: the contract that names the file of the debug info, for cases that test the name (DBG-01).
        parent: the folder to create it in; by default the system's folder for temporary files.

    Raises:
        NoSpaceError: if the disk or the quota is full.
    """

    def __init__(self, contract: Contract, parent: Path | None = None) -> None:
        self._parent = parent
        self._spoiled = ""
        self._opened: int | None = None
        self._make()
        self._contract = contract
        self._last_text: tuple[bytes, bytes] | None = None
        self._last_parsed: tuple[bytes, MetaGraphDef] | None = None

    @property
    def filename(self) -> str:
        """The absolute path to export to, unless a case names another file."""
        return self.path_of(DEFAULT_FILENAME)

    def path_of(self, name: str) -> str:
        """Return the absolute path of a file in the folder."""
        return f"{self._path}{os.sep}{name}"

    def check_export(
        self,
        returned: Exported,
        *,
        as_text: bool,
        debug_info: bool,
        filename: str = DEFAULT_FILENAME,
        debug_info_name: bool = False,
        debug_info_content: bytes = b"",
        earlier: Sequence[str] = (),
    ) -> Iterator[Finding]:
        """Check the files of one export that returned a message; then empty the folder.

        Args:
            returned: what the export returned.
            as_text: whether text was requested.
            debug_info: whether debug info was requested.
            filename: the requested file, relative to the folder.
            debug_info_name: whether the file of the debug info must have the name of the contract; otherwise
                the name of either contract is accepted.
            debug_info_content: the GraphDebugInfo that the debug info must equal unless it has no trace,
                serialised; empty if the case does not test that.
            earlier: the files of the calls that had to be made before.

        Yields:
            A finding for everything that is wrong with the files.
        """
        yield from self._earlier_findings([name for name in earlier if name != filename])
        yield from self._check_meta(returned, filename, as_text=as_text)
        wanted = {filename, *earlier}
        if debug_info:
            name = self._debug_info_file(filename, as_contracted=debug_info_name)
            wanted.add(name)
            yield from self._check_debug_info(name, debug_info_content, as_text=as_text)
        yield from self._stray_findings(self.clear() - wanted)

    def check_no_export(self, earlier: Sequence[str] = ()) -> Iterator[Finding]:
        """Check that a call that must not write files has written none; then empty the folder.

        Args:
            earlier: the files of the calls that had to be made before.
        """
        yield from self._earlier_findings(earlier)
        yield from self._stray_findings(self.clear() - {*earlier})

    def clear(self) -> set[str]:
        """Empty the folder and return the names of the files that were in it, relative to it.

        If the folder was replaced, or something in it cannot be removed, a new one takes its place, and the
        next findings say so. Nothing is deleted in a folder that took the place of this one.

        Raises:
            NoSpaceError: if no new folder can be made.
        """
        self._spoiled = "it was removed, or replaced by another one"
        try:
            if self._is_ours():
                names = empty_folder(str(self._path), self._opened)
                self._spoiled = ""
                return names
        except OSError as error:
            self._spoiled = f"something in it cannot be removed: {_reason(error)}"
        self._make()
        return set()

    def check_space(self, needed: int = 0) -> None:
        """Check that the folder is not the reason why files of a message could not be written.

        Args:
            needed: the serialised size of the message, in bytes.

        Raises:
            NoSpaceError: if the disk or the quota is full, or files of this size are not permitted.
        """
        if not self._is_ours():
            return
        probe = Path(self.path_of(f".{secrets.token_hex(16)}"))
        try:
            probe.write_bytes(bytes(max(_LEAST_SPACE, _MOST_TEXT * needed)))
        except OSError as error:
            is_limit = error.errno == errno.EFBIG
            if is_limit or error.errno in NO_SPACE:
                raise NoSpaceError(str(self._path), is_limit=is_limit) from error
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()

    def close(self) -> None:
        """Remove the folder, unless it was replaced by something else."""
        with contextlib.suppress(OSError):
            if self._is_ours():
                empty_folder(str(self._path), self._opened)
                self._path.rmdir()
        self._let_go()

    def _is_ours(self) -> bool:
        """Return whether the folder is the one that this object has made."""
        try:
            if self._opened is not None and _identity(os.fstat(self._opened)) != self._identity:
                return False  # an exporter in this process has closed the descriptor
            return _identity(os.lstat(self._path)) == self._identity
        except OSError:
            return False

    def _make(self) -> None:
        """Make a new folder, and keep it open: a link in its place could have its inode number otherwise.

        Raises:
            NoSpaceError: if the disk or the quota is full.
        """
        self._let_go()
        try:
            self._path = Path(tempfile.mkdtemp(prefix="metagraph-exports-", dir=self._parent))
        except OSError as error:
            if error.errno in NO_SPACE:
                raise NoSpaceError(str(self._parent or tempfile.gettempdir())) from error
            raise
        self._opened = open_folder(str(self._path))
        self._identity = _identity(os.lstat(self._path))

    def _let_go(self) -> None:
        """Close the folder."""
        opened, self._opened = self._opened, None
        if opened is not None:
            with contextlib.suppress(OSError):
                # An exporter in this process may have closed it, and the number may be that of another file.
                if _identity(os.fstat(opened)) == self._identity:
                    os.close(opened)

    def _stray_findings(self, names: set[str]) -> Iterator[Finding]:
        if self._spoiled:
            summary = f"The export spoiled the folder that it was given to write to: {self._spoiled}"
            self._spoiled = ""
            yield Finding(FindingCode.STRAY_FILE, summary, identity="the folder")
        for name in heapq.nsmallest(_MOST_STRAY, names):
            shown = printable(name)
            summary = f"The export left a file that was not requested: {shown}"
            yield Finding(FindingCode.STRAY_FILE, summary, identity=shown)
        if len(names) > _MOST_STRAY:
            summary = f"The export left {len(names) - _MOST_STRAY:,} more files that were not requested"
            yield Finding(FindingCode.STRAY_FILE, summary, identity="more files")

    def _earlier_findings(self, names: Sequence[str]) -> Iterator[Finding]:
        for name in names:
            try:
                is_export = _parse(self._read(name), MetaGraphDef, as_text=False).ByteSize() > 0
            except (OSError, ValueError):
                is_export = False
            if not is_export:
                summary = f"The earlier call, which exports to {name}, was not made, or wrote something else"
                yield Finding(FindingCode.FILE_MISSING, summary, _EARLIER_CALL_ADVICE, name)

    def _check_meta(self, returned: Exported, filename: str, *, as_text: bool) -> Iterator[Finding]:
        try:
            data = self._read(filename, len(returned.serialised))
        except FileNotFoundError:
            self.check_space(len(returned.serialised))
            yield Finding(FindingCode.FILE_MISSING, f"The export did not write the file {filename}")
            return
        except OSError as error:
            summary = f"The file {filename} cannot be read"
            yield Finding(FindingCode.FILE_UNREADABLE, summary, _reason(error), _form(as_text))
            return
        if self._is_known_to_contain(data, returned, as_text=as_text):
            return
        try:
            written = self._parsed(data) if as_text else _parse(data, MetaGraphDef, as_text=False)
        except ValueError as error:
            self.check_space(len(returned.serialised))
            summary = f"The file {filename} is not a MetaGraphDef in {_format(as_text)}"
            yield Finding(FindingCode.FILE_UNREADABLE, summary, str(error), _form(as_text))
            return
        diff = diff_meta_graphs(
            actual=written,
            expected=returned.message,
            # Defects of the returned message are found when it is compared with the expected one.
            options=CompareOptions(
                allow_equal_defects=True, ignore_sections=("meta_info_def.tensorflow_git_version",)
            ),
            actual_label=filename,
            expected_label="what the exporter returned",
        )
        if not diff.equal:
            self.check_space(len(returned.serialised))
            summary = f"The file {filename} ({_format(as_text)}) differs from the returned message"
            yield Finding(FindingCode.FILE_DIFFERS, summary, diff.render(), diff.fingerprint, diff=diff)

    def _read(self, name: str, size: int = 0) -> bytes:
        """Read a file of an export of a message of some size.

        Raises:
            FileNotFoundError: if there is no such file.
            OSError: if it is not a regular file, too large to be that of the message, or cannot be read.
        """
        path = self._path / name
        if os.path.isdir(path):  # noqa: PTH112 - it does not raise
            raise FileNotFoundError(name)
        try:
            return read_regular_file(path, most_bytes=_LEAST_LIMIT + _MOST_TIMES * size, within=self._path)
        except NotADirectoryError:
            raise FileNotFoundError(name) from None

    def _is_known_to_contain(self, data: bytes, returned: Exported, *, as_text: bool) -> bool:
        """Return whether a file is known to contain the returned message, without parsing the file."""
        if not as_text:
            return data == returned.serialised
        if (data, returned.serialised) == self._last_text:  # the variants of a case write the same text
            return True
        text, message = _digest(data), _digest(returned.serialised)
        if text in _CONTENTS:
            return _CONTENTS[text] == message
        if data not in _texts_of(returned.message):
            return False
        _CONTENTS[text] = message
        self._last_text = (data, returned.serialised)
        return True

    def _parsed(self, text: bytes) -> MetaGraphDef:
        """Parse the text of a MetaGraphDef, once for all variants of a case that write it."""
        if self._last_parsed is None or self._last_parsed[0] != text:
            self._last_parsed = (text, _parse(text, MetaGraphDef, as_text=True))
            contained = self._last_parsed[1].SerializeToString(deterministic=True)
            _CONTENTS[_digest(text)] = _digest(contained)
        return self._last_parsed[1]

    def _debug_info_file(self, filename: str, *, as_contracted: bool) -> str:
        """Return the file that must contain the debug info; without `as_contracted`, the one that exists."""
        contracts = (self._contract,) if as_contracted else (self._contract, *Contract)
        names = [debug_info_path(filename, contract) for contract in contracts]
        return next((name for name in names if os.path.isfile(self.path_of(name))), names[0])  # noqa: PTH113 - as above

    def _check_debug_info(self, name: str, content: bytes, *, as_text: bool) -> Iterator[Finding]:
        try:
            written = _parse(self._read(name), GraphDebugInfo, as_text=as_text)
        except FileNotFoundError:
            self.check_space()
            yield Finding(FindingCode.DEBUG_INFO_MISSING, f"The export did not write debug info to {name}")
            return
        except OSError as error:
            summary = f"The file {name} cannot be read"
            yield Finding(FindingCode.DEBUG_INFO_UNREADABLE, summary, _reason(error), _form(as_text))
            return
        except ValueError as error:
            self.check_space()
            summary = f"The file {name} is not a GraphDebugInfo in {_format(as_text)}"
            yield Finding(FindingCode.DEBUG_INFO_UNREADABLE, summary, str(error), _form(as_text))
            return
        expected, actual = _traces(GraphDebugInfo.FromString(content)), _traces(written)
        if content and written.name_to_trace_id and actual != expected:
            keys = sorted(key for key in expected | actual if expected.get(key) != actual.get(key))
            lines = [f"{key}\n  expected: {expected.get(key)}\n  actual:   {actual.get(key)}" for key in keys]
            summary = f"The traces in {name} differ from the expected ones: {', '.join(keys)}"
            yield Finding(FindingCode.DEBUG_INFO_DIFFERS, summary, "\n".join(lines), ", ".join(keys))


def _texts_of(message: MetaGraphDef) -> Iterator[bytes]:
    """Yield the texts that most exporters write for a message; to parse a text takes three times as long."""
    yield str(message).encode()  # protobuf's own, printed in C
    yield text_format.MessageToString(message, descriptor_pool=POOL).encode()  # of Python, as TensorFlow


def _reason(error: OSError) -> str:
    return f"{error.strerror or error}"


def _traces(info: GraphDebugInfo) -> dict[str, list[str]]:
    """Return the frames of each trace, as texts that do not depend on how files and frames are numbered."""
    return {
        name: [_frame_text(info, number) for number in info.traces_by_id[trace].frame_id]
        for name, trace in info.name_to_trace_id.items()
    }


def _frame_text(info: GraphDebugInfo, number: int) -> str:
    frame = info.frames_by_id[number]
    is_known = 0 <= frame.file_index < len(info.files)
    return f"{info.files[frame.file_index] if is_known else '?'}:{frame.line} {frame.func}"


def _parse(data: bytes, kind: type[MessageT], *, as_text: bool) -> MessageT:
    """Parse a file in exactly one format: a binary file is an error if text was requested."""
    try:
        if as_text:
            return text_format.Parse(data.decode(), kind(), descriptor_pool=POOL)
        return kind.FromString(data)
    except Exception as error:  # an exporter's text may also nest too deeply, for example
        raise ValueError(f"{len(data)} bytes, starting {data[:24]!r}: {brief(error)}") from error


def _identity(found: os.stat_result) -> tuple[int, int]:
    """Return what distinguishes a folder from another one, or from a link, while it exists."""
    return found.st_dev, found.st_ino


def _format(as_text: bool) -> str:
    return "text format" if as_text else "binary format"


def _form(as_text: bool) -> str:
    """Return the identity of a finding about an unreadable file; lists have fingerprints of it."""
    return "text" if as_text else "binary form"


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
