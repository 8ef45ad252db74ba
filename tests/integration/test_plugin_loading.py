"""The plugin is loaded once, however it is named, and costs nothing if it is not used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONFORMANCE = ("-p", "no:cacheprovider", "--pyargs", "conformance_cases", "--metagraph-exporter=reference")
ONE_CASE = (*CONFORMANCE, "--metagraph-case=matrix/towers/plain")

WAYS = {
    "PYTEST_PLUGINS": {"PYTEST_PLUGINS": "pytest_metagraph"},
    "PYTEST_PLUGINS without autoload": {
        "PYTEST_PLUGINS": "pytest_metagraph",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    },
}
"""The ways that `test_wheel.py` does not try."""


@pytest.mark.parametrize("way", WAYS)
def test_the_plugin_loads_once(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """However the plugin is named, one case runs and one summary is printed, without a warning."""
    for name, value in WAYS[way].items():
        monkeypatch.setenv(name, value)
    result = pytester.runpytest_subprocess("-W", "error", *ONE_CASE)
    result.assert_outcomes(passed=1)
    assert result.stdout.str().count("= conformance of export_meta_graph =") == 1


def test_a_conftest_may_name_the_plugin(pytester: pytest.Pytester) -> None:
    """`pytest_plugins` in a conftest.py loads it too, with plugin autoload and without."""
    pytester.makeconftest('pytest_plugins = ["pytest_metagraph"]')
    pytester.runpytest_subprocess("-W", "error", *ONE_CASE).assert_outcomes(passed=1)
    without = pytester.runpytest_subprocess("--disable-plugin-autoload", "-W", "error", *ONE_CASE)
    without.assert_outcomes(passed=1)


def test_an_unrelated_session_imports_nothing_heavy(pytester: pytest.Pytester) -> None:
    """A session without conformance cases imports neither protobuf nor the corpus, and prints no summary."""
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            heavy = {"google.protobuf", "conformance_cases", "reference_impl", "deepdiff"}
            assert not heavy & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess("-p", "pytest_metagraph")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*conformance*")


def test_a_folder_that_only_contains_the_corpus_is_left_alone(pytester: pytest.Pytester) -> None:
    """`pytest .` above an installed corpus does not run it: only its name does."""
    pytester.makepyfile("def test_own(): pass")
    pytester.mkdir("conformance_cases").joinpath("__init__.py").touch()
    result = pytester.runpytest_subprocess("-p", "pytest_metagraph", ".")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*conformance of export_meta_graph*")


def test_the_package_names_are_lazy() -> None:
    """`import pytest_metagraph` loads no protobuf; its public names are there when they are used."""
    program = (
        "import sys, pytest_metagraph as mg; assert 'google.protobuf' not in sys.modules; "
        "assert all(getattr(mg, name) is not None for name in mg.__all__); "
        "assert set(mg.__all__) <= set(dir(mg))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent)


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    """A name that the package does not have is refused as by any module."""
    import pytest_metagraph  # noqa: PLC0415 - the test is about this import

    with pytest.raises(AttributeError, match="module 'pytest_metagraph' has no attribute 'nothing'"):
        _ = pytest_metagraph.nothing
