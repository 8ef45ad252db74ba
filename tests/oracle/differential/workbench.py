"""What the ingredients of a random graph share: TensorFlow, the dice, and the tensors made so far."""

from __future__ import annotations

import contextlib
import dataclasses
import random
from collections.abc import Callable, Iterator
from typing import Any

WIDTH = 2
"""Every tensor that ingredients hand on is a float32 vector of this length."""

DEVICES = (
    "/cpu:0",
    "/device:CPU:0",
    "/gpu:0",
    "/device:GPU:1",
    "/job:worker/task:1",
    "/job:ps/replica:0/task:0/device:CPU:0",
)


@dataclasses.dataclass
class Workbench:
    """A graph under construction.

    Attributes:
        tf: the tensorflow module. It is handed in, so that these files import without TensorFlow.
        rng: the dice of this graph.
        tensors: float32 vectors that later ingredients may read.
    """

    tf: Any
    rng: random.Random
    tensors: list[Any] = dataclasses.field(default_factory=list)
    _names: int = 0

    @property
    def v1(self) -> Any:
        """tf.compat.v1."""
        return self.tf.compat.v1

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.rng.random() < probability

    def name(self, stem: str) -> str:
        """A node name that is new in this graph."""
        self._names += 1
        return f"{stem}{self._names}"

    def any_tensor(self) -> Any:
        """A float32 vector: one made before, maybe in another scope, or a new constant."""
        if self.tensors and self.chance(0.8):
            return self.rng.choice(self.tensors)
        values = [self.rng.choice([0.0, -0.0, 1.5, float("inf"), float("nan")]) for _ in range(WIDTH)]
        return self.tf.constant(values, name=self.rng.choice(["c", "const", "k.1"]))

    def keep(self, tensor: Any) -> None:
        """Offer a float32 vector to later ingredients."""
        self.tensors.append(tensor)

    def some(self, candidates: list[Any], most: int) -> list[Any]:
        """Up to `most` of the candidates, without repetition."""
        return self.rng.sample(candidates, self.rng.randint(0, min(most, len(candidates))))

    @contextlib.contextmanager
    def place(self, scope: str) -> Iterator[None]:
        """Build in exactly this name and variable scope, maybe on a device, colocated, or after other ops.

        Args:
            scope: a scope, entered again as it is where it already exists; empty for the root.
        """
        with contextlib.ExitStack() as stack:
            if scope:
                stack.enter_context(
                    self.v1.variable_scope(scope, reuse=self.v1.AUTO_REUSE, auxiliary_name_scope=False)
                )
                stack.enter_context(self.v1.name_scope(scope + "/"))
            if self.chance(0.25):
                stack.enter_context(self.v1.device(self.rng.choice(DEVICES)))
            if self.tensors and self.chance(0.2):
                stack.enter_context(self.v1.control_dependencies(self.some(self.tensors, 3)))
            if self.tensors and self.chance(0.15):
                stack.enter_context(self.v1.colocate_with(self.rng.choice(self.tensors).op))
            yield

    @contextlib.contextmanager
    def control_flow(self, *, v2: bool) -> Iterator[None]:
        """Build cond and while as functions (v2) or as Switch, Merge and Enter nodes (v1)."""
        was_v2 = self.v1.control_flow_v2_enabled()
        _switch_control_flow(self.v1, v2=v2)
        try:
            yield
        finally:
            _switch_control_flow(self.v1, v2=was_v2)


Ingredient = Callable[[Workbench], None]


def _switch_control_flow(v1: Any, *, v2: bool) -> None:
    if v2:
        v1.enable_control_flow_v2()
    else:
        v1.disable_control_flow_v2()
