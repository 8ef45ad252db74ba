"""Two real older TensorFlows, installed from their pins, break the rules that they are known to break."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tensorflows import VARIABLE

from conformance_cases import Tier
from pytest_metagraph.exporters.connect import open_client
from pytest_metagraph.settings import Settings
from pytest_metagraph.versions.environments import EnvironmentMissingError, environment_of, find_interpreter
from pytest_metagraph.versions.judging import export, report_of
from pytest_metagraph.versions.pins import release_of

pytestmark = pytest.mark.slow

BLAMED: dict[str, set[str]] = {
    "1.15.5": {"OPS-02"},
    "2.6.5": set(),
}
"""The rules that each version breaks in the smoke tier; see docs/reference/tensorflow-versions.md."""


@pytest.mark.parametrize("version", BLAMED)
def test_an_older_tensorflow_breaks_these_rules_alone(version: str, tmp_path: Path) -> None:
    """Judged with its own ops, a release fails only the rules that its exporting code does not follow."""
    release = release_of(version)
    try:
        find_interpreter(release.python)
    except EnvironmentMissingError as error:
        pytest.skip(str(error))
    python = environment_of(
        release, Path(os.environ.get(VARIABLE, tmp_path / "environments")).absolute(), print
    )
    answers = export(python, release.package, tmp_path / "work", Tier.SMOKE, print)
    settings = Settings(exports=str(answers), contract="tensorflow", tier="smoke")
    with open_client(exports=settings.exports, seconds=settings.timeout) as client:
        report = report_of(client, settings, lambda _: None)
    assert client.version == version
    assert client.environment["python"].startswith(release.python)
    assert {name for result in report.results for name in result.blamed} == BLAMED[version]
    assert report.is_valid
