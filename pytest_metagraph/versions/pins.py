"""The shipped table of what each release of TensorFlow runs with, and the words that choose a release."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_metagraph._util.errors import MetagraphError

TENSORFLOW = "tensorflow"
"""The package that a bare version is a release of."""

CPU_ONLY_SINCE = Version("2.1")
"""The first release whose package tensorflow-cpu has a wheel for every release; it is a third of the size."""

_DIGITS = 8
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


class UnknownReleaseError(MetagraphError):
    """The words do not name a release that can be installed."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of TensorFlow or of a fork, and what it runs with.

    Attributes:
        words: what the user wrote, such as `1.15.5` or `2.20.0 protobuf>=7`.
        package: the name of the exporter in reports, such as `tensorflow` or `intel-tensorflow`.
        version: the version; None for the newest.
        python: the minor version of its interpreter, such as `3.7`.
        requirements: what pip installs, the package itself first.
    """

    words: str
    package: str
    version: Version | None
    python: str
    requirements: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The name of the folder of its environment; no two releases have the same."""
        safe = _UNSAFE.sub("-", self.words).strip("-")
        if safe == self.words:
            return safe
        return f"{safe}-{hashlib.sha256(self.words.encode()).hexdigest()[:_DIGITS]}"


def release_of(words: str) -> Release:
    """Return the release that words name.

    Args:
        words: a version such as `1.15.5`, a fork such as `intel-tensorflow==2.14.0`, `tf-nightly-cpu`, or one
            of these followed by requirements that replace those of the table, such as `2.20.0 protobuf>=7`.

    Raises:
        UnknownReleaseError: if the words are none of these, or the table has no entry for the release.
    """
    first, *others = words.split() or [""]
    try:
        chosen = _requirement(first)
        extra = [Requirement(word) for word in others]
    except (InvalidRequirement, InvalidVersion) as error:
        raise UnknownReleaseError(
            f"{words!r} is not a release of TensorFlow",
            "write 2.20.0, intel-tensorflow==2.14.0, or '2.20.0 protobuf>=7'",
        ) from error
    exact = [one.version for one in chosen.specifier if one.operator == "=="]
    version = Version(exact[0]) if exact else None
    pin = _pin(canonicalize_name(chosen.name), version)
    if pin is None:
        raise UnknownReleaseError(
            f"the kit does not know which Python and protobuf {words!r} needs",
            "export with the worker of `metagraph new-adapter tensorflow`, and add it with --exports DIR",
        )
    replaced = {canonicalize_name(one.name) for one in extra}
    kept = [text for text in pin["requirements"] if canonicalize_name(Requirement(text).name) not in replaced]
    package = canonicalize_name(chosen.name)
    return Release(
        words, package, version, pin["python"], (_installed(package, version), *kept, *map(str, extra))
    )


def _requirement(word: str) -> Requirement:
    return Requirement(f"{TENSORFLOW}=={Version(word)}" if word[:1].isdigit() else word)


def _installed(package: str, version: Version | None) -> str:
    if package == TENSORFLOW and version is not None and version >= CPU_ONLY_SINCE:
        return f"tensorflow-cpu=={version}"
    return package if version is None else f"{package}=={version}"


def _pin(package: str, version: Version | None) -> dict[str, Any] | None:
    table = tomllib.loads(resources.files(__package__).joinpath("pins.toml").read_text(encoding="utf-8"))
    fitting = [
        pin
        for pin in table["pin"]
        if canonicalize_name(pin["package"]) == package
        and (version is None or SpecifierSet(pin["versions"]).contains(version, prereleases=True))
    ]
    return fitting[0] if fitting else None
