"""Each wrong exporter fails its case with a sentence that names the mistake, and the run goes on."""

from __future__ import annotations

import pytest
from user_project import PLAIN, REFUSED, Project

EVERYWHERE = "in every variant of the call."

WRONG = {
    "another message": (
        PLAIN,
        """
        def export(request):
            message = reference.export(request)
            message.graph_def.node[0].device = "/device:TPU:0"
            return message
        """,
        f"The returned message differs from the expected one (graph_def.node: device-changed), {EVERYWHERE}",
    ),
    "an error for a message": (
        PLAIN,
        """
        def export(request):
            raise KeyError("lost")
        """,
        f"The exporter raised KeyError instead of returning a message, {EVERYWHERE}",
    ),
    "a message for an error": (
        REFUSED,
        """
        def export(request):
            return request.graph
        """,
        f"The exporter returned a message instead of raising ValueError, {EVERYWHERE}",
    ),
    "another error": (
        REFUSED,
        """
        def export(request):
            raise TypeError("lost")
        """,
        f"The exporter raised TypeError instead of ValueError, {EVERYWHERE}",
    ),
    "a file beside an error": (
        REFUSED,
        """
        def export(request):
            if request.arguments["filename"]:
                Path(request.arguments["filename"]).write_bytes(b"")
            return reference.export(request)
        """,
        "The export left a file that was not requested: model.meta, in ",
    ),
    "an exit": (
        PLAIN,
        """
        def export(request):
            sys.exit(3)
        """,
        "The exporter exited without answering, in the variants returned; default_graph.",
    ),
    "nothing": (
        PLAIN,
        """
        def export(request):
            return None
        """,
        f"The answer of the exporter is not a MetaGraphDef, {EVERYWHERE}",
    ),
    "garbage": (
        PLAIN,
        r"""
        def export(request):
            return b"\xff\xff"
        """,
        f"The answer of the exporter is not a MetaGraphDef, {EVERYWHERE}",
    ),
    "an undeclared capability": (
        PLAIN,
        """
        from pytest_metagraph import Unsupported

        def export(request):
            if request.default_graph:
                raise Unsupported("default_graph")
            return reference.export(request)
        """,
        "The exporter answered that 'default_graph' is unsupported, but it does not declare that, in 8 of 16",
    ),
    "a changed input": (
        PLAIN,
        """
        def export(request):
            message = reference.export(request)
            if request.arguments["as_text"]:
                request.graph.graph_def.node[0].name = "changed"
            return message
        """,
        "The exporter changed the graph that it was given, in 8 of 16 variants of the call",
    ),
    "a second answer": (
        "SCOPE-02/slash-at-the-end",
        """
        nodes = []

        def export(request):
            message = reference.export(request)
            message.graph_def.node.extend(nodes)
            nodes.append(message.graph_def.node[0])
            return message
        """,
        "The exporter answered differently when the same call was repeated, in the only variant of the call",
    ),
    "a stray file": (
        PLAIN,
        """
        def export(request):
            if request.arguments["filename"]:
                Path(request.arguments["filename"] + ".tmp").touch()
            return reference.export(request)
        """,
        "The export left a file that was not requested: model.meta.tmp, in 8 of 16 variants of the call",
    ),
    "a stray folder": (
        PLAIN,
        """
        def export(request):
            if request.arguments["filename"]:
                Path(request.arguments["filename"]).with_name("cache").mkdir()
            return reference.export(request)
        """,
        "The export left a file that was not requested: cache, in 8 of 16 variants of the call",
    ),
    "no file": (
        PLAIN,
        """
        def export(request):
            request.arguments["filename"] = None
            return reference.export(request)
        """,
        "The export did not write the file model.meta, in 8 of 16 variants of the call",
    ),
    "a binary file for text": (
        PLAIN,
        """
        def export(request):
            request.arguments["as_text"] = False
            return reference.export(request)
        """,
        "The file model.meta is not a MetaGraphDef in text format, in 4 of 16 variants of the call",
    ),
    "a truncated file": (
        PLAIN,
        """
        def export(request):
            message = reference.export(request)
            if request.arguments["filename"]:
                path = Path(request.arguments["filename"])
                path.write_bytes(path.read_bytes()[:-1])
            return message
        """,
        "The file model.meta is not a MetaGraphDef in binary format, in 4 of 16 variants of the call",
    ),
    "another message in the file": (
        PLAIN,
        """
        def export(request):
            message = reference.export(request)
            if request.arguments["filename"] and not request.arguments["as_text"]:
                changed = reference.export(request)
                changed.graph_def.node[0].name = "changed"
                Path(request.arguments["filename"]).write_bytes(changed.SerializeToString())
            return message
        """,
        "The file model.meta (binary format) differs from the returned message, in 4 of 16 variants",
    ),
    "another message in the text file": (
        PLAIN,
        """
        def export(request):
            message = reference.export(request)
            if request.arguments["filename"] and request.arguments["as_text"]:
                changed = reference.export(request)
                changed.graph_def.node[0].name = "changed"
                Path(request.arguments["filename"]).write_text(str(changed))
            return message
        """,
        "The file model.meta (text format) differs from the returned message, in 4 of 16 variants",
    ),
    "no debug info": (
        PLAIN,
        """
        def export(request):
            request.arguments["save_debug_info"] = False
            return reference.export(request)
        """,
        "The export did not write debug info to model_debug.meta, in 4 of 16 variants of the call",
    ),
    "debug info elsewhere": (
        "DBG-01/meta",
        """
        def export(request):
            message = reference.export(request)
            if request.arguments["filename"] and request.arguments["save_debug_info"]:
                path = Path(request.arguments["filename"])
                path.with_name("model_debug.meta").rename(path.with_name("model.debug"))
            return message
        """,
        "The export left a file that was not requested: model.debug, in every variant of the call",
    ),
    "debug info that is none": (
        PLAIN,
        r"""
        def export(request):
            message = reference.export(request)
            if request.arguments["filename"] and request.arguments["save_debug_info"]:
                Path(request.arguments["filename"]).with_name("model_debug.meta").write_bytes(b"\xff")
            return message
        """,
        "The file model_debug.meta is not a GraphDebugInfo in text format, in 2 of 16 variants of the call",
    ),
    "an error in two variants": (
        PLAIN,
        """
        def export(request):
            if request.default_graph and request.arguments["filename"] and request.arguments["as_text"]:
                raise OSError("disk full")
            return reference.export(request)
        """,
        "raised OSError instead of returning a message, in 2 of 16 variants of the call (file,as_text",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_exporter_fails_with_what_is_wrong(project: Project, name: str) -> None:
    """Each wrong exporter fails its case, and the text names the mistake and its variants."""
    case, source, sentence = WRONG[name]
    result = project.with_adapter(source).given("--metagraph-level=recommended").case(case).run()
    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert sentence in result.stdout.str()


def test_a_failure_names_case_call_rule_difference_and_command(project: Project) -> None:
    """A failure shows the case, its call, its blamed rule, its difference, and how to run it again."""
    _, source, _ = WRONG["another message"]
    result = project.with_adapter(source).case(PLAIN).run()
    command = "pytest -p pytest_metagraph --pyargs conformance_cases --metagraph-exporter=adapter:export"
    result.stdout.fnmatch_lines(
        [
            f"case {PLAIN}",
            "  export_meta_graph(graph=graph)",
            "  PATH-01 (*, observed): *",
            "*/device:TPU:0*",
            "run this case again:",
            f"    {command} --metagraph-case={PLAIN}",
        ]
    )


def test_a_failure_does_not_mention_the_revision_of_tensorflow(project: Project) -> None:
    """The version of another TensorFlow is a note of a failure; the revision of its sources is none."""
    source = """
    def export(request):
        message = reference.export(request)
        message.meta_info_def.tensorflow_version = "1.2.3"
        message.meta_info_def.tensorflow_git_version = "my-revision"
        message.graph_def.node[0].device = "/device:TPU:0"
        return message
    """
    output = project.with_adapter(source).case(PLAIN).run().stdout.str()
    assert "meta_info_def tensorflow_version: expected '2.21.0', actual '1.2.3'" in output
    assert "my-revision" not in output


def test_a_raising_exporter_shows_where(project: Project) -> None:
    """An unexpected exception is shown with the line of the exporter that raised it."""
    source = """
    def export(request):
        raise KeyError("lost on the way")
    """
    result = project.with_adapter(source).case(PLAIN).run()
    result.stdout.fnmatch_lines(['*adapter.py", line *, in export*', "*KeyError: 'lost on the way'"])


def test_the_other_cases_go_on(project: Project) -> None:
    """A crash in one case does not change the verdict of the next."""
    source = """
    def export(request):
        if "export_scope" in request.arguments:
            sys.exit(1)
        return reference.export(request)
    """
    scoped = "matrix/towers/collection_list=some,export_scope=tower_10"
    project.with_adapter(source).case(PLAIN, scoped).run().assert_outcomes(passed=1, failed=1)


def test_unsupported_capabilities_do_not_fail(project: Project) -> None:
    """Cases and variants that need an unsupported capability are skipped."""
    source = """
    def export(request):
        assert "export_scope" not in request.arguments
        assert not request.arguments["filename"]
        return reference.export(request)

    export.unsupported = {"export_scope", "files"}
    """
    scoped = "matrix/towers/collection_list=some,export_scope=tower_10"
    result = project.with_adapter(source).case(PLAIN, scoped).given("-rs").run()
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "SKIPPED*the exporter does not support export_scope",
            "*2 cases, 8 checks: 1 passed, 0 failed, 1 not supported by the exporter",
        ]
    )


