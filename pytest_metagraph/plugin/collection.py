"""Collect the corpus: `conformance_cases` as a module, a collector for each graph, an item for each case.

Cases are grouped by graph, so that what is loaded for a graph serves all its cases, and so that the option
`--dist loadscope` of pytest-xdist gives a graph to one worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

import conformance_cases
from conformance_cases import Case
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.connect import FunctionClients
from pytest_metagraph.exporters.request import Exporter
from pytest_metagraph.judging.written_files import ScratchFolder
from pytest_metagraph.plugin.case_item import CaseItem
from pytest_metagraph.plugin.options import settings_of
from pytest_metagraph.plugin.session_facts import overrides_exporter, path_of
from pytest_metagraph.selection import selected_cases

CORPUS_MODULE = Path(conformance_cases.__file__)
"""The file that represents the corpus."""

NODE_ID = "conformance_cases"
"""The start of the node ids of cases: the same wherever the corpus is installed."""


def corpus_directory(path: Path, parent: pytest.Collector) -> CorpusDirectory | None:
    """Return the collector of a folder if that folder is the corpus."""
    if path != CORPUS_MODULE.parent:
        return None
    return CorpusDirectory.from_parent(parent, path=path)


class CorpusDirectory(pytest.Directory):
    """The folder of the corpus. Its modules and data files contain no tests and are ignored."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield the one module that represents all cases."""
        yield CorpusModule.from_parent(self, path=CORPUS_MODULE, nodeid=NODE_ID)


class CorpusModule(pytest.Module):
    """The cases that the options select."""

    obj = None  # no test module is imported

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield one collector for each graph.

        Raises:
            CollectError: if an option selects no case, or the user's graphs cannot be used.
        """
        try:
            cases = selected_cases(settings_of(self.config))
        except MetagraphError as error:
            raise self.CollectError(str(error)) from error
        by_graph = sorted(cases, key=lambda case: (case.graph.name, case.id))
        for name, group in groupby(by_graph, key=lambda case: path_of(case.id)[0]):
            yield GraphCases.from_parent(self, name=name, cases=tuple(group))


class GraphCases(pytest.Collector):
    """The selected cases of one graph, or of one requirement, whose cases have graphs of their own."""

    def __init__(self, *, cases: Sequence[Case], **keywords: Any) -> None:
        super().__init__(**keywords)
        self._cases = cases

    def collect(self) -> Iterator[CaseItem]:
        """Yield one item for each case; the contents of the case are not read."""
        settings = settings_of(self.config)
        is_named = settings.has_client or (settings.exporter and not overrides_exporter(self))
        fixtures = _client_fixtures if is_named else _fixtures
        found = None  # the fixtures of the first item are those of all: looking them up takes 0.15 ms
        for case in self._cases:
            _, name = path_of(case.id)
            item = CaseItem.from_parent(self, name=name, callobj=fixtures, case=case, fixtureinfo=found)
            found = item.fixture_info
            yield item


def _fixtures(
    metagraph_exporter: Exporter,
    _metagraph_function_clients: FunctionClients,
    _metagraph_scratch_folder: ScratchFolder,
) -> None:
    """Name the fixtures of an item whose exporter is the function of a conftest.py. It is never called."""


def _client_fixtures(metagraph_client: ExporterClient, _metagraph_scratch_folder: ScratchFolder) -> None:
    """Name the fixtures of an item whose exporter an option names. It is never called."""
