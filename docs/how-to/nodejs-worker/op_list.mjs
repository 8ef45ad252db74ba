// The definitions of the ops that a graph uses.
import { REGISTERED_OPS } from "./schema.mjs";

const CALLING_OPS = new Set(["PartitionedCall", "StatefulPartitionedCall"]);

/**
 * Returns the OpDef of each registered op (OPS-01, OPS-03) that is in use: that an exported node has (SCOPE-13), or
 * one in the body of a function that is reached by the op of a node or the attribute f of a calling op (OPS-02).
 *
 * @returns {object[]} OpDefs in byte order of their names (OPS-07).
 */
export function strippedOpList(graphDef) {
  const functions = new Map((graphDef.library?.function ?? []).map((item) => [item.signature.name, item]));
  const used = new Set();
  const pending = [graphDef.node];
  while (pending.length > 0) {
    for (const name of pending.pop().flatMap(opsOf)) {
      if (!used.has(name) && functions.has(name)) pending.push(functions.get(name).node_def);
      used.add(name);
    }
  }
  const listed = [...used].filter((name) => !functions.has(name) && REGISTERED_OPS.has(name));
  return listed.sort(inByteOrder).map((name) => REGISTERED_OPS.get(name));
}

function opsOf(node) {
  const called = CALLING_OPS.has(node.op) && node.attr.f?.func?.name;
  return called ? [node.op, called] : [node.op];
}

/** JavaScript sorts by UTF-16 units, and TensorFlow by bytes. */
function inByteOrder(left, right) {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
