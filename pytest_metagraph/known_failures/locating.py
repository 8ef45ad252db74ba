"""Finds the file of a list: a path of the user, or a list that comes with the kit."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from pytest_metagraph.known_failures.loading import KnownFailuresError

_SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a list is kept.

    Attributes:
        name: the list as the user named it.
        path: its file.
        is_shipped: whether it comes with the kit.
    """

    name: str
    path: Path
    is_shipped: bool

    def read(self) -> str:
        """The text of the list; empty where the file does not exist yet.

        Raises:
            KnownFailuresError: when the file can not be read.
        """
        try:
            return self.path.read_bytes().decode()  # keeps the line ends as they are
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise KnownFailuresError(f"the known failures {self.name!r} can not be read: {error}") from error


def shipped_lists() -> dict[str, Path]:
    """The lists that come with the kit, by the name that the option takes."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.toml"))}


def locate(name: str, folder: Path, *, update: bool) -> Source:
    """Find a list.

    Args:
        name: the name of a shipped list, or a path.
        folder: what a relative path starts from.
        update: whether the list is to be written: it may then not exist yet.

    Raises:
        KnownFailuresError: when there is no such list, or a shipped one is to be written.
    """
    shipped = shipped_lists()
    if name in shipped:
        if update:
            raise KnownFailuresError(
                f"the known failures {name!r} come with the kit and can not be updated; "
                f"copy {shipped[name]} and name the copy"
            )
        return Source(name, shipped[name], is_shipped=True)
    path = folder / name
    if not path.is_file() and not (update and path.parent.is_dir() and not path.exists()):
        near = difflib.get_close_matches(name, shipped, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "--metagraph-update-known-failures starts a new list"
        raise KnownFailuresError(
            f"there is no file of known failures {str(path)!r}, "
            f"and the kit comes with {', '.join(shipped)} only; {hint}"
        )
    return Source(name, path, is_shipped=False)
