"""The fixture metagraph_snapshot: what it compares, and which files it touches."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from user_project import Project

# pytester forgets what a run imports. Imported here, the differ is set up once and not in each run.
from pytest_metagraph.diff import assert_meta_graph_equal
from reference_impl.schema import MetaGraphDef

HEADER = """
import pytest
from reference_impl.schema import MetaGraphDef

def model(*ops):
    message = MetaGraphDef()
    for op in ops:
        message.graph_def.node.add(name=op.lower(), op=op)
    return message
"""
ONE = "def test_export(metagraph_snapshot):\n    metagraph_snapshot(model('A', 'B'))\n"
CHANGED = ONE.replace("'B'", "'C'")
TWO = f"{ONE}    metagraph_snapshot(model('D'), name='other')\n"
TEST = "test_own"


@pytest.fixture
def own_tests(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project with tests of its own, outside continuous integration."""
    monkeypatch.delenv("CI", raising=False)
    return Project(project.pytester, ("-p", "no:cacheprovider"))


def _run(project: Project, tests: str, *update: str) -> pytest.RunResult:
    """Run tests with some updates."""
    (project.pytester.path / f"{TEST}.py").write_text(HEADER + tests, encoding="utf-8")
    return project.given(*(f"--metagraph-snapshot-update={','.join(update)}",) * bool(update)).run()


def _folder(project: Project) -> Path:
    return project.pytester.path / "__metagraph_snapshots__" / TEST


def _files(project: Project) -> dict[str, bytes]:
    """Return the contents of the files in the folder of snapshots."""
    return {path.name: path.read_bytes() for path in sorted(_folder(project).glob("*"))}


OTHER_KINDS = """
import pytest
from reference_impl.schema import FunctionDefLibrary, GraphDef, SavedModel

def graph(op):
    message = GraphDef()
    message.node.add(name='n', op=op)
    return message

def library(op):
    message = FunctionDefLibrary()
    message.function.add().signature.name = 'f'
    message.function[0].node_def.add(name='n', op=op)
    return message

def saved(op):
    message = SavedModel()
    for tags in (['serve'], ['serve', 'gpu']):
        meta_graph = message.meta_graphs.add()
        meta_graph.meta_info_def.tags.extend(tags)
        meta_graph.graph_def.node.add(name='n', op=op if 'gpu' in tags else 'Same')
    return message

@pytest.mark.parametrize('kind', [graph, library])
def test_export(kind, metagraph_snapshot):
    metagraph_snapshot(kind('A'))

def test_saved(metagraph_snapshot):
    metagraph_snapshot(saved('A'), tags=['gpu', 'serve'])
    metagraph_snapshot(saved('A').SerializeToString(), tags=['serve'])
"""


def test_graphs_libraries_and_saved_models_have_snapshots(own_tests: Project) -> None:
    """A GraphDef, a library, and the meta graph with the given tags are kept and compared as they are."""
    _run(own_tests, OTHER_KINDS, "create").assert_outcomes(passed=3)
    files = _files(own_tests)
    heads = [data.split(b"\n")[1] for data in files.values()]
    assert sorted(heads) == [
        b"# proto-message: tensorflow.FunctionDefLibrary",
        b"# proto-message: tensorflow.GraphDef",
        *[b"# proto-message: tensorflow.MetaGraphDef"] * 2,
    ]
    _run(own_tests, OTHER_KINDS).assert_outcomes(passed=3)
    _run(own_tests, OTHER_KINDS.replace("('A')", "('B')")).assert_outcomes(failed=3)
    swapped = OTHER_KINDS.replace(
        "metagraph_snapshot(kind('A'))", "metagraph_snapshot(saved('A'), tags=['serve'])"
    )
    result = _run(own_tests, swapped)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["*UnusableInputError: the expected side * is a GraphDef, not a MetaGraphDef*"]
    )
    _run(own_tests, swapped, "fix").assert_outcomes(passed=3)
    assert all(b"MetaGraphDef" in data for data in _files(own_tests).values())


def test_a_missing_snapshot_fails_and_is_not_written(own_tests: Project) -> None:
    """No file is written unless that is requested; the failure says how to request it."""
    result = _run(own_tests, ONE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*SnapshotError: there is no snapshot *test_export.pbtxt", "*--metagraph-snapshot-update=create *"]
    )
    assert _files(own_tests) == {}


