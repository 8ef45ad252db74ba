"""Names of version 0.1.0 that still work for one version."""

from __future__ import annotations

import pytest

from pytest_metagraph import diff


def test_code_is_difference_code() -> None:
    """`Code` is the class `DifferenceCode`, with a warning at the line that uses it."""
    with pytest.warns(
        DeprecationWarning, match=r"^pytest_metagraph\.diff\.Code is deprecated; use"
    ) as caught:
        assert diff.Code is diff.DifferenceCode
    assert [warning.filename for warning in caught] == [__file__]


def test_other_names_do_not_exist() -> None:
    """A name that never existed is an AttributeError, as in any module."""
    with pytest.raises(AttributeError, match="has no attribute 'Comparison'"):
        _ = diff.Comparison
