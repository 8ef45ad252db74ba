// Whether two tensors are equal by meaning (STRIP-04): a TensorProto can hold its elements in several ways.
import { DataType } from "./schema.mjs";

const float = (view, offset, value) => view.setFloat32(offset, value, true);
const double = (view, offset, value) => view.setFloat64(offset, value, true);
const byte = (view, offset, value) => view.setUint8(offset, Number(value));
const short = (view, offset, value) => view.setUint16(offset, value, true);
const int = (view, offset, value) => view.setUint32(offset, value, true);
const long = (view, offset, value) => value.toBytesLE().forEach((part, index) => view.setUint8(offset + index, part));

/** The typed field of each dtype, the bytes of one value in tensor_content, how to write it, and values per element. */
const ENCODINGS = new Map(
  [
    [["BOOL"], "bool_val", 1, byte],
    [["INT8", "UINT8", "QINT8", "QUINT8", "INT4", "UINT4", "INT2", "UINT2"], "int_val", 1, byte],
    [["INT16", "UINT16", "QINT16", "QUINT16"], "int_val", 2, short],
    [["INT32", "QINT32"], "int_val", 4, int],
    [["UINT32"], "uint32_val", 4, int],
    [["INT64"], "int64_val", 8, long],
    [["UINT64"], "uint64_val", 8, long],
    [["HALF", "BFLOAT16"], "half_val", 2, short],
    [["FLOAT"], "float_val", 4, float],
    [["DOUBLE"], "double_val", 8, double],
    [["COMPLEX64"], "scomplex_val", 4, float, 2],
    [["COMPLEX128"], "dcomplex_val", 8, double, 2],
  ].flatMap(([dtypes, field, bytes, write, values = 1]) =>
    dtypes.map((dtype) => [DataType[`DT_${dtype}`], { field, bytes, write, values }]),
  ),
);

/** Tells whether dtypes, sizes of dimensions and elements are equal. Tensors of other dtypes equal nothing. */
export function sameTensor(left, right) {
  const sizes = sizesOf(left);
  if (left.dtype !== right.dtype || sizes.join() !== sizesOf(right).join()) return false;
  const elements = sizes.reduce((product, size) => product * size, 1);
  if (left.dtype === DataType.DT_STRING) {
    const others = texts(right, elements);
    return texts(left, elements).every((text, index) => Buffer.compare(text, others[index]) === 0);
  }
  const encoding = ENCODINGS.get(left.dtype);
  return encoding !== undefined && content(left, elements, encoding).equals(content(right, elements, encoding));
}

function sizesOf(tensor) {
  if (tensor.tensor_shape?.unknown_rank) return ["unknown rank"];
  return tensor.tensor_shape?.dim.map((dimension) => Number(dimension.size)) ?? [];
}

/** The bytes of all elements. A typed field that is too short goes on with its last element, or with zeros. */
function content(tensor, elements, { field, bytes, write, values }) {
  if (tensor.tensor_content.length > 0) return Buffer.from(tensor.tensor_content);
  const given = tensor[field];
  const view = new DataView(new ArrayBuffer(elements * values * bytes));
  for (let index = 0; given.length > 0 && index < elements * values; index += 1) {
    write(view, index * bytes, given[index < given.length ? index : given.length - values + (index % values)]);
  }
  return Buffer.from(view.buffer);
}

/** The elements of a tensor of strings; the same goes for a field that is too short. */
function texts({ string_val: given }, elements) {
  const last = given.at(-1) ?? Buffer.alloc(0);
  return Array.from({ length: elements }, (_, index) => given[index] ?? last);
}
