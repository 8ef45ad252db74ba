"""The version of the project. This module imports nothing, so that `metagraph --version` is quick."""

__version__ = "0.1.0"
