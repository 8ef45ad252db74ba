"""Each code block of the README, of docs/ and of the other pages does what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_blocks import DocumentRunner, blocks_of, command_environment
from reports_of_commands import invalid_reports

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_the_code_blocks_of_a_document_do_what_they_show(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who types what a document shows gets what it shows."""
    folder = tmp_path / "document"
    folder.mkdir()
    monkeypatch.chdir(folder)
    runner = DocumentRunner(document, folder, command_environment(tmp_path))
    for block in blocks_of(document):
        runner.run(block)
    assert invalid_reports(folder) == {}


def test_a_block_that_is_not_run_says_why(tmp_path: Path) -> None:
    """A block with a reason is skipped, and a block without a reason is an error."""
    document = tmp_path / "page.md"
    document.write_text('```console not-run="a reason"\n$ false\n```\n```console not-run\n$ false\n```\n')
    with_reason, without = blocks_of(document)
    runner = DocumentRunner(document, tmp_path, command_environment(tmp_path))
    runner.run(with_reason)
    with pytest.raises(AssertionError, match=r"page\.md:4: say why"):
        runner.run(without)


def test_the_speed_of_the_machine_does_not_count(tmp_path: Path) -> None:
    """Another duration and lines of progress are the same output; a line that only looks similar is not."""
    document = tmp_path / "slow.md"
    shown = "2 failed in 0.41s"
    slow = "printf 'metagraph: reading a.meta ... 6 s\\n2 failed in 71.30s (0:01:11)\\n'"
    document.write_text(f"```console\n$ {slow}\n{shown}\n$ {slow.replace('2 f', '3 f')}\n{shown}\n```\n")
    runner = DocumentRunner(document, tmp_path, command_environment(tmp_path))
    with pytest.raises(AssertionError, match="3 failed"):
        runner.run(next(blocks_of(document)))


def test_a_block_with_wrong_output_is_seen(tmp_path: Path) -> None:
    """A command that prints something else than its document says fails."""
    document = tmp_path / "wrong.md"
    document.write_text("```console\n$ echo right\nwrong\n```\n", encoding="utf-8")
    runner = DocumentRunner(document, tmp_path, command_environment(tmp_path))
    with pytest.raises(AssertionError, match="echo right"):
        runner.run(next(blocks_of(document)))
