"""Graphs with queues, tables and data sets."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.oracle import tf

tf1 = tf.compat.v1


@matrix_graph(
    "Two queues with their runners, one inside the scope and one outside of it.",
    export_scopes=("pipeline",),
    some=("queue_runners", "batch"),
    unknown=("batch", "no_such_collection"),
)
def queue_runners() -> SaverDefs:
    """Build the graph `queue_runners`."""
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=False)
    with tf.name_scope("pipeline"):
        files = tf.queue.FIFOQueue(8, [tf.string], shapes=[[]], name="files")
        enqueue = files.enqueue(["one"], name="enqueue")
        tf1.train.add_queue_runner(tf1.train.QueueRunner(files, [enqueue] * 2))
        name = files.dequeue(name="next_file")
    examples = tf.queue.RandomShuffleQueue(16, 2, [tf.string], shapes=[[]], name="examples")
    runner = tf1.train.QueueRunner(
        examples,
        [examples.enqueue(name)],
        queue_closed_exception_types=(tf.errors.OutOfRangeError, tf.errors.CancelledError),
    )
    tf1.train.add_queue_runner(runner)
    tf1.add_to_collection("batch", examples.dequeue_many(4, name="batch"))
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "A lookup table with its initialiser, and a data set that maps, batches and shuffles, with an iterator.",
    export_scopes=("tables",),
    some=("table_initializer",),
    unknown=("table_initializer", "no_such_collection"),
)
def tables_and_datasets() -> SaverDefs:
    """Build the graph `tables_and_datasets`."""
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=True)
    with tf.name_scope("tables"):
        pairs = tf.lookup.KeyValueTensorInitializer(["one", "two"], [1, 2], tf.string, tf.int64)
        table = tf.lookup.StaticHashTable(pairs, default_value=-1, name="table")
    dataset = tf1.data.Dataset.from_tensor_slices(["one", "three"]).map(table.lookup).batch(2)
    iterator = tf1.data.make_initializable_iterator(dataset.shuffle(4, seed=1))
    tf1.add_to_collection("next", iterator.get_next())
    return {"main": tf1.train.Saver(name="save").as_saver_def()}
