// Takes away the attributes that have the default value of their op (STRIP-01).
import { AttrValue, REGISTERED_OPS } from "./schema.mjs";
import { sameTensor } from "./tensors.mjs";

/**
 * Strips the nodes of a graph and of its functions. Nodes of unregistered ops, and calls of the graph's own
 * functions, keep everything (STRIP-03).
 */
export function stripDefaultAttrs(graphDef) {
  const functions = graphDef.library?.function ?? [];
  const own = new Set(functions.map((item) => item.signature.name));
  for (const node of [graphDef, ...functions].flatMap((item) => item.node ?? item.node_def)) {
    if (own.has(node.op)) continue;
    for (const { name, default_value: value } of REGISTERED_OPS.get(node.op)?.attr ?? []) {
      if (value && Object.hasOwn(node.attr, name) && sameAttrValue(node.attr[name], value)) delete node.attr[name];
    }
  }
}

/** Compares tensors by their elements, and everything else by its bytes (STRIP-04). */
function sameAttrValue(left, right) {
  if (left.value === "tensor" && right.value === "tensor") return sameTensor(left.tensor, right.tensor);
  return Buffer.compare(AttrValue.encode(left).finish(), AttrValue.encode(right).finish()) === 0;
}
