// The nodes of a filtered export: one with a scope, with cleared devices, or with savers removed.
import { GraphDef } from "./schema.mjs";

const UNBOUND = "$unbound_inputs_";
const ENTER_OPS = new Set(["Enter", "RefEnter"]);

/**
 * Returns the selected nodes of a graph in its order (PATH-02), without what the flags and the scope remove.
 * Everything else of a node stays as it is (NODE-05, PATH-05, PATH-07, DEV-03), and there may be no node (SCOPE-06).
 *
 * @param {object} source the GraphDef to take the nodes from; they are changed in place.
 * @param {object} filter
 *   isSelected: tells whether the node of a name is exported; scope: the scope to remove, or null;
 *   clearDevices: whether devices go; graphDef: source, if it is an argument of the call.
 * @returns {{graphDef: object, unboundInputs: string[]}} the second lists each use of an input from outside the
 *   scope (UNB-02).
 */
export function filteredGraph(source, { isSelected, scope, clearDevices, graphDef }) {
  const unboundInputs = [];
  const nodes = source.node.filter(({ name }) => isSelected(name));
  for (const node of nodes) {
    if (clearDevices) delete node.device; // DEV-01; nodes in function bodies keep theirs (DEV-02)
    if (node.attr._class) node.attr._class = { list: { s: colocations(node.attr._class, scope) } };
    if (scope) takeOutOf(scope, node, unboundInputs);
  }
  // NODE-04, LIB-01, LIB-03, LIB-04: versions and all functions stay. In a given graph_def, they become present if
  // they are not (PATH-08), and its other fields go (PATH-04).
  const filtered = { node: nodes, versions: source.versions ?? {} };
  if (source.library || graphDef) filtered.library = source.library ?? {};
  return { graphDef: GraphDef.create(filtered), unboundInputs };
}

/** The texts of a _class attribute (CLS-01), under a scope those of nodes inside it (CLS-02). */
function colocations(attr, scope) {
  const texts = attr.list?.s ?? [];
  if (!scope) return texts;
  const inside = texts.map(String).filter((text) => scope.contains(text.slice(text.indexOf("@") + 1)));
  return inside.map((text) => Buffer.from(scope.stripped(text)));
}

/**
 * Removes the scope from one node (SCOPE-03, SCOPE-05), and notes its inputs from outside. Names that become equal
 * stay so (SCOPE-04), and other attributes as they are (SCOPE-12).
 */
function takeOutOf(scope, node, unboundInputs) {
  node.name = scope.stripped(node.name);
  node.input = node.input.map((input) => {
    const [, mark, name] = /^(\^?)(.*)$/s.exec(input);
    if (scope.contains(name)) return scope.stripped(input);
    const unbound = `${mark}${UNBOUND}${name}`; // UNB-01
    unboundInputs.push(unbound);
    return unbound;
  });
  const frame = node.attr.frame_name;
  // FRM-01; frames outside the scope and those of other ops stay (FRM-02, FRM-03).
  if (frame && ENTER_OPS.has(node.op)) node.attr.frame_name = { s: Buffer.from(scope.stripped(String(frame.s))) };
}
