"""The private pool and TensorFlow's messages live in one process, in either order of import."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.oracle

OURS = """
from reference_impl import Graph, export_meta_graph
from reference_impl.schema import MetaGraphDef, adopt
"""
THEIRS = "import tensorflow as tf\n"
EXCHANGE = """
with tf.Graph().as_default() as built:
    tf.compat.v1.get_variable("v", shape=[2])
    theirs = tf.compat.v1.train.export_meta_graph()
ours = export_meta_graph(graph=Graph.from_meta_graph_def(theirs), contract="tensorflow")
back = tf.compat.v1.MetaGraphDef.FromString(ours.SerializeToString())
same = adopt(theirs, MetaGraphDef) == ours and back == theirs
print("same" if same and type(ours) is not type(theirs) else "different")
"""


@pytest.mark.parametrize("imports", [OURS + THEIRS, THEIRS + OURS], ids=["before", "after"])
def test_both_work_in_one_process(imports: str) -> None:
    """Whichever is imported first, messages go from TensorFlow to the reference exporter and back."""
    finished = subprocess.run(
        [sys.executable, "-c", imports + EXCHANGE], capture_output=True, text=True, check=False
    )

    assert finished.stdout.split() == ["same"], finished.stderr
