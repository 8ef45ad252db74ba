"""Options that cannot work are usage errors that say what to do."""

from __future__ import annotations

import dataclasses

import pytest
from user_project import PLAIN, Project

UNUSABLE = {
    "nowhere:export": "the exporter 'nowhere:export' cannot be imported: ModuleNotFoundError: *",
    "broken:export": "the exporter 'broken:export' cannot be imported: ZeroDivisionError: *",
    "adapter:missing": "the exporter 'adapter:missing' cannot be found: 'adapter' has no attribute*",
    "adapter:number": "the exporter 3 is not callable; give a function that takes one ExportRequest",
    "adapter:boastful": "*`unsupported` of the exporter 'adapter:boastful' is not valid: 'flying' *",
    "adapter": "'adapter' is not the name of an exporter; use 'reference', 'tensorflow', or *",
}


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_exporter_is_a_usage_error(project: Project, name: str, workers: str) -> None:
    """An exporter that cannot be used ends the run with status 4 and one line, with and without xdist."""
    project.pytester.makepyfile(broken="1 / 0")
    adapter = "number = 3\n\ndef boastful(request): ...\n\nboastful.unsupported = {'flying'}"
    result = project.with_adapter(adapter).given(f"--metagraph-exporter={name}", "-n", workers).run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {UNUSABLE[name]}"])


def test_no_exporter_is_a_usage_error(project: Project) -> None:
    """Without an exporter the run ends with status 4 and names the ways to give one."""
    result = project.case(PLAIN).run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*no exporter was given; use --metagraph-exporter=reference,*"])


def test_no_exporter_ends_the_workers_too(project: Project) -> None:
    """Without an exporter xdist's workers stop at their first case, with the same words."""
    result = project.given("-n", "2").run_apart()
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*no exporter was given; use --metagraph-exporter=reference,*"])
    assert result.parseoutcomes().get("errors", 0) <= 2


def test_a_pattern_without_a_case_is_an_error(project: Project) -> None:
    """A mistyped --metagraph-case fails the run, which names the nearest ids."""
    result = project.given("--metagraph-exporter=reference").case("matrix/towers/plane").run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    words = "'matrix/towers/plane' matches no case of the corpus; the nearest ids are"
    result.stdout.fnmatch_lines([f"{words} {PLAIN}*"])


def test_a_case_of_another_tier_is_told_apart(project: Project) -> None:
    """A case that only the full tier holds is named as such."""
    case = "matrix/towers/clear_devices,strip_default_attrs"
    result = project.given("--metagraph-exporter=reference").case(case).run()
    words = "matches no case of the tier default, but some of the tier full; add --metagraph-tier=full"
    result.stdout.fnmatch_lines([f"'{case}' {words}"])


def test_a_wrong_ini_value_is_a_usage_error(project: Project) -> None:
    """A contract that does not exist is refused also in the ini file."""
    project.pytester.makeini("[pytest]\nmetagraph_contract = wishful")
    result = project.given("--metagraph-exporter=reference").case(PLAIN).run_apart()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: metagraph_contract: 'wishful' is not a valid choice; use documented, tensorflow"]
    )


@pytest.mark.parametrize("xdist", [(), ("-n1",)])
def test_a_node_id_can_be_pasted_back(project: Project, xdist: tuple[str, ...]) -> None:
    """The id that a summary prints runs that one case, and nothing else is needed to say where it is."""
    node_id = "conformance_cases::towers::matrix/towers/plain"
    again = dataclasses.replace(project, arguments=(node_id, "--metagraph-exporter=reference", *xdist))
    result = again.run_apart()
    result.assert_outcomes(passed=1)


def test_the_head_of_a_run_names_what_is_judged(project: Project) -> None:
    """Exporter, contract, tier and level are in the header of pytest."""
    result = project.given("--metagraph-exporter=reference").case(PLAIN).run()
    head = "metagraph: exporter reference, contract documented, tier default, level required"
    result.stdout.fnmatch_lines([head])
