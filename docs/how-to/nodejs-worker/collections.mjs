// The collections of an export.
import { exportedMessages, isRegistered } from "./registered_collections.mjs";
import { SaverDef } from "./schema.mjs";

/** Returns the CollectionDef by key of the requested collections (COL-01) that have items (COL-03). */
export function exportedCollections(options) {
  const { collections, collectionList } = options;
  const exported = [];
  for (const [key, times] of requestedKeys(collections, collectionList)) {
    const collection = collections.get(key);
    if (!collection?.kind) continue; // COL-02
    const items = exportedItems(key, collection, options);
    // COL-04: the kind is the loaded one. COL-10: order and repetitions stay.
    if (items.length > 0) exported.push([key, { [collection.kind]: { value: Array(times).fill(items).flat() } }]);
  }
  return Object.fromEntries(exported);
}

/** Each requested key, with the number of times that it is listed (COL-19). */
function requestedKeys(collections, collectionList) {
  const times = new Map();
  for (const key of collectionList ?? collections.keys()) times.set(key, (times.get(key) ?? 0) + 1);
  return times;
}

function exportedItems(key, collection, options) {
  const { scope, contract, removed, clearSavers, saverDef } = options;
  const items = collection[collection.kind].value;
  if (collection.kind === "node_list") {
    if (isRegistered(key) && !contract.keepsNodeListsOfMessages) return []; // COL-20
    // SAV-08; an entry with an output index is a tensor, and not the name of a node (COL-05).
    const kept = items.filter((name) => !removed.has(name));
    return scope ? kept.filter((name) => scope.contains(name)).map((name) => scope.stripped(name)) : kept; // COL-12
  }
  if (collection.kind !== "bytes_list" || !isRegistered(key)) return items;
  if (key === "savers" && clearSavers) {
    return exportedMessages(key, saverDef ? [SaverDef.encode(saverDef).finish()] : [], options); // SAV-05, SAV-06
  }
  return exportedMessages(key, items, options);
}
