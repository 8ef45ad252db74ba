"""Graphs about constants, attributes and the kinds of collections."""

from __future__ import annotations

import numpy as np
from google.protobuf import any_pb2

from conformance_cases.recorder.blueprint import SaverDefs, matrix_graph
from conformance_cases.recorder.tensorflow_calls import tf

tf1 = tf.compat.v1

_NUMBERS = (
    "bfloat16",
    "bool",
    "complex64",
    "complex128",
    "float8_e4m3fn",
    "float8_e5m2",
    "float16",
    "float32",
    "float64",
    "int4",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint4",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
)


@matrix_graph(
    "Constants of every type, splats, empty and scalar tensors, strings of any bytes, not-a-numbers with "
    "payloads and negative zeros.",
    export_scopes=("numbers",),
    some=("constants",),
    unknown=("no_such_collection", "variables"),
)
def constant_types() -> SaverDefs:
    """Build the graph `constant_types`."""
    with tf.name_scope("numbers"):
        for name in _NUMBERS:
            tf1.add_to_collection(
                "constants", tf.constant(np.array([0, 1, 1]), dtype=tf.as_dtype(name), name=name)
            )
    with tf.name_scope("strings"):
        for number, value in enumerate(([], b"one", [b"", b"\x00\xff", "text \u00e9"], [[b"same"] * 3] * 2)):
            tf.constant(value, tf.string, name=f"string_{number}")
    with tf.name_scope("floats"):
        payloads = np.array([0x7FC00001, 0xFFC12345, 0x7FA00000, 0x80000000], np.uint32).view(np.float32)
        tf.constant(payloads, name="not_a_number")
        tf.constant(-0.0, tf.float64, name="negative_zero")
        tf.constant(np.full([64, 64], 0.25, np.float32), name="splat")
        tf.constant(np.arange(256, dtype=np.float64), name="ramp")
        tf.constant(np.zeros([0, 3], np.float16), name="empty")
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=True)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Nodes with attributes of every kind, at their defaults and off them: types, shapes of unknown rank, "
    "lists that are empty or not, tensors, strings, and attributes that the op does not declare.",
    export_scopes=("attrs",),
    some=("tensors",),
    unknown=("no_such_collection", "tensors"),
)
def attribute_kinds() -> SaverDefs:
    """Build the graph `attribute_kinds`."""
    graph = tf1.get_default_graph()
    raw = tf.raw_ops
    image = tf1.placeholder(tf.float32, [1, 4, 4, 1], name="image")
    with tf.name_scope("attrs"):
        for name, shape in (("any_rank", None), ("any_size", [None, 3]), ("scalar", [])):
            tf1.add_to_collection("tensors", tf1.placeholder(tf.float32, shape, name=name))
        kernel = tf.ones([1, 1, 1, 1], name="kernel")
        raw.Conv2D(input=image, filter=kernel, strides=[1, 1, 1, 1], padding="SAME", name="conv_defaults")
        raw.Conv2D(
            input=image,
            filter=kernel,
            strides=[1, 1, 1, 1],
            padding="EXPLICIT",
            explicit_paddings=[0, 0, 1, 1, 1, 1, 0, 0],
            dilations=[1, 2, 2, 1],
            use_cudnn_on_gpu=False,
            name="conv_off_defaults",
        )
        raw.Complex(real=1.0, imag=2.0, name="complex_default")
        raw.Complex(
            real=tf.constant(1.0, tf.float64), imag=tf.constant(2.0, tf.float64), name="complex_double"
        )
        raw.Squeeze(input=image, name="squeeze_default")
        raw.Squeeze(input=image, axis=[0], name="squeeze_axis")
        raw.AsString(input=image, fill="", name="as_string_default")
        raw.AsString(input=image, precision=3, fill="0", width=8, name="as_string")
        raw.FIFOQueueV2(component_types=[tf.float32, tf.int64], shapes=[[2], []], name="queue")
        raw.FIFOQueueV2(component_types=[tf.string], name="queue_default")
        raw.LRN(input=image, alpha=0.5, name="float_attr")
        raw.Assert(condition=True, data=[image, kernel], name="assert_mixed")
        marked = tf.identity(image, name="undeclared")
        for attr, value in (
            ("_text", tf1.AttrValue(s=b"any \xff bytes")),
            ("_number", tf1.AttrValue(i=-5)),
            ("_shape", tf1.AttrValue(shape=tf.TensorShape(None).as_proto())),
            ("_list", tf1.AttrValue(list=tf1.AttrValue.ListValue(f=[0.5, -0.0], b=[True, False]))),
        ):
            marked.op._set_attr(attr, value)  # noqa: SLF001 - the only way to an attribute that no op declares
    with graph._attr_scope({"_scoped": tf1.AttrValue(b=True)}):  # noqa: SLF001 - the same
        tf.identity(marked, name="in_attr_scope")
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=True)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Quantised values: ops whose types are quantised, fake quantisation with its ranges, and constants of "
    "quantised types.",
    export_scopes=("quantised",),
    some=("results",),
    unknown=("results", "no_such_collection"),
)
def quantised_values() -> SaverDefs:
    """Build the graph `quantised_values`."""
    values = tf1.placeholder(tf.float32, [2, 2], name="values")
    low, high = tf.constant(-1.0, name="low"), tf.constant(1.0, name="high")
    with tf.name_scope("quantised"):
        bound = tf1.get_variable("bound", [], initializer=tf1.ones_initializer(), use_resource=True)
        quantised = tf.quantization.quantize(values, low, high, tf.quint8, name="quantised")
        raw = tf.raw_ops
        product = raw.QuantizedMatMul(
            a=quantised.output,
            b=quantised.output,
            min_a=low,
            max_a=high,
            min_b=low,
            max_b=high,
            Tactivation=tf.quint8,
            name="product",
        )
        fake = tf.quantization.fake_quant_with_min_max_vars(values, -bound, bound, num_bits=4, name="fake")
        dequantised = raw.Dequantize(
            input=quantised.output, min_range=low, max_range=high, mode="MIN_FIRST", name="dequantised"
        )
    for result in (product.out, fake, dequantised):
        tf1.add_to_collection("results", result)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


