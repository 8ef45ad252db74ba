"""Models of TensorFlow 2.21 that are made loadable compute in an older TensorFlow what they did in 2.21."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflows import interpreter_of

from pytest_metagraph.loadability.make_loadable import HAS_DEFAULT, NotConvertibleError, make_loadable

PROGRAMS = Path(__file__).parent / "loadable_models"
MODELS = (
    "arithmetic",
    "conditions_with_functions",
    "conditions_with_switches",
    "convolutional",
    "dataset",
    "functions",
    "recurrent_with_frames",
    "recurrent_with_functions",
    "reference_variables",
    "resource_variables",
    "separable_and_resized",
    "sparse_embeddings",
)

NEEDED = {
    "1.13": {
        "arithmetic": "op SelectV2",
        "convolutional": "op FusedBatchNormV3",
        "recurrent_with_functions": "2 data inputs, but its op takes 1",
    }
}
"""The models that a version cannot load, and what they need, by version."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the models that TensorFlow 2.21 exported, one folder for each."""
    folder = tmp_path_factory.mktemp("models")
    _run("2.21", "export_models.py", folder)
    return folder


@pytest.mark.parametrize("suffix", [".meta", ".pbtxt"])
@pytest.mark.parametrize("version", ["1.13", "1.14", "1.15", "2.3", "2.6"])
def test_models_of_2_21_compute_the_same_in_an_older_tensorflow(
    models: Path, version: str, suffix: str
) -> None:
    """Each model is imported, its checkpoint restored, and all its numbers are those of TensorFlow 2.21."""
    interpreter_of(version)
    needed = NEEDED.get(version, {})
    for name in MODELS:
        if name in needed:
            with pytest.raises(NotConvertibleError, match=needed[name]):
                make_loadable(models / name / "model.meta", tensorflow=version)
            continue
        made, _ = make_loadable(models / name / "model.meta", tensorflow=version)
        is_text = suffix == ".pbtxt"
        content = text_format.MessageToString(made).encode() if is_text else made.SerializeToString()
        (models / name / f"for-{version}{suffix}").write_bytes(content)
    outcomes = _outcomes(models, version, f"for-{version}{suffix}")
    assert {name: outcome for name, outcome in outcomes.items() if name not in needed} == dict.fromkeys(
        (name for name in MODELS if name not in needed), "equal"
    )


def test_the_models_lose_what_changes_no_result(models: Path) -> None:
    """The models hold attributes with values of their own that 1.13 lacks, so that their loss is proven."""
    lost = set()
    for name in MODELS:
        if name not in NEEDED["1.13"]:
            _, dropped = make_loadable(models / name / "model.meta", tensorflow="1.13")
            lost |= {removed.name for removed in dropped if removed.reason != HAS_DEFAULT}
    assert lost >= {
        "AssignVariableOp.validate_shape",
        "DisableCopyOnRead",
        "FunctionDef.control_ret",
        "MapDataset.metadata",
        "MatMul.grad_a",
        "PrefetchDataset.metadata",
        "StatelessIf._lower_using_switch_merge",
        "StatelessIf.output_shapes",
        "VarHandleOp.debug_name",
    }


def test_no_model_of_2_21_loads_in_1_15_as_it_was_exported(models: Path) -> None:
    """TensorFlow 1.15 refuses each model for an attribute that it does not know."""
    outcomes = _outcomes(models, "1.15", "model.meta")
    assert sorted(outcomes) == sorted(MODELS)
    assert {outcome.partition(" not in Op")[0].rpartition(" ")[0] for outcome in outcomes.values()} == {
        "ValueError: NodeDef mentions attr"
    }


def _outcomes(models: Path, version: str, meta: str) -> dict[str, str]:
    """Return what a TensorFlow says of each model, loaded from a file of its folder."""
    report = models.parent / f"report-{version}-{meta}.json"
    _run(version, "run_models.py", models, meta, report)
    outcomes: dict[str, str] = json.loads(report.read_bytes())
    return outcomes


def _run(version: str, program: str, *arguments: Path | str) -> None:
    """Run a program with the TensorFlow of a version."""
    command = [interpreter_of(version), PROGRAMS / program, *arguments]
    environment = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
