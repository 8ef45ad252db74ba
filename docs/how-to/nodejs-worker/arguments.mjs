// The keyword arguments of a call, checked and decoded.
import { ExportError } from "./errors.mjs";
import { GraphDef, MetaInfoDef, SaverDef } from "./schema.mjs";

/** The documented arguments (CALL-01) and the one further argument (CALL-03). `graph` is not sent. */
const ARGUMENTS = new Set([
  ...["filename", "meta_info_def", "graph_def", "saver_def", "collection_list", "as_text", "export_scope"],
  ...["clear_devices", "clear_extraneous_savers", "strip_default_attrs", "save_debug_info"],
  "unbound_inputs_col_name",
]);

/** Returns the arguments of one call under the names that this exporter uses, with messages decoded. */
export function checkedArguments(given, contract) {
  for (const argument of Object.keys(given)) {
    // CALL-03
    if (!ARGUMENTS.has(argument)) throw new ExportError("TypeError", `unexpected keyword argument '${argument}'`);
  }
  const checked = {
    filename: isTrue(given.filename) ? given.filename : null,
    metaInfoDef: decodedMessage(given, "meta_info_def", MetaInfoDef),
    graphDef: decodedMessage(given, "graph_def", GraphDef),
    saverDef: decodedMessage(given, "saver_def", SaverDef),
    collectionList: listedKeys(given.collection_list, contract),
    exportScope: scopeText(given.export_scope),
    unboundInputsKey: given.unbound_inputs_col_name === undefined ? "unbound_inputs" : given.unbound_inputs_col_name,
    asText: isTrue(given.as_text),
    clearDevices: isTrue(given.clear_devices),
    clearSavers: isTrue(given.clear_extraneous_savers),
    stripDefaultAttrs: isTrue(given.strip_default_attrs),
    saveDebugInfo: isTrue(given.save_debug_info),
  };
  if (contract.refusesGraphDefWithScope && checked.graphDef && checked.exportScope) {
    throw new ExportError("ValueError", "graph_def and export_scope cannot both be specified"); // SCOPE-11
  }
  return checked;
}

/** Python's idea of truth (CALL-04): NaN is true, and empty lists, dicts and bytes are false. */
function isTrue(value) {
  if (Number.isNaN(value)) return true;
  return Boolean(value) && value.length !== 0 && value.size !== 0;
}

/** A message; null if there is none or a false value in its place (CALL-05). */
function decodedMessage(given, argument, type) {
  const value = given[argument];
  if (!isTrue(value)) return null;
  if (value.type !== type.fullName.slice(1)) {
    // CALL-07, CALL-08
    throw new ExportError("TypeError", `${argument} must be a ${type.name}, not ${typeName(value)}`);
  }
  return type.decode(value.data);
}

/** The keys of a collection_list, which may be anything that Python can iterate; null for all keys (COL-01). */
function listedKeys(value, contract) {
  if (value === undefined || value === null) return null;
  if (value instanceof Map) return [...value.keys()];
  const isText = typeof value === "string";
  if (Array.isArray(value) || Buffer.isBuffer(value) || (isText && !contract.refusesTextAsCollectionList)) {
    return [...value];
  }
  // CALL-07, CALL-13
  throw new ExportError("TypeError", `collection_list must be a list of texts, not ${typeName(value)}`);
}

/** The text of a scope; an empty one, like none, means the whole graph (SCOPE-07). */
function scopeText(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw new ExportError("TypeError", `export_scope must be a text, not ${typeName(value)}`); // SCOPE-10
}

function typeName(value) {
  if (value?.type) return value.type;
  if (Buffer.isBuffer(value)) return "bytes";
  return Array.isArray(value) ? "list" : typeof value;
}
