"""The recorded op registries: their versions and contents, and that they are read only when needed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_metagraph.loadability import op_registries
from pytest_metagraph.loadability.op_registries import (
    UnknownVersionError,
    known_versions,
    op_history,
    registry,
)
from reference_impl.schema import OpList, registered_ops

FOLDER = Path(op_registries.__file__).parent

MINOR_VERSIONS = (
    *("1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "1.12", "1.13", "1.14", "1.15"),
    *("2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", "2.12"),
    *("2.13", "2.14", "2.15", "2.16", "2.17", "2.18", "2.19", "2.20", "2.21"),
)


def test_one_release_of_each_minor_version_is_recorded() -> None:
    """The versions are all from 1.4 to 2.21, and in the order of their numbers."""
    assert known_versions() == MINOR_VERSIONS


def test_a_registry_describes_its_release() -> None:
    """The versions of 1.15.5 are those of its `tf.version`."""
    found = registry("1.15")
    assert (found.version, found.release, found.git) == ("1.15", "1.15.5", "v1.15.4-39-g3db52be")
    assert (found.producer, found.min_consumer, found.min_producer) == (134, 0, 0)
    assert len(found.ops) == 1393


def test_the_registry_of_2_21_is_that_of_the_schema() -> None:
    """The registry equals the one that was recorded with the schema from the same TensorFlow."""
    assert dict(registry("2.21").ops) == dict(registered_ops())
    assert list(registry("2.21").ops) == list(registered_ops())


def test_a_registry_has_the_definitions_of_its_own_version() -> None:
    """Equal got `incompatible_shape_error` in 1.15, and 1.14 does not have it."""
    attrs = {
        version: [attr.name for attr in registry(version).ops["Equal"].attr] for version in ("1.14", "1.15")
    }
    assert attrs == {"1.14": ["T"], "1.15": ["T", "incompatible_shape_error"]}


def test_versions_that_define_an_op_alike_share_the_definition() -> None:
    """NoOp has never changed, so that a check of it need not be repeated for each version."""
    assert registry("1.4").ops["NoOp"] is registry("2.21").ops["NoOp"]
    assert [definition.versions for definition in op_history()["NoOp"]] == [MINOR_VERSIONS]


@pytest.mark.parametrize("version", MINOR_VERSIONS)
def test_each_registry_has_the_digest_that_was_recorded(version: str) -> None:
    """The stored ops are those that TensorFlow listed, without documentation."""
    described = json.loads((FOLDER / "op_registries.json").read_bytes())["releases"][version]
    ops = registry(version).ops
    listing = OpList(op=ops.values()).SerializeToString(deterministic=True)
    assert hashlib.sha256(listing).hexdigest() == described["sha256"]
    assert list(ops) == sorted(ops, key=str.encode)
    assert not any(op.summary or op.description for op in ops.values())


def test_the_recorded_files_are_small_and_unharmed() -> None:
    """Both files together have at most 600 KB, and the definitions have their digest."""
    files = [FOLDER / "op_registries.json", FOLDER / "op_definitions.xz"]
    assert sum(file.stat().st_size for file in files) <= 600_000
    recorded = json.loads(files[0].read_bytes())["sha256"]
    assert recorded == {"op_definitions.xz": hashlib.sha256(files[1].read_bytes()).hexdigest()}


def test_fields_and_values_that_a_release_lacks_are_known() -> None:
    """The protos of 1.15 lack the field for full types, those of 2.20 one type, those of 2.21 nothing."""
    assert "NodeDef.experimental_type" in registry("1.15").missing_names
    assert "NodeDef.device" not in registry("1.15").missing_names
    assert "FunctionDef.control_ret" in registry("1.13").missing_names
    assert registry("2.20").missing_names == {
        "DataType.DT_FLOAT4_E2M1FN",
        "DataType.DT_FLOAT4_E2M1FN_REF",
    }
    assert registry("2.21").missing_names == frozenset()


@pytest.mark.parametrize("version", ["1.3", "2.99", "", "1.15.5"])
def test_an_unknown_version_is_refused_with_the_versions_there_are(version: str) -> None:
    """The error for a version that is not recorded names it and the first and last recorded ones."""
    with pytest.raises(UnknownVersionError, match=r"is not a version .* from 1\.4 to 2\.21") as raised:
        registry(version)
    assert repr(version) in str(raised.value)


def test_an_import_reads_no_registry() -> None:
    """Neither of the two files is opened before a version is requested."""
    program = (
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "from pytest_metagraph.loadability import op_registries\n"
        "early = [path for path in opened if 'op_registries.json' in path or 'op_definitions' in path]\n"
        "op_registries.registry('1.15')\n"
        "late = [path for path in opened if 'op_registries.json' in path or 'op_definitions' in path]\n"
        "print(len(early), len(late))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "0 2\n"


def test_no_attribute_has_had_two_defaults() -> None:
    """An attribute that was added to its op has the same default in every version, so it can be dropped."""
    differing = []
    for name, definitions in op_history().items():
        first = {attr.name for attr in definitions[0].op.attr}
        defaults: dict[str, set[bytes]] = {}
        for definition in definitions:
            for attr in definition.op.attr:
                if attr.name not in first:
                    value = attr.default_value.SerializeToString(deterministic=True)
                    defaults.setdefault(attr.name, set()).add(value)
        differing += [f"{name}.{attr}" for attr, values in defaults.items() if len(values) > 1]
    assert differing == []
