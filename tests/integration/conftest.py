"""The fixture of the integration tests."""

from __future__ import annotations

import pytest
from user_project import Project


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """An empty project that runs the whole default tier of the corpus."""
    return Project(pytester)
