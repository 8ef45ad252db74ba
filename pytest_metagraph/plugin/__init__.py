"""The pytest plugin: its hooks and fixtures.

pytest imports it in every session of a project that has it installed. Whatever takes time to import, protobuf
above all, is imported in the functions below, which a session without conformance cases never calls.

PYTEST_DONT_REWRITE: it has no assertions, and `metagraph run` imports it before pytest.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_metagraph._util.errors import MetagraphError, path_problem, require_upb
from pytest_metagraph._util.text import printable
from pytest_metagraph.plugin import hooks
from pytest_metagraph.plugin.options import add_options, settings_of
from pytest_metagraph.plugin.refusals import stop_run, usage_errors
from pytest_metagraph.plugin.session_facts import (
    CORPUS_PACKAGE,
    calls_in_process,
    is_xdist_worker,
    make_importable,
    pattern_of,
    provides_exporter,
    runs_corpus,
)
from pytest_metagraph.plugin.snapshots import SnapshotFiles, snapshots_of
from pytest_metagraph.settings import NO_ORACLE

if TYPE_CHECKING:
    from conformance_cases import Case
    from pytest_metagraph.diff.api import AssertMetaGraph
    from pytest_metagraph.exporters.client import ExporterClient
    from pytest_metagraph.exporters.connect import FunctionClients
    from pytest_metagraph.exporters.request import Exporter
    from pytest_metagraph.judging.written_files import ScratchFolder
    from pytest_metagraph.loadability.check import AssertLoadable
    from pytest_metagraph.settings import Settings
    from pytest_metagraph.snapshots.snapshot import Snapshots


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that users may implement."""
    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a conformance run."""
    add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> Generator[None, object, object]:
    """Let the node id of a case, as a summary or an IDE has it, be pasted back as an argument.

    pytest takes no `::` after the name of a package, so the id becomes the corpus and the case to select.

    Raises:
        pytest.UsageError: if a conftest.py ends Python with status 0 before a case is collected.
    """
    patterns = [pattern_of(word) for word in args if word.startswith(f"{CORPUS_PACKAGE}::")]
    if patterns:
        rest = [word for word in args if not word.startswith(f"{CORPUS_PACKAGE}::")]
        corpus = [] if CORPUS_PACKAGE in rest else ["--pyargs", CORPUS_PACKAGE]
        args[:] = [*rest, *corpus, *(f"--metagraph-case={pattern}" for pattern in patterns)]
    try:
        return (yield)
    except SystemExit as ended:  # such as of a package that it imports, and that finds something missing
        if ended.code or CORPUS_PACKAGE not in args:
            raise
        raise pytest.UsageError(
            "a conftest.py called sys.exit() with status 0, so no case was run"
        ) from ended


def pytest_configure(config: pytest.Config) -> None:
    """Register what collects and reports results, and load the list of known failures, if any case will run.

    Raises:
        pytest.UsageError: if the list of known failures cannot be used, or a report cannot be written.
    """
    judges_cases = runs_corpus(config)
    if judges_cases:
        with usage_errors():
            require_upb()
    settings = settings_of(config)
    if settings.update_known_failures and not settings.known_failures:
        raise pytest.UsageError(
            "--metagraph-update-known-failures needs the list to update: --metagraph-known-failures=FILE"
        )
    if settings.limit is not None:
        from reference_impl.read_limit import read_limit  # noqa: PLC0415 - most sessions have no limit

        limited = contextlib.ExitStack()
        limited.enter_context(read_limit(settings.limit.most_bytes, settings.limit.most_parts))
        config.add_cleanup(limited.close)
    config.pluginmanager.register(SnapshotFiles(config), "metagraph-snapshots")
    if not judges_cases:
        return
    from pytest_metagraph.plugin import exit_status, results  # noqa: PLC0415 - loads msgspec

    found = results.configure(config)
    exit_status.configure(config, found)
    if settings.reports and not is_xdist_worker(config):
        from pytest_metagraph.plugin import reports  # noqa: PLC0415 - loads jinja2

        reports.configure(config, found)
    if settings.known_failures:
        from pytest_metagraph.plugin import known_failures  # noqa: PLC0415 - loads tomlkit

        known_failures.configure(config, found)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Return a line about the run for the head of the output, if it judges cases."""
    if not runs_corpus(config):
        return None
    settings = settings_of(config)
    exporter = settings.exporter or settings.worker or settings.exports or "from a conftest.py"
    return printable(
        f"metagraph: exporter {exporter}, contract {settings.contract}, tier {settings.tier}, "
        f"level {settings.level}"
    )


