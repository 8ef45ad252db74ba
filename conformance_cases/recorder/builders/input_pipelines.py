"""Graphs with queues, tables and data sets."""

from __future__ import annotations

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.tensorflow_calls import tf

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


@matrix_graph(
    "Files that are read by queues, and batches that are shuffled: six queue runners and their counters.",
    export_scopes=("input",),
    some=("queue_runners", "batches"),
    unknown=("batches", "no_such_collection"),
)
def input_queues() -> SaverDefs:
    """Build the graph `input_queues`."""
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=True)
    with tf.name_scope("input"):
        files = tf1.train.string_input_producer(["a", "b"], num_epochs=2, seed=1, name="files")
        _, line = tf1.TextLineReader(skip_header_lines=1, name="reader").read(files)
        label, value = tf1.decode_csv(line, [[0], [0.5]], name="fields")
        tf1.add_to_collection("batches", tf1.train.batch([label], 4, num_threads=2, name="batch"))
    shuffled = tf1.train.shuffle_batch([value], 4, capacity=32, min_after_dequeue=8, seed=2, name="shuffled")
    tf1.add_to_collection("batches", shuffled)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Records that are parsed into dense, sparse and ragged values: attributes that are lists of types, "
    "shapes and keys.",
    export_scopes=("parse",),
    some=("parsed",),
    unknown=("parsed", "no_such_collection"),
)
def parsed_records() -> SaverDefs:
    """Build the graph `parsed_records`."""
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=False)
    records = tf1.placeholder(tf.string, [None], name="records")
    with tf.name_scope("parse"):
        parsed = tf1.parse_example(
            records,
            {
                "dense": tf1.FixedLenFeature([2], tf.float32, default_value=[0.0, -1.0]),
                "sparse": tf1.VarLenFeature(tf.int64),
                "ragged": tf.io.RaggedFeature(tf.string),
            },
        )
        words = tf.strings.split(tf.strings.lower(records), sep=" ")
        joined = tf.strings.reduce_join(words.to_tensor(default_value=""), axis=1, separator="-")
        numbers = tf.strings.to_hash_bucket_fast(joined, 16)
        dense = tf.sparse.to_dense(parsed["sparse"], default_value=-1, name="dense")
    for value in (parsed["dense"], parsed["ragged"].values, numbers, dense):
        tf1.add_to_collection("parsed", value)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Data sets that interleave, filter, zip, window and prefetch, with an iterator for two of them.",
    export_scopes=("data",),
    some=("iterators",),
    unknown=("iterators", "no_such_collection"),
)
def dataset_iterators() -> SaverDefs:
    """Build the graph `dataset_iterators`."""
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=True)
    with tf.name_scope("data"):
        numbers = tf1.data.Dataset.range(10).filter(lambda value: tf.equal(value % 2, 0)).repeat(2)
        pairs = tf1.data.Dataset.zip((numbers, numbers.skip(1)))
        train = pairs.interleave(
            lambda *pair: tf1.data.Dataset.from_tensors(pair), cycle_length=2, block_length=1
        ).prefetch(1)
        test = pairs.take(3).concatenate(pairs).cache()
        iterator = tf1.data.Iterator.from_structure(
            tf1.data.get_output_types(train), tf1.data.get_output_shapes(train)
        )
        for name, dataset in (("train", train), ("test", test)):
            tf1.add_to_collection("initializers", iterator.make_initializer(dataset, name=name))
    tf1.add_to_collection("next", iterator.get_next(name="next")[0])
    return {"main": tf1.train.Saver(name="save").as_saver_def()}
