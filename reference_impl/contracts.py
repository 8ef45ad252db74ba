"""The two contracts: what the documentation promises, and what TensorFlow 2.21 does."""

from __future__ import annotations

import enum


class Contract(enum.StrEnum):
    """Which of two truths an export follows where they differ.

    `DOCUMENTED` is what the public documentation promises and, where it is silent, what TensorFlow does.
    `TENSORFLOW` is what TensorFlow 2.21 does.
    """

    DOCUMENTED = "documented"
    TENSORFLOW = "tensorflow"