@matrix_graph(
    "Values that are sparse, random or kept by resources: seeds, stacks, barriers, staging areas, hash "
    "tables with names of their own.",
    export_scopes=("state",),
    some=("results",),
    unknown=("results", "no_such_collection"),
)
def stateful_values() -> SaverDefs:
    """Build the graph `stateful_values`."""
    raw = tf.raw_ops
    tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=False)
    sparse = tf1.sparse_placeholder(tf.float32, [3, 3], name="sparse")
    with tf.name_scope("state"):
        normal = tf1.random_normal([2], seed=7, name="normal")
        uniform = tf.random.stateless_uniform([2], [1, 2], name="uniform")
        stack = raw.StackV2(max_size=4, elem_type=tf.float32, stack_name="state/stack", name="stack")
        pushed = raw.StackPushV2(handle=stack, elem=normal, swap_memory=True, name="pushed")
        raw.Barrier(component_types=[tf.float32], shapes=[[2]], shared_name="state/shared", name="barrier")
        raw.Stage(values=[uniform], capacity=2, container="state/container", name="stage")
        table = raw.MutableHashTableV2(key_dtype=tf.string, value_dtype=tf.int64, name="table")
        found = raw.LookupTableFindV2(
            table_handle=table, keys=["key"], default_value=tf.constant(-1, tf.int64), name="found"
        )
    product = tf.sparse.sparse_dense_matmul(sparse, tf.ones([3, 1]), name="product")
    for result in (pushed, found, product):
        tf1.add_to_collection("results", result)
    return {"main": tf1.train.Saver(name="save").as_saver_def()}


tf1 = tf.compat.v1


@matrix_graph(
    "A collection of every kind: tensors, operations, integers, floats, bytes, Any messages, variables, a "
    "saver; values at the ends of their ranges, repeated items, an empty key and one beyond ASCII.",
    export_scopes=("model",),
    some=("variables", "integers", "floats", "texts"),
    unknown=("no_such_collection", "tensors", "anything"),
)
def collection_kinds() -> SaverDefs:
    """Build the graph `collection_kinds`."""
    with tf1.variable_scope("model"), tf.name_scope("model/"):
        inside = tf.constant(1.0, name="inside")
        tf1.get_variable("weights", [2], initializer=tf1.zeros_initializer(), use_resource=False)
        quiet = tf.no_op(name="quiet")
    outside = tf.constant(2.0, name="outside")
    saver = tf1.train.Saver(name="save")
    step = any_pb2.Any()
    step.Pack(tf1.NodeDef(name="packed", op="NoOp"))
    unknown = any_pb2.Any(type_url="type.example.org/not.Known", value=b"\x08\x01")
    items = {
        "tensors": [inside, outside, inside],
        "operations": [quiet, inside.op, outside.op],
        "integers": [0, -1, 2**63 - 1, -(2**63), 7, 7],
        "floats": [0.5, -0.0, float("inf"), float("-inf"), float("nan"), 1.4e-45],
        "texts": [b"model/looks_like_a_name", b"", b"\x00\xff", "text \u00e9".encode()],
        "anything": [step, unknown],
        "summaries": [outside],
        "sch\u00fcssel": [5],
        "": [outside],
        "savers": [saver],
    }
    for key, values in items.items():
        for value in values:
            tf1.add_to_collection(key, value)
    return {"main": saver.as_saver_def()}
