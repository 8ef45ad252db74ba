"""The fixtures that users override and use."""

from __future__ import annotations

import pytest
from user_project import PLAIN, PLUGINS, Project


@pytest.mark.parametrize("scope", ["function", "session"])
def test_a_conftest_can_hand_over_the_exporter(project: Project, scope: str) -> None:
    """A fixture metagraph_exporter in the user's conftest.py, of any scope, is the exporter under test."""
    project.pytester.makeconftest(
        f"""
        import pytest
        from pytest_metagraph.exporters import reference

        @pytest.fixture(scope={scope!r})
        def metagraph_exporter():
            def own_exporter(request):
                return reference.export(request)
            return own_exporter
        """
    )
    result = project.case(PLAIN).run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["exporter conftest:*own_exporter*, contract documented, tier default, level required"]
    )


@pytest.mark.parametrize("scope", ["function", "session"])
def test_a_fixture_that_returns_nothing_ends_the_run(project: Project, scope: str) -> None:
    """A forgotten `return` is a usage error in one line, and no error of the kit for each case."""
    project.pytester.makeconftest(
        f"""
        import pytest

        @pytest.fixture(scope={scope!r})
        def metagraph_exporter():
            pass
        """
    )
    result = project.case("matrix/towers/*").run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*the exporter None is not callable; give a function that takes*"])
    assert "Traceback" not in result.stdout.str()


def test_a_hook_can_hand_over_the_exporter(project: Project) -> None:
    """The hook pytest_metagraph_exporter is called if no option names an exporter, and only then."""
    project.pytester.makeconftest(
        """
        from pytest_metagraph.exporters import reference

        def pytest_metagraph_exporter(config):
            assert config.getoption("metagraph_tier") == "smoke"
            def from_hook(request):
                return reference.export(request)
            return from_hook
        """
    )
    given = project.given("--metagraph-tier=smoke").case(PLAIN)
    for arguments in ((), ("-n", "1")):
        result = given.given(*arguments).run()
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(
            ["exporter conftest:*from_hook*, contract documented, tier smoke, level required"]
        )
    named = given.given("--metagraph-exporter=reference").run()
    named.stdout.fnmatch_lines(["exporter reference*, contract documented, tier smoke, level required"])


def test_a_hook_that_gives_none_leaves_it_to_the_options(project: Project) -> None:
    """Without an exporter from anywhere the run ends, and the text names the hook."""
    project.pytester.makeconftest("def pytest_metagraph_exporter(config): return None")
    result = project.case(PLAIN).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*the hook pytest_metagraph_exporter*"])


def test_autouse_fixtures_of_the_user_apply(project: Project) -> None:
    """A user's autouse fixtures, module scope included, run around cases as around tests."""
    project.pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(autouse=True, scope="module")
        def per_module():
            yield
            print("module done")

        @pytest.fixture(autouse=True)
        def per_case(request):
            print("before", request.node.name)
        """
    )
    result = project.given("--metagraph-exporter=reference", "-s").case(PLAIN).run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*before plain", "*module done"])


def test_an_exporter_that_is_no_function_ends_the_run(project: Project) -> None:
    """A fixture that hands over something else is a usage error, not hundreds of failures."""
    project.pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef metagraph_exporter():\n    return 3")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        ["*the exporter 3 is not callable; give a function that takes one ExportRequest*"]
    )


def test_own_tests_can_use_cases_and_comparison(project: Project) -> None:
    """metagraph_cases gives the selected cases, assert_metagraph compares by meaning."""
    project.pytester.makepyfile(
        f"""
        import pytest
        from pytest_metagraph import MetaGraphMismatch

        def test_cases(metagraph_cases, assert_metagraph):
            (case,) = metagraph_cases
            assert case.id == {PLAIN!r}
            assert_metagraph(actual=case.graph.message(), expected=case.graph.data)
            changed = case.graph.message()
            changed.graph_def.node[0].op = "Nothing"
            with pytest.raises(MetaGraphMismatch):
                assert_metagraph(actual=changed, expected=case.graph.data)
        """
    )
    arguments = (*PLUGINS, f"--metagraph-case={PLAIN}")
    project.pytester.runpytest_inprocess(*arguments).assert_outcomes(passed=1)


def test_the_former_name_of_a_fixture_works_with_a_warning(project: Project) -> None:
    """A test that requests metagraph_carrier gets the client, and is told its new name."""
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def metagraph_client():
            return "client"

        def test_it(metagraph_carrier):
            assert metagraph_carrier == "client"
        """
    )
    result = project.pytester.runpytest_inprocess(*PLUGINS)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*metagraph_carrier is now called metagraph_client*"])
