"""The pytest plugin: options, fixtures, and the hooks that find the corpus.

It is imported in every session of a project that has it installed. What costs time, protobuf above all, is
imported in the functions below, which a session without conformance cases never calls.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_metagraph import hooks
from pytest_metagraph.options.processes import is_xdist_worker
from pytest_metagraph.options.settings import Settings, add_options
from pytest_metagraph.running.stopping import stop_run
from pytest_metagraph.running.summary import SummaryPlugin
from pytest_metagraph.snapshots.session import SnapshotSummary, snapshots_of

if TYPE_CHECKING:
    from conformance_cases import Case
    from pytest_metagraph.carrying.carrier import Carrier
    from pytest_metagraph.carrying.request import Exporter
    from pytest_metagraph.judging.written_files import ScratchFolder
    from pytest_metagraph.snapshots.snapshot import Snapshots

CORPUS_PACKAGE = "conformance_cases"


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that users may implement."""
    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a conformance run."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Listen for results where the summary is printed, not in xdist's workers; load the known failures.

    Raises:
        pytest.UsageError: when the list of known failures can not be used, or a report not be written.
    """
    if not is_xdist_worker(config):
        config.pluginmanager.register(SummaryPlugin(config), "metagraph-summary")
        config.pluginmanager.register(SnapshotSummary(config), "metagraph-snapshots")
    settings = Settings.from_config(config)
    if settings.reports and _asks_for_corpus(config):
        from pytest_metagraph.reports import session as reports  # noqa: PLC0415 - most sessions write none

        reports.configure(config)
    if settings.known_failures:
        from pytest_metagraph.known_failures import session  # noqa: PLC0415 - most sessions have no list

        session.configure(config)
    elif settings.update_known_failures:
        raise pytest.UsageError(
            "--metagraph-update-known-failures needs the list to update: --metagraph-known-failures=FILE"
        )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse what does not exist before anything is collected or a worker is started.

    Raises:
        pytest.UsageError: when the exporter or the user's graphs can not be used; the text says why, and the
            way out.
    """
    config = session.config
    if is_xdist_worker(config) or not _asks_for_corpus(config):
        return
    settings = Settings.from_config(config)
    if settings.graphs:
        _check_own_graphs(config, settings)
    if settings.exporter or settings.is_carried:
        from pytest_metagraph.carrying import connecting, resolving  # noqa: PLC0415 - protobuf; see above

        _make_importable(config)
        try:
            connecting.check(exporter=settings.exporter, command=settings.worker, exports=settings.exports)
        except resolving.ExporterNotFoundError as error:
            raise pytest.UsageError(str(error)) from error


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the folder of the corpus where it was asked for by name."""
    if path.name != CORPUS_PACKAGE or not parent.session.isinitpath(path):
        return None
    from pytest_metagraph.running import collection  # noqa: PLC0415 - the corpus; see above

    return collection.corpus_directory(path, parent)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain `assert message == message` by what differs, which stays short on large graphs.

    Which messages they are is told by their classes, so that a session without any imports no protobuf.
    """
    name, other = (
        getattr(getattr(type(side), "DESCRIPTOR", None), "full_name", None) for side in (left, right)
    )
    if op != "==" or not isinstance(name, str) or name != other or not name.startswith("tensorflow."):
        return None
    from pytest_metagraph.diff import equality  # noqa: PLC0415 - protobuf; see above

    return equality.explain_inequality(name.removeprefix("tensorflow."), left, right)


@pytest.fixture(scope="session")
def metagraph_exporter(request: pytest.FixtureRequest) -> Exporter:
    """The exporter under test: the one that --metagraph-exporter names, or the hook of that name gives.

    Override it in a conftest.py to hand over a function of one ExportRequest.
    """
    from pytest_metagraph.carrying import resolving  # noqa: PLC0415 - protobuf; see above

    settings = Settings.from_config(request.config)
    _make_importable(request.config)
    try:
        if not settings.exporter:
            given: Exporter | None = request.config.hook.pytest_metagraph_exporter(config=request.config)
            if given is not None:
                return given
        return resolving.resolve(settings.exporter)
    except resolving.ExporterNotFoundError as error:
        stop_run(request.session, str(error))


