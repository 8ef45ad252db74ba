"""Random graphs, each decided by its seed."""

from __future__ import annotations

import random
from typing import Any

from differential.ingredients import INGREDIENTS, SOME_BYTES, WITH_FUNCTIONS
from differential.workbench import Workbench
from pytest_metagraph.fuzzing.graph_defs import SCOPE_FAMILIES

SMALLEST, LARGEST = 20, 110
"""The range of the node count at which a random graph stops growing; its last ingredient may overshoot."""


def build_random_graph(tf: Any, seed: int, *, functions: bool = True) -> Any:
    """Build the graph of a seed.

    Args:
        tf: the tensorflow module.
        seed: decides everything but the numbers that TensorFlow itself puts into function names.
        functions: whether the graph may have a function library.

    Returns:
        A tf.Graph with 20 to about 200 nodes.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    bench = Workbench(tf, rng)
    scopes = rng.choice(SCOPE_FAMILIES)
    size = rng.randint(SMALLEST, LARGEST)
    ingredients = [one for one in INGREDIENTS if functions or one not in WITH_FUNCTIONS]
    weights = [INGREDIENTS[ingredient] for ingredient in ingredients]
    graph = tf.Graph()
    with graph.as_default(), bench.control_flow(v2=functions):
        while len(graph.get_operations()) < size:
            ingredient = rng.choices(ingredients, weights)[0]
            with bench.place(rng.choice(scopes)):
                ingredient(bench)
        if bench.chance(0.3):
            _train(bench, rng.choice(scopes))
        _add_savers(bench, scopes)
        _add_collections(bench, graph)
    return graph


def _train(bench: Workbench, scope: str) -> None:
    """Add gradients and an optimizer's update ops for the trainable variables that the graph reads."""
    v1 = bench.v1
    variables = v1.trainable_variables()[:2]
    if not variables:
        return
    with bench.place(scope):
        loss = bench.tf.add_n([bench.tf.reduce_sum(bench.tf.square(variable)) for variable in variables])
        make = bench.rng.choice(
            [
                lambda: v1.train.GradientDescentOptimizer(0.1),
                lambda: v1.train.MomentumOptimizer(0.1, 0.9),
                v1.train.AdamOptimizer,
            ]
        )
        train = make().minimize(loss, var_list=variables)
        if bench.chance(0.4):
            average = v1.train.ExponentialMovingAverage(0.9)
            with v1.control_dependencies([train]):
                average.apply(variables)


def _add_savers(bench: Workbench, scopes: tuple[str, ...]) -> None:
    """Add up to three savers in various scopes, sharded or not, in both checkpoint formats."""
    v1 = bench.v1
    variables = v1.global_variables()
    if not variables or bench.chance(0.25):
        return
    for _ in range(bench.rng.randint(1, 3)):
        with bench.place(bench.rng.choice(scopes)):
            saver = v1.train.Saver(
                var_list=bench.rng.choice([variables, variables[:1]]),
                sharded=bench.chance(0.3),
                max_to_keep=bench.rng.choice([0, 5, 7]),
                keep_checkpoint_every_n_hours=bench.rng.choice([10000.0, 0.1]),
                write_version=bench.rng.choice([v1.train.SaverDef.V1, v1.train.SaverDef.V2]),
                name=bench.rng.choice([None, "saver", "a.b"]),
            )
        if bench.chance(0.8):
            v1.add_to_collection(v1.GraphKeys.SAVERS, saver)


def _add_collections(bench: Workbench, graph: Any) -> None:
    """Add collections of every kind a MetaGraphDef can hold, under keys of any text."""
    rng = bench.rng
    operations = graph.get_operations()
    tensors = [tensor for operation in operations for tensor in operation.outputs]
    any_type = type(bench.v1.MetaGraphDef.MetaInfoDef().any_info)
    candidates: dict[str, list[Any]] = {
        "operations": rng.choices(operations, k=4),
        "tensors": rng.choices(tensors, k=4),
        "mixed nodes": [rng.choice(operations), rng.choice(tensors)],
        "bytes": [rng.choice(SOME_BYTES) for _ in range(3)],
        "text": [rng.choice(operations).name, "hello", "\u4e16"],
        "int64": [0, -1, 2**63 - 1, -(2**63)],
        "float": [0.1, -0.0, float("inf"), float("nan"), 1e-40],
        "any": [any_type(type_url="type.example/x", value=b"\x00\xff"), any_type()],
        "": [b"empty key"],
        "\u00fcml\u00e4ut (key)": [b"unicode key"],
    }
    for key in bench.some(list(candidates), 6):
        for item in candidates[key]:
            graph.add_to_collection(key, item)
    if bench.chance(0.3):
        graph.get_collection_ref("emptied")
