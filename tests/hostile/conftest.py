"""Give the tests of hostile input the samples of other tests."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

_UNIT = Path(__file__).parents[1] / "unit"

# The differ imports it on first use, which the watch would mistake for code from an input.
importlib.import_module("deepdiff")

sys.path.extend(str(_UNIT / name) for name in ("fuzzing", "reports"))
