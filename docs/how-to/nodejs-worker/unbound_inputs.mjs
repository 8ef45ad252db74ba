// The collection of the inputs that a scoped export has cut off.
import { CollectionDef } from "./schema.mjs";

/**
 * Puts the unbound inputs of a filtered export among its collections (UNB-02), in place of any collection with
 * their key (UNB-06). Whether it is exported is decided as for every other (UNB-04). Without a key, there is none
 * (UNB-05).
 *
 * @param {string[]} unboundInputs the renamed inputs, one for each use.
 */
export function addUnboundInputs(unboundInputs, { graph, collections, scope, unboundInputsKey: key, contract }) {
  if (!key) return;
  if (!contract.leavesGraphUnchanged) graph.replaceCollection(key, textsCollection(unboundInputs)); // UNB-07
  else if (!scope) return; // UNB-08
  collections.set(key, textsCollection(unboundInputs.filter((name) => !name.startsWith("^")))); // UNB-03
}

function textsCollection(texts) {
  return CollectionDef.create({ bytes_list: { value: texts.map((text) => Buffer.from(text)) } });
}
