"""Lets the tests of hostile input use the samples that other tests are made of."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

_UNIT = Path(__file__).parents[1] / "unit"

# The differ loads it when it is first needed, and the watch would take its import for code from an input.
importlib.import_module("deepdiff")

sys.path.extend(str(_UNIT / name) for name in ("fuzzing", "reports"))