def test_an_exporter_that_replaces_its_folder_deletes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link in place of the scratch folder is not followed, so its target does not change."""
    monkeypatch.setenv("TMPDIR", str(project.pytester.path))
    kept = project.pytester.mkdir("kept") / "file"
    kept.touch()
    source = f"""
    def export(request):
        message = reference.export(request)
        if request.arguments["filename"]:
            folder = Path(request.arguments["filename"]).parent
            folder.rename(folder.with_name(folder.name + "-moved"))
            folder.symlink_to({str(kept.parent)!r}, target_is_directory=True)
        return message
    """
    result = project.with_adapter(source).case(PLAIN).run_apart()
    spoiled = "The export spoiled the folder that it was given to write to: it was removed, or replaced"
    assert spoiled in result.stdout.str()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert kept.exists()


def test_an_error_of_the_kit_is_not_a_failure_of_the_exporter(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the kit is reported as such, not as a failure of the exporter."""

    def broken(*_arguments: object, **_keywords: object) -> None:
        raise ZeroDivisionError("the differ is broken")

    monkeypatch.setattr("pytest_metagraph.judging.answer_check.diff_meta_graphs", broken)
    _, source, _ = WRONG["another message"]
    result = project.with_adapter(source).case(PLAIN).run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "The kit itself failed here; this is not a finding about the exporter.*",
            "*ZeroDivisionError: the differ is broken",
            "*1 case, 0 checks: 0 passed, 0 failed, 1 broken by an error of the kit",
        ]
    )
