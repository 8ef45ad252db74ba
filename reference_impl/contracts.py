"""The two contracts, and the version of TensorFlow that they are about."""

from __future__ import annotations

import enum

TENSORFLOW_VERSION = "2.21.0"
"""The TensorFlow whose behaviour the kit describes, and from which its data is recorded."""

TENSORFLOW_MINOR = TENSORFLOW_VERSION.rpartition(".")[0]
"""The same without the patch version, as texts for people name it."""


class Contract(enum.StrEnum):
    """The rules that an export follows where the documentation and TensorFlow differ.

    `DOCUMENTED` is what the public documentation promises and, if it is silent, what TensorFlow does.
    `TENSORFLOW` is what TensorFlow 2.21 does.
    """

    DOCUMENTED = "documented"
    TENSORFLOW = "tensorflow"
