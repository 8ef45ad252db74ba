"""Tell a test's snapshots how the test ended, and the user what became of the files."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_metagraph._util.text import named
from pytest_metagraph.plugin.options import settings_of
from pytest_metagraph.plugin.session_facts import is_xdist_worker
from pytest_metagraph.settings import SNAPSHOT_FOLDER

if TYPE_CHECKING:
    from pytest_metagraph.snapshots.place import FolderListings
    from pytest_metagraph.snapshots.snapshot import Snapshots

_PASSED = pytest.StashKey[bool]()
_LISTINGS: pytest.StashKey[FolderListings] = pytest.StashKey()
_OUTCOMES = "metagraph-snapshot-outcomes"
_PROPERTY = "metagraph-snapshot-"
"""The start of the user properties that carry files on pytest's reports, also from a pytest-xdist worker."""

_ORPHANED = "of tests that no longer exist"
_WORKER_OUTPUT = "metagraph_orphaned_snapshots"

_MOST_LISTED = 5

_NOT_IN_CI = frozenset({"", "0", "false"})


def in_ci(environment: Mapping[str, str]) -> bool:
    """Return whether this is continuous integration, where nobody would commit what is written."""
    return environment.get("CI", "").lower() not in _NOT_IN_CI


def allowed(requested: frozenset[str], environment: Mapping[str, str]) -> frozenset[str]:
    """Return the updates that happen.

    Args:
        requested: the updates that the options name.
        environment: the environment variables.
    """
    return frozenset() if in_ci(environment) else requested


def names_of(item: pytest.Item) -> list[str]:
    """Return the names that lead to a test inside its file, such as those of its class and function."""
    nodes = item.listchain()
    files = [position for position, node in enumerate(nodes) if isinstance(node, pytest.File)]
    return [node.name for node in nodes[files[-1] + 1 :]] if files else [item.name]


@contextmanager
def snapshots_of(item: pytest.Item) -> Iterator[Snapshots]:
    """Provide the snapshots of a test, from before its call until it has ended."""
    from pytest_metagraph.snapshots.place import (  # noqa: PLC0415 - most sessions have no snapshots
        FolderListings,
        Place,
    )
    from pytest_metagraph.snapshots.snapshot import Snapshots  # noqa: PLC0415 - loads protobuf

    config = item.config
    if not config.pluginmanager.has_plugin(_OUTCOMES):
        config.pluginmanager.register(Outcomes(), _OUTCOMES)
    requested = settings_of(config).snapshot_updates

    def note(what: str, path: Path) -> None:
        item.user_properties.append((_PROPERTY + what, _shown(config, path)))

    listings = config.stash.setdefault(_LISTINGS, FolderListings())
    place = Place.of(item.path, names_of(item))
    snapshots = Snapshots(place, allowed(requested, os.environ), note, listings)
    yield snapshots
    if item.stash.get(_PASSED, False):  # a test that failed may not have come to its other snapshots
        snapshots.finish()


class Outcomes:
    """Keeps whether a test has passed. Registered only if a test has snapshots."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the outcome of the call, which is known before the fixtures are torn down."""
        report = yield
        if call.when == "call":
            item.stash[_PASSED] = report.passed
        return report


class SnapshotFiles:
    """Finds the snapshots of renamed or removed tests, and prints at the end what became of snapshot files.

    Every session has one, a worker of pytest-xdist included. pytest looks through each plugin for hooks and
    fixtures, which takes time, so it is one plugin and not several.

    Args:
        config: pytest's configuration.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._orphaned: list[str] = []
        self._found: dict[str, list[str]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: Sequence[pytest.Item]) -> None:
        """Compare the collected tests with the snapshots beside their modules, before any is deselected."""
        if config.getoption("lf", default=False) or any("::" in argument for argument in config.args):
            return  # only some tests of a module were collected
        folders = {item.path.parent for item in items}
        beside = {folder for folder in folders if (folder / SNAPSHOT_FOLDER).is_dir()}
        if not beside:
            return
        from pytest_metagraph.snapshots.place import (  # noqa: PLC0415 - most sessions have no snapshots
            Place,
            orphans,
        )

        tests: dict[Path, set[str]] = {}
        for item in items:
            if item.path.parent in beside:
                names = tests.setdefault(item.path, set())
                names.add(Place.of(item.path, names_of(item)).test)
        self._orphaned = [
            _shown(config, path) for module in sorted(tests) for path in orphans(module, tests[module])
        ]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test has done; the last of its reports has all of it."""
        if report.when == "teardown":
            for name, value in report.user_properties:
                if name.startswith(_PROPERTY):
                    self._found.setdefault(name.removeprefix(_PROPERTY), []).append(str(value))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the orphans to the controller of pytest-xdist; every worker finds the same."""
        if is_xdist_worker(session.config):
            session.config.workeroutput[_WORKER_OUTPUT] = self._orphaned  # type: ignore[attr-defined] # xdist has it

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist has found; it may have ended without sending anything."""
        self._orphaned = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT) or self._orphaned

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the summary if any file was touched, missed or is without a test."""
        if self._orphaned:
            self._found[_ORPHANED] = self._orphaned
        if not self._found:
            return
        terminalreporter.write_sep("=", "metagraph snapshots")
        for what, paths in sorted(self._found.items()):
            terminalreporter.write_line(f"{len(paths):,} {what}: {named(sorted(paths), _MOST_LISTED)}")
        if "unused" in self._found:
            way_out = "--metagraph-snapshot-update=trim deletes unused snapshots that have not been changed"
            terminalreporter.write_line(way_out)
        if _ORPHANED in self._found:
            terminalreporter.write_line(
                "a test was renamed or removed: rename or delete its snapshots too, which no update does"
            )
        if settings_of(self._config).snapshot_updates and in_ci(os.environ):
            terminalreporter.write_line("nothing was updated: the environment variable CI is set")


def _shown(config: pytest.Config, path: Path) -> str:
    return str(path.relative_to(config.rootpath) if path.is_relative_to(config.rootpath) else path)