@pytest.hookimpl(trylast=True)  # after pytest has set up fixtures, and before xdist starts workers
def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse what does not exist before anything is collected or a worker is started.

    Raises:
        pytest.UsageError: if a pattern matches no case, if there is no exporter, or if it or the user's
            graphs cannot be used.
    """
    config = session.config
    if is_xdist_worker(config) or not runs_corpus(config):
        return
    settings = settings_of(config)
    if settings.check_loads:
        from pytest_metagraph.judging.load_check import load_check_for  # noqa: PLC0415 - loads protobuf

        with usage_errors("metagraph_check_loads: "):
            load_check_for(settings.check_loads)
    if settings.oracle == NO_ORACLE and not (settings.check_loads and settings.graphs):
        raise pytest.UsageError(
            "--metagraph-oracle=none compares nothing; add --metagraph-graphs=DIR and "
            "--metagraph-check-loads=VERSION, or name an oracle"
        )
    if settings.graphs:
        _check_own_graphs(config, settings)
    if settings.patterns:
        from pytest_metagraph.selection import selected_cases  # noqa: PLC0415 - loads the corpus

        with usage_errors():
            selected_cases(settings)
    if settings.exporter or settings.has_client or not provides_exporter(session):
        from pytest_metagraph.exporters.connect import check_client  # noqa: PLC0415 - loads protobuf

        make_importable(config)
        with usage_errors():
            check_client(
                exporter=settings.exporter,
                command=settings.worker,
                exports=settings.exports,
                seconds=settings.timeout,
                in_process=calls_in_process(config),
            )


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the folder of the corpus if it was named on the command line."""
    if path.name != CORPUS_PACKAGE or not parent.session.isinitpath(path):
        return None
    from pytest_metagraph.plugin.collection import corpus_directory  # noqa: PLC0415 - loads the corpus

    return corpus_directory(path, parent)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain `assert message == message` by what differs, which stays short on large graphs.

    The names of their classes decide, so that a session without messages does not import protobuf.
    """
    name, other = (
        getattr(getattr(type(side), "DESCRIPTOR", None), "full_name", None) for side in (left, right)
    )
    if op != "==" or not isinstance(name, str) or name != other or not name.startswith("tensorflow."):
        return None
    from pytest_metagraph.diff.api import explain_inequality  # noqa: PLC0415 - loads protobuf

    return explain_inequality(name.removeprefix("tensorflow."), left, right)


@pytest.fixture(scope="session")
def metagraph_exporter(request: pytest.FixtureRequest) -> Exporter:
    """Return the exporter under test: the one named by --metagraph-exporter, or given by the hook.

    Override it in a conftest.py to provide a function of one ExportRequest.
    """
    from pytest_metagraph.exporters.resolve import resolve  # noqa: PLC0415 - loads protobuf

    settings = settings_of(request.config)
    make_importable(request.config)
    try:
        if not settings.exporter:
            given: Exporter | None = request.config.hook.pytest_metagraph_exporter(config=request.config)
            if given is not None:
                return given
        return resolve(settings.exporter)
    except MetagraphError as error:
        stop_run(request.session, str(error))


@pytest.fixture(scope="session")
def metagraph_client(request: pytest.FixtureRequest) -> Iterator[ExporterClient]:
    """Return the client of the exporter that an option names."""
    from pytest_metagraph.exporters.connect import open_client  # noqa: PLC0415 - loads protobuf

    settings = settings_of(request.config)
    make_importable(request.config)
    try:
        with open_client(
            exporter=settings.exporter,
            command=settings.worker,
            exports=settings.exports,
            seconds=settings.timeout,
            in_process=calls_in_process(request.config),
        ) as client:
            yield client
    except MetagraphError as error:
        stop_run(request.session, str(error))


@pytest.fixture(scope="session")
def _metagraph_function_clients(request: pytest.FixtureRequest) -> Iterator[FunctionClients]:
    """Return the exporter clients of the functions that the fixture `metagraph_exporter` returns."""
    from pytest_metagraph.exporters.connect import FunctionClients  # noqa: PLC0415 - loads protobuf

    in_process = calls_in_process(request.config)
    with contextlib.closing(
        FunctionClients(settings_of(request.config).timeout, in_process=in_process)
    ) as clients:
        yield clients


@pytest.fixture(scope="session")
def metagraph_carrier(metagraph_client: ExporterClient) -> ExporterClient:
    """Return `metagraph_client` under its former name, for one version."""
    text = "the fixture metagraph_carrier is now called metagraph_client; the former name goes away next"
    warnings.warn(pytest.PytestDeprecationWarning(text), stacklevel=2)
    return metagraph_client


@pytest.fixture(scope="session")
def _metagraph_scratch_folder(request: pytest.FixtureRequest) -> Iterator[ScratchFolder]:
    """Return the one folder that all cases of this process export to.

    It is among the temporary files of the run, so that a later run of pytest removes what a killed process
    leaves. Under `-p no:tmpdir`, which has none, it is in the temporary folder of the system.
    """
    from pytest_metagraph.judging.written_files import ScratchFolder  # noqa: PLC0415 - loads protobuf
    from reference_impl.contracts import Contract  # noqa: PLC0415 - loads protobuf

    parent: Path | None = None
    try:
        if request.config.pluginmanager.has_plugin("tmpdir"):
            parent = request.getfixturevalue("tmp_path_factory").getbasetemp()
        folder = ScratchFolder(Contract(settings_of(request.config).contract), parent)
    except MetagraphError as error:
        stop_run(request.session, str(error))
    except OSError as error:
        stop_run(request.session, f"no folder to export to can be made: {path_problem(error)}")
    with contextlib.closing(folder):
        yield folder


@pytest.fixture(scope="session")
def metagraph_cases(pytestconfig: pytest.Config) -> tuple[Case, ...]:
    """Return the cases of the corpus selected by --metagraph-tier and --metagraph-case, sorted by id."""
    from pytest_metagraph.selection import selected_cases  # noqa: PLC0415 - loads the corpus

    return selected_cases(settings_of(pytestconfig))


@pytest.fixture(scope="session")
def assert_metagraph() -> AssertMetaGraph:
    """`pytest_metagraph.assert_meta_graph_equal`, which compares two MetaGraphDefs by meaning."""
    from pytest_metagraph.diff import assert_meta_graph_equal  # noqa: PLC0415 - loads protobuf

    return assert_meta_graph_equal


@pytest.fixture(scope="session")
def assert_loadable() -> AssertLoadable:
    """`pytest_metagraph.assert_loadable`, which raises unless a version of TensorFlow imports a graph."""
    from pytest_metagraph.loadability.check import assert_loadable as check  # noqa: PLC0415 - loads protobuf

    return check


@pytest.fixture
def metagraph_snapshot(request: pytest.FixtureRequest) -> Iterator[Snapshots]:
    """Snapshots of graphs, compared by meaning and updated by --metagraph-snapshot-update."""
    with snapshots_of(request.node) as snapshots:
        yield snapshots


def _check_own_graphs(config: pytest.Config, settings: Settings) -> None:
    from pytest_metagraph.selection import corpus_of  # noqa: PLC0415 - loads the corpus

    if settings.exports:
        raise pytest.UsageError(
            "--metagraph-graphs needs an exporter that can be called, but --metagraph-exports names a folder "
            "with answers to the corpus; use --metagraph-exporter or --metagraph-command"
        )
    make_importable(config)
    with usage_errors("metagraph_graphs: "):
        corpus_of(settings)
