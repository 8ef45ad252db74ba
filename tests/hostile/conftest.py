"""Give the tests of hostile input the samples of other tests."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

# The differ imports it on first use, which the watch would mistake for code from an input.
importlib.import_module("deepdiff")

sys.path.append(str(Path(__file__).parents[1] / "unit" / "fuzzing"))