@pytest.fixture(scope="session")
def metagraph_carrier(request: pytest.FixtureRequest) -> Iterator[Carrier]:
    """The way to the exporter that --metagraph-command or --metagraph-exports names."""
    from pytest_metagraph.carrying import connecting, resolving  # noqa: PLC0415 - protobuf; see above

    settings = Settings.from_config(request.config)
    try:
        with connecting.connected(
            command=settings.worker, exports=settings.exports, seconds=settings.timeout
        ) as carrier:
            yield carrier
    except resolving.ExporterNotFoundError as error:
        stop_run(request.session, str(error))


@pytest.fixture(scope="session")
def _metagraph_scratch_folder(request: pytest.FixtureRequest) -> Iterator[ScratchFolder]:
    """The one folder that all cases of this process export to.

    It lies among the temporary files of the run: what a killed process leaves behind, a later run of pytest
    removes. Under `-p no:tmpdir` there are none, and it lies where the system has its own.
    """
    from pytest_metagraph.judging.written_files import ScratchFolder  # noqa: PLC0415 - protobuf; see above
    from reference_impl.contracts import Contract  # noqa: PLC0415 - protobuf; see above

    parent: Path | None = None
    if request.config.pluginmanager.has_plugin("tmpdir"):
        parent = request.getfixturevalue("tmp_path_factory").getbasetemp()
    with contextlib.closing(
        ScratchFolder(Contract(Settings.from_config(request.config).contract), parent)
    ) as folder:
        yield folder


@pytest.fixture(scope="session")
def metagraph_cases(pytestconfig: pytest.Config) -> tuple[Case, ...]:
    """The cases of the corpus that --metagraph-tier and --metagraph-case select, sorted by id."""
    from pytest_metagraph.options import selection  # noqa: PLC0415 - the corpus; see above

    return selection.selected_cases(Settings.from_config(pytestconfig))


@pytest.fixture(scope="session")
def assert_metagraph() -> Callable[..., None]:
    """`pytest_metagraph.assert_meta_graph_equal`: compares two MetaGraphDefs by meaning."""
    from pytest_metagraph import diff  # noqa: PLC0415 - protobuf; see above

    return diff.assert_meta_graph_equal


@pytest.fixture(scope="session")
def assert_loadable() -> Callable[..., None]:
    """`pytest_metagraph.assert_loadable`: raises unless a version of TensorFlow would import a graph."""
    from pytest_metagraph.loadability import check  # noqa: PLC0415 - protobuf; see above

    return check.assert_loadable


@pytest.fixture
def metagraph_snapshot(request: pytest.FixtureRequest) -> Iterator[Snapshots]:
    """Compares a MetaGraphDef by meaning with the one that --metagraph-snapshot-update has kept."""
    with snapshots_of(request.node) as snapshots:
        yield snapshots


def _check_own_graphs(config: pytest.Config, settings: Settings) -> None:
    from pytest_metagraph.carrying.resolving import ExporterNotFoundError  # noqa: PLC0415 - protobuf; see above
    from pytest_metagraph.options.selection import corpus_of  # noqa: PLC0415 - the corpus; see above
    from pytest_metagraph.own_graphs.folder import OwnGraphsError  # noqa: PLC0415 - protobuf; see above

    if settings.exports:
        raise pytest.UsageError(
            "--metagraph-graphs needs an exporter that can be asked; a folder of exports answers the corpus"
        )
    _make_importable(config)
    try:
        corpus_of(settings)
    except (OwnGraphsError, ExporterNotFoundError) as error:
        raise pytest.UsageError(f"metagraph_graphs: {error}") from error


def _asks_for_corpus(config: pytest.Config) -> bool:
    """Whether this run is going to judge cases of the corpus."""
    return any(CORPUS_PACKAGE in argument for argument in config.args) and not config.getoption("collectonly")


def _make_importable(config: pytest.Config) -> None:
    """Let an adapter beside the user's shell be named: the script `pytest`, unlike Python, leaves it out."""
    folder = str(config.invocation_params.dir)
    if folder not in sys.path:
        sys.path.append(folder)
