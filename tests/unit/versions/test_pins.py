"""The table of what each release of TensorFlow runs with, and the words that choose a release."""

from __future__ import annotations

import pytest

from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph.loadability.op_registries import known_versions
from pytest_metagraph.versions.pins import release_of


@pytest.mark.parametrize(
    ("words", "package", "python", "requirements"),
    [
        ("1.15.5", "tensorflow", "3.7", ("tensorflow==1.15.5", "protobuf<3.21", "numpy<1.19")),
        ("2.6.5", "tensorflow", "3.9", ("tensorflow-cpu==2.6.5", "protobuf<3.21", "numpy<1.24")),
        ("2.21.0", "tensorflow", "3.13", ("tensorflow-cpu==2.21.0",)),
        ("2.22.0rc1", "tensorflow", "3.13", ("tensorflow-cpu==2.22.0rc1",)),
        ("2.20.0", "tensorflow", "3.11", ("tensorflow-cpu==2.20.0", "protobuf<7")),
        ("2.20.0 protobuf>=7", "tensorflow", "3.11", ("tensorflow-cpu==2.20.0", "protobuf>=7")),
        ("2.20.0 wrapt<2", "tensorflow", "3.11", ("tensorflow-cpu==2.20.0", "protobuf<7", "wrapt<2")),
        ("tf-nightly-cpu", "tf-nightly-cpu", "3.13", ("tf-nightly-cpu",)),
        (
            "tensorflow-directml==1.15.8",
            "tensorflow-directml",
            "3.7",
            ("tensorflow-directml==1.15.8", "protobuf<3.21", "numpy<1.19"),
        ),
        (
            "intel_tensorflow==2.14.0",
            "intel-tensorflow",
            "3.11",
            ("intel-tensorflow==2.14.0", "numpy<2"),
        ),
    ],
)
def test_words_name_a_release_and_what_it_runs_with(
    words: str, package: str, python: str, requirements: tuple[str, ...]
) -> None:
    """A release has the interpreter and requirements of the table, unless the words replace one."""
    release = release_of(words)
    assert (release.package, release.python, release.requirements) == (package, python, requirements)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("2.x", "is not a release of TensorFlow"),
        ("2.20.0 protobuf>>7", "is not a release of TensorFlow"),
        ("jax==0.4", "does not know which Python and protobuf 'jax==0.4' needs"),
        ("intel-tensorflow==2.13.0", "does not know"),
        ("", "is not a release of TensorFlow"),
    ],
)
def test_words_that_name_no_release_are_refused(words: str, reason: str) -> None:
    """What the table does not know is refused with the way out, before anything is installed."""
    with pytest.raises(MetagraphError, match=reason):
        release_of(words)


def test_every_tensorflow_since_1_13_is_in_the_table() -> None:
    """The table has an entry for each minor version whose ops the kit knows, from 1.13 on."""
    versions = [tuple(map(int, version.split("."))) for version in known_versions()]
    for major, minor in versions:
        if (major, minor) >= (1, 13):
            assert release_of(f"{major}.{minor}.0").python


def test_releases_have_folders_of_their_own() -> None:
    """The environments of a release with other requirements do not share a folder."""
    words = ("2.20.0", "2.20.0 protobuf>=7", "2.20.0 protobuf<7", "tf-nightly-cpu")
    folders = [release_of(one).folder for one in words]
    assert folders[0] == "2.20.0"
    assert len(set(folders)) == len(words)
