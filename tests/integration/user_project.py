"""A project of a user, in a folder of its own, that runs the kit."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace

import pytest

# pytester forgets what a run imports. Loaded here, protobuf's messages are set up once; set up anew by each
# run, they crash the interpreter.
import pytest_metagraph.exporters.reference
import pytest_metagraph.plugin.collection  # noqa: F401 - see above

PLUGINS = ("-p", "pytest_metagraph", "-p", "no:hypothesispytest")
"""The plugin, without the one of hypothesis, whose import takes half the time of a small run."""

PLAIN = "matrix/towers/plain"
"""A case that expects a message."""

SOME_GRAPHS = (
    "COL-",
    "DEV-01/",
    "NODE-06/",
    "SCOPE-",
    "matrix/attribute_kinds/",
    "matrix/cond_gradients/",
    "matrix/queue_runners/",
    "matrix/towers/",
)
"""What the ids of some cases begin with: in the smoke tier, their graphs show every kind of failure of the
adapters of these tests that all its graphs show."""

_LOADS_SOME_GRAPHS = f"""
import functools
from pytest_metagraph import NotLoadable

loads_all = export

@functools.wraps(loads_all)
def export(request):
    if not request.case_id.startswith({SOME_GRAPHS!r}):
        raise NotLoadable("a graph that this test needs no answer for")
    return loads_all(request)
"""

REFUSED = "matrix/towers/graph_def=given,export_scope=tower_10"
"""A case that expects a ValueError under the documented contract (SCOPE-11)."""


@dataclass(frozen=True)
class Project:
    """An immutable project; each method returns another one or runs it.

    Attributes:
        pytester: the folder.
        arguments: what follows `pytest -p pytest_metagraph`.
    """

    pytester: pytest.Pytester
    arguments: tuple[str, ...] = ("-p", "no:cacheprovider", "--pyargs", "conformance_cases")

    def with_file(self, name: str, source: str) -> Project:
        """The project with one more file."""
        (self.pytester.path / name).write_text(textwrap.dedent(source), encoding="utf-8")
        return self

    def with_adapter(self, source: str) -> Project:
        """The project with `adapter.py`, whose function `export` is the exporter."""
        header = (
            "import os, sys\nfrom pathlib import Path\nfrom pytest_metagraph.exporters import reference\n"
        )
        self.pytester.makepyfile(adapter=header + textwrap.dedent(source))
        return self.given("--metagraph-exporter=adapter:export")

    def with_adapter_for_some_graphs(self, source: str) -> Project:
        """The project with such an adapter that loads `SOME_GRAPHS` only.

        A complete run of a tier then makes few calls: for claims about the run, and not about the graphs.
        """
        return self.with_adapter(textwrap.dedent(source) + _LOADS_SOME_GRAPHS)

    def given(self, *arguments: str) -> Project:
        """The project with more arguments."""
        return replace(self, arguments=(*self.arguments, *arguments))

    def case(self, *patterns: str) -> Project:
        """The project restricted to some cases."""
        return self.given(*(f"--metagraph-case={pattern}" for pattern in patterns))

    def run(self) -> pytest.RunResult:
        """Run pytest in this process, which is quick."""
        return self.pytester.runpytest_inprocess(*PLUGINS, *self.arguments)

    def run_apart(self) -> pytest.RunResult:
        """Run pytest in a new process, as a user does; for what a run in this process cannot show."""
        return self.pytester.runpytest_subprocess(*PLUGINS, *self.arguments)
