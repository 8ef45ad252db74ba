"""`python -m pytest_metagraph`: the command `metagraph`, for when its script is not on the path."""

from __future__ import annotations

import sys

from pytest_metagraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
