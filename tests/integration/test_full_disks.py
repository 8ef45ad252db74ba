"""A disk that is really full: a small one is mounted where that is permitted."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from user_process import CASES, EXPORTER, RUN, run_metagraph, run_python, sample_graph


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a disk of one megabyte of which all but a few bytes are taken."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("there is no program `mount`")
    words = [mount, "-t", "tmpfs", "-o", "size=1m", "metagraph-test", str(folder)]
    mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run([umount, "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Write a file until the disk is full."""
    with (folder / "rest").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def test_an_export_to_a_full_disk_leaves_what_was_there(small_disk: Path, tmp_path: Path) -> None:
    """The command ends with 2 and the reason, the older file stays, and no part of the new one is left."""
    (tmp_path / "in.meta").write_bytes(sample_graph().SerializeToString())
    (small_disk / "out.meta").write_bytes(b"older")
    fill(small_disk)
    ended = run_metagraph("export", "in.meta", str(small_disk / "out.meta"), folder=tmp_path)
    assert ended.returncode == 2
    assert "No space left on device" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert (small_disk / "out.meta").read_bytes() == b"older"
    assert {path.name for path in small_disk.iterdir()} == {"out.meta", "rest"}


def test_a_run_that_finds_no_place_for_its_folder_blames_nobody(tmp_path: Path) -> None:
    """The run stops with the reason, and not with an error for each case, if no folder can be made at all."""
    refuse = (
        "import errno, pytest\n"
        "def refuse(self): raise OSError(errno.ENOSPC, 'No space left on device', 'base')\n"
        "pytest.TempPathFactory.getbasetemp = refuse\n"
    )
    (tmp_path / "full.py").write_text(refuse)
    words = (*RUN, EXPORTER, CASES, "-p", "full", "-n", "0")
    ended = run_python("-m", "pytest", *words, folder=tmp_path)
    assert ended.returncode not in {0, 5}
    assert "no folder to export to can be made" in ended.stdout + ended.stderr
    assert "No space left on device" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_a_run_on_a_full_disk_blames_nobody(
    options: tuple[str, ...], small_disk: Path, tmp_path: Path
) -> None:
    """The run stops with the reason, and no case fails, if exporters cannot write to the kit's folder."""
    (tmp_path / "filler.py").write_text(
        "import pathlib\n"
        "import pytest\n"
        "@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_runtest_call(item):\n"
        f"    with open({str(small_disk / 'rest')!r}, 'wb', buffering=0) as file:\n"
        "        try:\n"
        "            while True:\n"
        "                file.write(bytes(4096))\n"
        "        except OSError:\n"
        "            pass\n"
    )
    base = small_disk / "base"
    ended = run_python(
        "-m", "pytest", *RUN, EXPORTER, CASES, "--basetemp", str(base), *options, folder=tmp_path,
        PYTEST_PLUGINS="filler",
    )  # fmt: skip
    assert ended.returncode not in {0, 5}
    assert "there is no space left" in ended.stdout + ended.stderr
    assert "differs from the expected" not in ended.stdout


def test_a_report_on_a_full_disk_is_a_usage_error(small_disk: Path, tmp_path: Path) -> None:
    """A report that cannot be written is refused or said to be lost, and never a success."""
    fill(small_disk)
    words = (*RUN, EXPORTER, CASES, f"--metagraph-report={small_disk / 'r.jsonl'}")
    ended = run_python("-m", "pytest", *words, folder=tmp_path, TMPDIR=tempfile.gettempdir())
    assert ended.returncode not in {0, 5}
    assert "No space left on device" in ended.stdout + ended.stderr
    assert not (small_disk / "r.jsonl").exists() or not (small_disk / "r.jsonl").read_bytes()


def test_a_limit_of_file_sizes_blames_nobody(tmp_path: Path) -> None:
    """The run stops with the reason, and no case fails, if exporters may not write large files."""
    case = "--metagraph-case=real/language_model/*"
    ended = run_python("-m", "pytest", *RUN, EXPORTER, case, folder=tmp_path, most_bytes=2_000_000)
    assert ended.returncode not in {0, 5}
    assert "the limit of file sizes is too low" in ended.stdout + ended.stderr
    assert "raise it with `ulimit -f`" in ended.stdout + ended.stderr
    assert "1 failed" not in ended.stdout
