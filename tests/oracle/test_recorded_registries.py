"""The stored op registries are those of the real TensorFlows."""

from __future__ import annotations

import pytest
from tensorflows import interpreter_of

from pytest_metagraph.loadability.op_registries import known_versions, registry
from pytest_metagraph.loadability.registry_recording import ask_interpreter


@pytest.mark.parametrize("version", known_versions())
def test_a_stored_registry_is_what_its_tensorflow_lists(version: str) -> None:
    """Asking the interpreter of a release again gives the stored registry."""
    found = ask_interpreter(interpreter_of(version))
    stored = registry(version)
    assert (found.release, found.git, found.producer) == (stored.release, stored.git, stored.producer)
    assert (found.min_consumer, found.min_producer) == (stored.min_consumer, stored.min_producer)
    assert found.missing_names == stored.missing_names
    assert found.lazy_ops == stored.lazy_ops
    assert list(found.ops) == list(stored.ops)
    assert dict(found.ops) == dict(stored.ops)
