// Which nodes belong to savers that clear_extraneous_savers removes.
import { ExportError } from "./errors.mjs";

/** The ops that mark the scope of a saver (SAV-02). SaveSlices is not among them (SAV-03). */
const SAVE_AND_RESTORE_OPS = new Set([
  ...["SaveV2", "Save", "SaveSlice", "LegacySave", "LegacySaveSlice"],
  ...["RestoreV2", "Restore", "RestoreSlice", "LegacyRestore", "LegacyRestoreSlice"],
]);

/**
 * Returns the names of the nodes that belong to extraneous savers: that lie in the scope of a save or restore
 * node, unless saver_def names that scope (SAV-02). No name lies in the root scope (SAV-04).
 */
export function extraneousNodes(nodes, saverDef) {
  const savers = nodes.filter((node) => SAVE_AND_RESTORE_OPS.has(node.op));
  const scopes = new Set(savers.map((node) => parentScope(node.name)));
  for (const kept of saverDef ? namedScopes(saverDef) : []) scopes.delete(kept);
  for (const node of savers) scopes.delete(node.name); // SAV-04
  const names = nodes.map((node) => node.name);
  return new Set(names.filter((name) => parentScopes(name).some((scope) => scopes.has(scope))));
}

/** The scopes of the saver that stays. */
function namedScopes(saverDef) {
  return [saverDef.save_tensor_name, saverDef.restore_op_name].map((name) => {
    const [node, ...outputs] = name.replace(/^\^/, "").split(":");
    if (!node || outputs.length > 1) {
      throw new ExportError("ValueError", "saver_def names no save tensor or no restore op"); // SAV-07
    }
    return parentScope(node);
  });
}

function parentScope(name) {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

/** Every scope that a name lies in: a and a/b for a/b/c. */
function parentScopes(name) {
  return [...name.matchAll(/\//g)].map((slash) => name.slice(0, slash.index));
}