def test_a_created_snapshot_is_compared_from_then_on(own_tests: Project) -> None:
    """A missing snapshot is created as text, listed in the summary, and compared in every later run."""
    created = _run(own_tests, ONE, "create")
    created.assert_outcomes(passed=1)
    created.stdout.fnmatch_lines(["1 created: __metagraph_snapshots__/test_own/test_export.pbtxt"])
    files = _files(own_tests)
    assert list(files) == ["test_export.pbtxt"]
    assert b'\ngraph_def {\n  node {\n    name: "a"\n    op: "A"\n  }\n' in files["test_export.pbtxt"]
    expected = MetaGraphDef()
    expected.graph_def.node.add(name="a", op="A")
    expected.graph_def.node.add(name="b", op="B")
    assert_meta_graph_equal(actual=_folder(own_tests) / "test_export.pbtxt", expected=expected)
    again = _run(own_tests, ONE)
    again.assert_outcomes(passed=1)
    again.stdout.no_fnmatch_line("*metagraph snapshots*")
    changed = _run(own_tests, CHANGED, "create")
    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(
        ["*MetaGraphMismatch: 2 kinds of difference*", "*- b (B)*", "*--metagraph-snapshot-update=fix *"]
    )
    assert _files(own_tests) == files


def test_fix_rewrites_what_differs(own_tests: Project) -> None:
    """A snapshot that differs is rewritten if that is requested, and then has the new message."""
    _run(own_tests, ONE, "create")
    fixed = _run(own_tests, CHANGED, "fix")
    fixed.assert_outcomes(passed=1)
    fixed.stdout.fnmatch_lines(["1 fixed: *test_export.pbtxt"])
    _run(own_tests, CHANGED).assert_outcomes(passed=1)
    _run(own_tests, ONE).assert_outcomes(failed=1)


def test_fix_does_not_rewrite_an_equal_snapshot(own_tests: Project) -> None:
    """A snapshot with another order of the nodes is not rewritten."""
    _run(own_tests, ONE, "create")
    files = _files(own_tests)
    _run(own_tests, ONE.replace("'A', 'B'", "'B', 'A'"), "create", "fix", "trim").assert_outcomes(passed=1)
    assert _files(own_tests) == files


def test_fix_creates_nothing(own_tests: Project) -> None:
    """The updates fix and trim do not create a missing snapshot."""
    _run(own_tests, ONE, "fix", "trim").assert_outcomes(failed=1)
    assert _files(own_tests) == {}


def test_fix_repairs_a_damaged_snapshot(own_tests: Project) -> None:
    """A snapshot that cannot be read, such as after a merge, is an error, and can be fixed."""
    _run(own_tests, ONE, "create")
    path = _folder(own_tests) / "test_export.pbtxt"
    path.write_bytes(path.read_bytes() + b"<<<<<<< HEAD\n")
    damaged = _run(own_tests, ONE)
    damaged.assert_outcomes(failed=1)
    damaged.stdout.fnmatch_lines(["*UnusableInputError: the expected side cannot be used*"])
    _run(own_tests, ONE, "fix").assert_outcomes(passed=1)
    _run(own_tests, ONE).assert_outcomes(passed=1)


@pytest.mark.parametrize("ci", ["true", "1"])
def test_nothing_is_written_in_ci(own_tests: Project, monkeypatch: pytest.MonkeyPatch, ci: str) -> None:
    """In continuous integration no update happens, and the run says why."""
    _run(own_tests, TWO, "create")
    files = _files(own_tests)
    monkeypatch.setenv("CI", ci)
    _run(own_tests, CHANGED, "create", "fix", "trim").assert_outcomes(failed=1)
    missing = "def test_new(metagraph_snapshot):\n    metagraph_snapshot(model('A'))\n"
    result = _run(own_tests, ONE + missing, "create", "fix", "trim")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["1 unused: *", "nothing was updated: the environment variable CI is set"])
    assert _files(own_tests) == files


def test_trim_deletes_what_a_test_no_longer_uses(own_tests: Project) -> None:
    """A snapshot that its test no longer uses is reported, and deleted if that is requested."""
    _run(own_tests, TWO, "create")
    assert list(_files(own_tests)) == ["test_export-other.pbtxt", "test_export.pbtxt"]
    told = _run(own_tests, ONE)
    told.assert_outcomes(passed=1)
    told.stdout.fnmatch_lines(["1 unused: *test_export-other.pbtxt", "--metagraph-snapshot-update=trim *"])
    trimmed = _run(own_tests, ONE, "trim")
    trimmed.assert_outcomes(passed=1)
    trimmed.stdout.fnmatch_lines(["1 trimmed: *test_export-other.pbtxt"])
    assert list(_files(own_tests)) == ["test_export.pbtxt"]


