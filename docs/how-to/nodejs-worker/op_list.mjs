// The definitions of the ops that a graph uses.
import { REGISTERED_OPS } from "./schema.mjs";

const CALLING_OPS = new Set(["PartitionedCall", "StatefulPartitionedCall"]);

/**
 * The OpDef of each registered op that a node uses, or a function that is reached from one. A function is
 * reached where it is a node's op, or the attribute f of a calling op.
 *
 * @returns {object[]} OpDefs in byte order of their names.
 */
export function strippedOpList(graphDef) {
  const functions = new Map((graphDef.library?.function ?? []).map((item) => [item.signature.name, item]));
  const used = new Set();
  const visit = (nodes) => {
    for (const name of nodes.flatMap(opsOf)) {
      if (used.has(name)) continue;
      used.add(name);
      if (functions.has(name)) visit(functions.get(name).node_def);
    }
  };
  visit(graphDef.node);
  const listed = [...used].filter((name) => !functions.has(name) && REGISTERED_OPS.has(name));
  return listed.sort(inByteOrder).map((name) => REGISTERED_OPS.get(name));
}

function opsOf(node) {
  if (!CALLING_OPS.has(node.op)) return [node.op];
  const called = node.attr.f?.func?.name;
  return called ? [node.op, called] : [node.op];
}

function inByteOrder(left, right) {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
