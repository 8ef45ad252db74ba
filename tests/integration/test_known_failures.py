"""Runs with a list of known failures pass or fail as the list requires."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from user_project import Project

CLEARED = "matrix/towers/saver_def=main,clear_devices,clear_extraneous_savers"
"""A case of the tier smoke that the exporter below fails; the others of its graph pass."""

TOWERS = "matrix/towers/*"

KEEPS_DEVICES = """
    def export(request):
        request.arguments["clear_devices"] = False
        return reference.export(request)
"""
RAISES = """
    def export(request):
        if request.arguments.get("clear_devices"):
            raise KeyError("devices")
        return reference.export(request)
"""
WRONG_IN_SEVERAL_WAYS = """
    def export(request):
        message = reference.export(request)
        if "export_scope" in request.arguments:
            message.collection_def.clear()
            for node in message.graph_def.node:
                node.attr.pop("_output_shapes", None)
        elif "clear_devices" in request.arguments:
            raise KeyError("devices")
        elif not request.arguments["filename"]:
            message.meta_info_def.stripped_op_list.op[0].name += "Other"
        return message
"""
RIGHT = "export = reference.export"


def entry(case: str, **values: str) -> str:
    """Return an entry with a kind, a reason, and further values as TOML."""
    lines = [f'case = "{case}"', 'kind = "bug"', 'reason = "Devices stay."']
    lines += [f"{key} = {value}" for key, value in values.items()]
    return "\n".join(("[[known_failure]]", *lines, ""))


def listing(project: Project, *entries: str) -> Project:
    """Return a project with a list of known failures, in the tier smoke."""
    path = project.pytester.path / "known.toml"
    path.write_text("\n".join(("# Mine.", "", *entries)), encoding="utf-8")
    return project.given("--metagraph-known-failures=known.toml", "--metagraph-tier=smoke")


def known_toml(project: Project) -> str:
    """Return the text of the list."""
    return (project.pytester.path / "known.toml").read_text(encoding="utf-8")


def test_a_failure_as_listed_is_green(project: Project) -> None:
    """A listed failure is an expected failure with the reason, and the run passes."""
    run = listing(project.with_adapter(KEEPS_DEVICES), entry(CLEARED)).case(TOWERS).given("-rx")
    result = run.run()
    result.assert_outcomes(passed=3, xfailed=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            f"XFAIL *::{CLEARED.replace('towers/', 'towers::')} - bug: Devices stay.",
            "*4 cases, * checks: 3 passed, 0 failed, 1 known to fail",
            "*known failures: known.toml*",
            "1 of 4 cases fail as the list says",
        ]
    )


def test_an_unexpected_failure_is_red(project: Project) -> None:
    """A failure that is not listed fails the run, and shows the fingerprint that an entry needs."""
    run = listing(project.with_adapter(KEEPS_DEVICES), entry("matrix/queue_runners/*"))
    result = run.case(TOWERS).run()
    result.assert_outcomes(passed=3, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.re_match_lines([r"fingerprint: [0-9a-f]{16}"])


def test_an_unexpected_pass_is_red(project: Project) -> None:
    """A listed case that passes fails the run, and the text names the entry to remove."""
    result = listing(project.with_adapter(RIGHT), entry(CLEARED)).case(TOWERS).run()
    result.assert_outcomes(passed=3, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            f"case {CLEARED}",
            "known.toml:3 lists this case as a known failure (bug: Devices stay.), but it passes.*",
            "*1 passed although known to fail",
        ]
    )


def test_a_changed_fingerprint_is_red(project: Project) -> None:
    """A listed case that fails in another way fails the run and shows both fingerprints."""
    run = listing(project.with_adapter(RAISES), entry(CLEARED, fingerprint='"0123456789abcdef"'))
    result = run.case(CLEARED).run()
    result.assert_outcomes(failed=1)
    text = " ".join(result.stdout.str().split())
    listed = (
        "known.toml:3 lists this case as a known failure (bug: Devices stay.), but it fails in another way"
    )
    assert listed in text
    assert re.search(r"its fingerprint is [0-9a-f]{16}, not 0123456789abcdef\.", text)


def test_the_fingerprint_that_a_failure_shows_is_the_one_to_list(project: Project) -> None:
    """Copied from the failure into the entry, the fingerprint makes the run green."""
    failing = project.with_adapter(KEEPS_DEVICES).given("--metagraph-tier=smoke").case(CLEARED)
    shown = next(line for line in failing.run().outlines if line.startswith("fingerprint: "))
    fingerprint = shown.removeprefix("fingerprint: ")
    result = listing(failing, entry(CLEARED, fingerprint=f'"{fingerprint}"')).run()
    result.assert_outcomes(xfailed=1)


RED_LISTS = {
    "matches nothing": (
        [entry(CLEARED), entry("matrix/tower/*")],
        "known.toml:8: entry 2 matches nothing in the corpus: 'matrix/tower/*'*",
    ),
    "excepts nothing": (
        [entry(CLEARED, **{"except": '"matrix/queue_runners/plain"'})],
        "known.toml:3: entry 1 has an exception that it does not match: 'matrix/queue_runners/plain'*",
    ),
    "expired": (
        [entry(CLEARED, expires="2020-02-29")],
        f"known.toml:3: entry 1 ('{CLEARED}') expired on 2020-02-29;*",
    ),
    "overlapping": (
        [entry(CLEARED), entry("matrix/towers/*clear_devices*")],
        f"known.toml:8: entry 2 overlaps entry 1 (known.toml:3) at {CLEARED};*",
    ),
}


@pytest.mark.parametrize("name", RED_LISTS)
def test_a_list_that_is_wrong_as_a_whole_is_red(project: Project, name: str) -> None:
    """A run fails with one line for the problem of the list, even if every case behaves as listed."""
    entries, line = RED_LISTS[name]
    result = listing(project.with_adapter(KEEPS_DEVICES), *entries).case(CLEARED).run()
    result.assert_outcomes(xfailed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert sum(printed.startswith("known.toml:") for printed in result.outlines) == 1
    result.stdout.fnmatch_lines([line])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            entry(CLEARED, expire="2030-01-01"),
            "known.toml:3: entry 1 (*): unknown key 'expire'; did you mean 'expires'?",
        ),
        (
            entry(CLEARED).replace("Devices stay.", ""),
            "known.toml:3: entry 1 (*): reason = '' is empty; explain *",
        ),
        ("[[known_failure", "known.toml is not valid TOML: *"),
    ],
)
def test_a_list_that_cannot_be_read_stops_the_run_at_its_start(
    project: Project, text: str, message: str
) -> None:
    """A mistake in the file is a usage error that names its place and what to do, and no case runs."""
    result = listing(project.with_adapter(KEEPS_DEVICES), text).case(CLEARED).run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_a_list_that_does_not_exist_stops_the_run(project: Project) -> None:
    """A mistyped file name is a usage error that says how to start a list."""
    result = project.with_adapter(RIGHT).given("--metagraph-known-failures=know.toml").run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: there is no file *know.toml', and the only known failures *"])


def test_entries_of_another_contract_do_not_count(project: Project) -> None:
    """An entry for the tensorflow contract does not apply under the documented one."""
    run = listing(project.with_adapter(KEEPS_DEVICES), entry(CLEARED, contract='"tensorflow"')).case(CLEARED)
    run.run().assert_outcomes(failed=1)
    run.given("--metagraph-contract=tensorflow").run().assert_outcomes(xfailed=1)


@pytest.mark.parametrize(("version", "outcome"), [("1.9", "failed"), ("2.0", "xfailed")])
def test_entries_of_another_version_do_not_count(project: Project, version: str, outcome: str) -> None:
    """The exporter's attribute `version` decides if an entry with a condition applies."""
    adapter = textwrap.dedent(KEEPS_DEVICES) + f"export.version = {version!r}\n"
    run = listing(project.with_adapter(adapter), entry(CLEARED, exporter_version='">=2"')).case(CLEARED)
    run.run().assert_outcomes(**{outcome: 1})


