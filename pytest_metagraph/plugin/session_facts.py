"""Ask pytest about the session: its process, its folders, whether it runs the corpus, and who exports."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from pytest_metagraph.plugin.options import settings_of

CORPUS_PACKAGE = "conformance_cases"

_WITH_GRAPHS = frozenset({"matrix", "real", "own"})
"""The kinds of cases whose ids go on with the name of their graph."""


def is_xdist_worker(config: pytest.Config) -> bool:
    """Return whether this process is a worker of pytest-xdist: it judges cases, but reports nothing."""
    return hasattr(config, "workerinput")


def runs_corpus(config: pytest.Config) -> bool:
    """Return whether this run is going to judge cases of the corpus."""
    if config.getoption("collectonly"):
        return False
    return any(_is_corpus(argument.partition("::")[0], config) for argument in config.args)


def _is_corpus(argument: str, config: pytest.Config) -> bool:
    """Return whether an argument is the corpus: its package, or the folder or a file of it."""
    if argument.partition(".")[0] == CORPUS_PACKAGE:
        return True
    path = (config.invocation_params.dir / argument).resolve()
    if CORPUS_PACKAGE not in path.parts:
        return False
    found = importlib.util.find_spec(CORPUS_PACKAGE)
    folders = [Path(folder) for folder in (found and found.submodule_search_locations) or ()]
    return any(folder.resolve() in {path, *path.parents} for folder in folders)


def path_of(case_id: str) -> tuple[str, str]:
    """Return the two names that lead to a case in pytest: of its graph or requirement, and its own.

    Args:
        case_id: such as `matrix/towers/plain`, which is `plain` of `matrix/towers`.
    """
    words = case_id.split("/")
    depth = 2 if words[0] in _WITH_GRAPHS else 1
    return "/".join(words[:depth]), "/".join(words[depth:])


def pattern_of(node_id: str) -> str:
    """Return the pattern of the cases with a node id, which is that of a graph or of one case.

    Args:
        node_id: such as `conformance_cases::matrix/towers::plain`, or the same without the case.
    """
    _, group, *case = node_id.split("::", maxsplit=2)
    return f"{group}/{case[0] if case else '*'}"


def folder_of(config: pytest.Config, name: str) -> Path:
    """Return the folder that the path in an option is relative to.

    On the command line that is the folder in which pytest was started; in the ini file, that of the file.
    """
    if config.getoption(name) is not None:
        return config.invocation_params.dir
    return config.inipath.parent if config.inipath else config.rootpath


def make_importable(config: pytest.Config) -> None:
    """Make adapters in the current folder importable, as `python -m pytest` does and `pytest` does not."""
    folder = str(config.invocation_params.dir)
    if folder not in sys.path:
        sys.path.append(folder)


def calls_in_process(config: pytest.Config) -> bool:
    """Return whether an exporter in Python is called in this process, where a debugger can reach it."""
    debugs = config.getoption("usepdb", default=False) or config.getoption("trace", default=False)
    return bool(debugs or settings_of(config).in_process)


def provides_exporter(session: pytest.Session) -> bool:
    """Return whether a conftest.py or a plugin overrides the fixture, or implements the hook."""
    hooks = session.config.hook.pytest_metagraph_exporter.get_hookimpls()
    return bool(hooks) or overrides_exporter(session)


def overrides_exporter(node: pytest.Collector) -> bool:
    """Return whether a conftest.py or a plugin overrides the fixture for a node.

    Only pytest's own table of fixtures knows this before there are items.
    """
    fixtures = node.session._fixturemanager.getfixturedefs("metagraph_exporter", node)  # noqa: SLF001 - see above
    return len(fixtures or ()) > 1