@pytest.mark.parametrize(
    "tests",
    [
        f"{ONE}    assert False\n",
        f"{ONE}    pytest.skip('not today')\n",
        f"@pytest.mark.xfail(strict=True)\n{ONE}    assert False\n",
        "def test_another(): pass\n",
    ],
    ids=["failed", "skipped", "expected to fail", "did not run"],
)
def test_trim_needs_a_test_that_passed(own_tests: Project, tests: str) -> None:
    """Snapshots of a test that failed, was skipped or did not run are not deleted."""
    _run(own_tests, TWO, "create")
    files = _files(own_tests)
    _run(own_tests, tests, "trim")
    assert _files(own_tests) == files


def test_trim_leaves_what_is_not_its_own(own_tests: Project) -> None:
    """Files that the plugin did not write, that were changed, or that belong to another test stay."""
    longer = ONE.replace("test_export(", "test_export_all(")
    _run(own_tests, f"{TWO}    metagraph_snapshot(model('E'), name='edited')\n{longer}", "create")
    folder = _folder(own_tests)
    (folder / "test_export-foreign.pbtxt").write_text("graph_def { }\n", encoding="utf-8")
    (folder / "test_export-notes.txt").write_text("mine\n", encoding="utf-8")
    edited = folder / "test_export-edited.pbtxt"
    edited.write_bytes(edited.read_bytes().replace(b'"E"', b'"F"'))
    before = _files(own_tests)
    result = _run(own_tests, ONE, "trim")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 trimmed: *-other.pbtxt", "1 unused: *-edited.pbtxt"])
    assert before.pop("test_export-other.pbtxt")
    assert _files(own_tests) == before


@pytest.mark.parametrize("content", ["graph_def { }\n", "", "\x00binary"])
def test_a_foreign_file_is_never_overwritten(own_tests: Project, content: str) -> None:
    """A file of this name that the plugin did not write stays unchanged, and the failure says so."""
    _folder(own_tests).mkdir(parents=True)
    (_folder(own_tests) / "test_export.pbtxt").write_text(content, encoding="utf-8")
    files = _files(own_tests)
    result = _run(own_tests, ONE, "create", "fix", "trim")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*was not written by this plugin, and stays unchanged; move it away*"])
    assert _files(own_tests) == files


def test_the_snapshot_of_another_test_is_never_used(own_tests: Project) -> None:
    """A file belongs to the test that its head names, whatever the name of the file."""
    _run(own_tests, ONE, "create")
    folder = _folder(own_tests)
    (folder / "test_export.pbtxt").rename(folder / "test_new.pbtxt")
    files = _files(own_tests)
    result = _run(own_tests, ONE.replace("test_export", "test_new"), "fix")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*is the snapshot of another test, test_own.py::test_export, and stays*"])
    assert _files(own_tests) == files


def test_snapshots_of_one_test(own_tests: Project) -> None:
    """Snapshots without a name are numbered; a name can be used once, and must be valid in a file name."""
    tests = """
def test_numbers(metagraph_snapshot):
    metagraph_snapshot(model('A'))
    metagraph_snapshot(model('B'))

def test_names(metagraph_snapshot):
    metagraph_snapshot(model('A'), name='a')
    with pytest.raises(ValueError, match="already has a snapshot 'a'"):
        metagraph_snapshot(model('A'), name='a')
    with pytest.raises(ValueError, match="is not a valid name of a snapshot"):
        metagraph_snapshot(model('A'), name='../a')

@pytest.mark.parametrize("what", ["a/b", "a:b", "a b"])
class TestKinds:
    def test_kind(self, metagraph_snapshot, what):
        metagraph_snapshot(model(what.replace("/", "1").replace(":", "2").replace(" ", "3")))
"""
    _run(own_tests, tests, "create").assert_outcomes(passed=5)
    _run(own_tests, tests).assert_outcomes(passed=5)
    names = list(_files(own_tests))
    assert [name for name in names if "Kinds" not in name] == [
        "test_names-a.pbtxt",
        "test_numbers-2.pbtxt",
        "test_numbers.pbtxt",
    ]
    assert len([name for name in names if name.startswith("TestKinds.test_kind[a-b]-")]) == 3


