// Takes away the attributes that have the default value of their op.
import { AttrValue, REGISTERED_OPS } from "./schema.mjs";

/** The defaults of one op: serialised value by attribute name. */
const defaultsOf = memoized((name) => {
  const attrs = REGISTERED_OPS.get(name)?.attr ?? [];
  return new Map(attrs.filter((attr) => attr.default_value).map((attr) => [attr.name, serialised(attr.default_value)]));
});

/**
 * Strips the nodes of a graph and of its functions. Nodes of unregistered ops, and calls of the graph's own
 * functions, keep everything.
 */
export function stripDefaultAttrs(graphDef) {
  const functions = graphDef.library?.function ?? [];
  const own = new Set(functions.map((item) => item.signature.name));
  for (const nodes of [graphDef.node, ...functions.map((item) => item.node_def)]) {
    for (const node of nodes) {
      if (own.has(node.op)) continue;
      const defaults = defaultsOf(node.op);
      for (const [key, value] of Object.entries(node.attr)) {
        if (defaults.get(key)?.equals(serialised(value))) delete node.attr[key];
      }
    }
  }
}

/** Fields in order of their numbers, so equal values have equal bytes, but for tensors stated differently. */
function serialised(value) {
  return Buffer.from(AttrValue.encode(value).finish());
}

function memoized(compute) {
  const known = new Map();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key);
  };
}