def test_a_condition_on_a_missing_version_stops_the_run(project: Project) -> None:
    """A condition on the version is a usage error if the exporter has no version."""
    run = listing(project.with_adapter(KEEPS_DEVICES), entry(CLEARED, exporter_version='">=2"')).case(CLEARED)
    result = run.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "depends on the version of the exporter, but it has none" in result.stdout.str()


def test_the_ini_file_names_a_list_beside_itself(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path in the ini file starts from the folder of that file, wherever pytest is run."""
    listing(project.with_adapter(KEEPS_DEVICES), entry(CLEARED))
    project.pytester.makeini(
        "[pytest]\nmetagraph_known_failures = known.toml\nmetagraph_tier = smoke\npythonpath = ."
    )
    folder = project.pytester.mkdir("deeper")
    monkeypatch.chdir(folder)
    run = project.given("--metagraph-exporter=adapter:export", f"-c={folder.parent}/tox.ini")
    run.case(CLEARED).run().assert_outcomes(xfailed=1)


def test_an_update_brings_the_list_up_to_date(project: Project) -> None:
    """Passing cases are removed, new failures drafted, comments kept; a draft is refused until completed."""
    repaired = entry("matrix/towers/plain") + "# below the repaired one\n"
    run = listing(
        project.with_adapter_for_some_graphs(KEEPS_DEVICES),
        "# about towers\n" + repaired,
        entry("matrix/queue_runners/*"),
    )
    result = run.given("--metagraph-update-known-failures").run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "removed entry 1 ('matrix/towers/plain'): its cases pass now",
            "drafted an entry for *",
            "known.toml:*: entry *: reason = '' is empty; explain in a sentence why*",
        ]
    )
    text = known_toml(project)
    assert text.startswith("# Mine.\n\n# about towers\n# below the repaired one\n")
    assert 'case = "matrix/towers/plain"' not in text
    refused = run.run()
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    completed = text.replace('kind = ""', 'kind = "bug"').replace('reason = ""', 'reason = "Devices stay."')
    (project.pytester.path / "known.toml").write_text(completed, encoding="utf-8")
    assert run.run().ret == pytest.ExitCode.OK


def test_an_update_starts_a_list(project: Project) -> None:
    """A list that does not exist yet is written with a draft for each fingerprint."""
    run = project.with_adapter_for_some_graphs(RAISES).given(
        "--metagraph-known-failures=known.toml", "--metagraph-tier=smoke"
    )
    run.given("--metagraph-update-known-failures").run()
    assert known_toml(project).count("[[known_failure]]") == 1
    assert CLEARED in known_toml(project)


def test_an_update_needs_a_list(project: Project) -> None:
    """The option to update needs the name of a list."""
    result = project.with_adapter(RIGHT).given("--metagraph-update-known-failures").run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *needs the list to update: --metagraph-known-failures=FILE"])


@pytest.mark.parametrize(
    ("adapter", "arguments"),
    [
        (RIGHT, ["-k", "towers"]),
        (RIGHT, [f"--metagraph-case={TOWERS}"]),
        (RIGHT, ["--deselect=conformance_cases::matrix/towers::plain"]),
        (KEEPS_DEVICES, ["-x"]),
    ],
    ids=["-k", "--metagraph-case", "--deselect", "-x"],
)
def test_a_partial_run_updates_nothing(project: Project, adapter: str, arguments: list[str]) -> None:
    """A run of a part of the tier does not change the list, says so, and fails."""
    run = listing(project.with_adapter_for_some_graphs(adapter), entry("matrix/queue_runners/plain"))
    before = known_toml(project)
    result = run.given("--metagraph-update-known-failures", *arguments).run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert known_toml(project) == before
    result.stdout.re_match_lines(
        [r"known.toml was not updated: \d+ of the \d+ cases of the tier smoke did not run;"]
    )


def test_an_interrupted_run_updates_nothing(project: Project) -> None:
    """Ctrl-C leaves the list unchanged, even after every case has been judged."""
    project.pytester.makepyfile(
        interrupting="""
        def pytest_runtest_logfinish(nodeid):
            if nodeid == LAST:
                raise KeyboardInterrupt

        def pytest_collection_finish(session):
            global LAST
            LAST = session.items[-1].nodeid
        """
    )
    run = listing(project.with_adapter_for_some_graphs(RIGHT), entry("matrix/towers/plain"))
    before = known_toml(project)
    result = run.given("--metagraph-update-known-failures", "-p", "interrupting").run_apart()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert known_toml(project) == before
    result.stdout.fnmatch_lines(["known.toml was not updated: the run was interrupted; let it finish"])


def test_workers_use_the_list_and_the_controller_checks_it(project: Project) -> None:
    """With xdist, verdicts and problems of the list are the same, and each problem is printed once."""
    entries = [entry(CLEARED), entry("matrix/tower/*")]
    run = listing(project.with_adapter(KEEPS_DEVICES), *entries).case(TOWERS).given("-n2")
    result = run.run()
    result.assert_outcomes(passed=3, xfailed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.stdout.str().count("known.toml:8: entry 2 matches nothing in the corpus") == 1


def test_workers_need_no_file(project: Project) -> None:
    """The workers receive the text of the list, because the file may not exist where they run."""
    run = listing(project.with_adapter(KEEPS_DEVICES), entry(CLEARED)).case(TOWERS).given("-n2")
    project.pytester.makeconftest(
        """
        import pathlib

        def pytest_configure(config):
            if hasattr(config, "workerinput"):
                pathlib.Path("known.toml").unlink(missing_ok=True)
        """
    )
    run.run().assert_outcomes(passed=3, xfailed=1)
    assert not (project.pytester.path / "known.toml").exists()


def test_an_update_after_workers_is_the_same(project: Project) -> None:
    """Runs with and without workers write the same list, even with different hash seeds."""
    written = []
    for seed, arguments in (("1", ["-n2"]), ("2", ["-p", "no:xdist"])):
        run = project.with_adapter_for_some_graphs(WRONG_IN_SEVERAL_WAYS).given(
            "--metagraph-known-failures=known.toml",
            "--metagraph-update-known-failures",
            "--metagraph-tier=smoke",
            *arguments,
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONHASHSEED", seed)
            run.run_apart()
        written.append(known_toml(project))
        Path(project.pytester.path / "known.toml").unlink()
    assert written[0].count("[[known_failure]]") > 1
    assert written[0] == written[1]


def test_several_lists_hold_together(project: Project) -> None:
    """Each list covers its cases; the terminal and the line that runs a case again name all of them."""
    listing(project.with_adapter(KEEPS_DEVICES), entry(CLEARED))
    project.pytester.path.joinpath("other.toml").write_text(entry("DEV-02/*", exporter_version='"<1"'))
    adapter = textwrap.dedent(KEEPS_DEVICES) + "export.version = '1.4'\n"
    run = project.with_adapter(adapter).given(
        "--metagraph-known-failures=known.toml", "--metagraph-known-failures=other.toml"
    )
    result = run.case(CLEARED).run()
    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "*known failures: known.toml, other.toml*",
            "1 of 1 cases fail as the lists say",
            "other.toml: no entry applies to version 1.4 of this exporter; the entries are for <1",
        ]
    )


def test_an_entry_of_two_lists_overlaps(project: Project) -> None:
    """A case that two lists cover is a problem of the lists, with the place in each."""
    run = listing(project.with_adapter(KEEPS_DEVICES), entry(CLEARED))
    project.pytester.path.joinpath("other.toml").write_text(entry(CLEARED))
    result = run.given("--metagraph-known-failures=other.toml").case(CLEARED).run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"other.toml:*: entry 1 overlaps entry 1 (known.toml:*) at {CLEARED}; *"])


def test_several_lists_in_the_ini_file(project: Project) -> None:
    """The option is one text with a list on each line, because it used to be one list."""
    listing(project.with_adapter(KEEPS_DEVICES), entry(CLEARED))
    project.pytester.path.joinpath("other.toml").write_text(entry("DEV-02/*"))
    project.pytester.makeini(
        "[pytest]\nmetagraph_known_failures =\n    known.toml\n    other.toml\npythonpath = ."
    )
    run = project.with_adapter(KEEPS_DEVICES).given("--metagraph-tier=smoke")
    run.case(CLEARED).run().assert_outcomes(xfailed=1)