def test_options_of_the_comparison(own_tests: Project) -> None:
    """A snapshot is compared with the options that the test passes."""
    strict = ONE.replace("'B')", "'B'), options=pytest_metagraph.CompareOptions.strict()")
    tests = f"import pytest_metagraph\n{strict}"
    _run(own_tests, tests, "create").assert_outcomes(passed=1)
    _run(own_tests, tests).assert_outcomes(passed=1)
    _run(own_tests, tests.replace("'A', 'B'", "'B', 'A'")).assert_outcomes(failed=1)


def test_a_message_that_is_more_than_its_text_is_refused(own_tests: Project) -> None:
    """A message with fields that the schema does not know, which have no text, is not written."""
    unknown = "MetaGraphDef.FromString(bytes([0xC2, 0x3E, 1, 120]))"
    result = _run(own_tests, ONE.replace("model('A', 'B')", unknown), "create")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*cannot be written: the text of this message lacks a part of it*"])
    assert _files(own_tests) == {}


def test_workers_of_xdist_update_and_report(own_tests: Project) -> None:
    """Every worker of pytest-xdist updates the snapshots of its tests, and one summary lists them all."""
    tests = "".join(ONE.replace("test_export", f"test_{number}") for number in range(6))
    (own_tests.pytester.path / f"{TEST}.py").write_text(HEADER + tests, encoding="utf-8")
    result = own_tests.given("-n", "2", "--metagraph-snapshot-update=create").run()
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["6 created: *test_0.pbtxt, *test_4.pbtxt and 1 more"])
    assert result.stdout.str().count("= metagraph snapshots =") == 1
    assert len(_files(own_tests)) == 6
    fewer = tests.replace("metagraph_snapshot(model", "str(model", 1)
    (own_tests.pytester.path / f"{TEST}.py").write_text(HEADER + fewer, encoding="utf-8")
    result = own_tests.given("-n", "2", "--metagraph-snapshot-update=trim").run()
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["1 trimmed: *test_0.pbtxt"])


RENAMED = ONE.replace("test_export(", "test_renamed(")


@pytest.mark.parametrize("options", [(), ("-n2",), ("-k", "nothing")], ids=["plain", "xdist", "-k"])
def test_the_snapshot_of_a_renamed_test_is_reported(own_tests: Project, options: tuple[str, ...]) -> None:
    """A snapshot whose test is no longer in the module is listed, and never deleted."""
    _run(own_tests, ONE, "create")
    (own_tests.pytester.path / f"{TEST}.py").write_text(HEADER + RENAMED, encoding="utf-8")
    result = own_tests.given("--metagraph-snapshot-update=trim", *options).run()
    result.stdout.fnmatch_lines(
        ["1 of tests that no longer exist: *test_export.pbtxt", "a test was renamed or removed: *"]
    )
    assert list(_files(own_tests)) == ["test_export.pbtxt"]


def test_a_test_that_was_not_selected_still_exists(own_tests: Project) -> None:
    """A run of one test by its node id, or by -k, does not report the snapshots of the others."""
    both = ONE + ONE.replace("test_export(", "test_other(")
    _run(own_tests, both, "create")
    by_id = dataclasses.replace(own_tests, arguments=(f"{TEST}.py::test_other",))
    for run in (by_id, own_tests.given("-k", "test_other")):
        result = run.run()
        result.assert_outcomes(passed=1, deselected=0 if run is by_id else 1)
        assert "metagraph snapshots" not in result.stdout.str()


def test_a_missing_snapshot_shows_the_test_alone(own_tests: Project) -> None:
    """The traceback ends in the line of the test; no frame of the kit is shown."""
    output = _run(own_tests, ONE).stdout.str()
    assert "there is no snapshot" in output
    assert "pytest_metagraph/" not in output
    assert f"{TEST}.py:" in output


def test_the_ini_file_can_request_updates(own_tests: Project) -> None:
    """The ini file can name the updates, and the command line overrides it."""
    own_tests.pytester.makeini("[pytest]\nmetagraph_snapshot_update = create, fix")
    _run(own_tests, ONE).assert_outcomes(passed=1)
    _run(own_tests, CHANGED, "trim").assert_outcomes(failed=1)
    _run(own_tests, CHANGED).assert_outcomes(passed=1)


def test_an_unknown_category_ends_the_run(own_tests: Project) -> None:
    """A misspelt update is a usage error, instead of an update that silently does nothing."""
    (own_tests.pytester.path / f"{TEST}.py").write_text(HEADER + ONE, encoding="utf-8")
    result = own_tests.given("--metagraph-snapshot-update=create,fixed").run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*metagraph_snapshot_update: 'fixed' is not a valid update; use create, fix, trim*"]
    )
