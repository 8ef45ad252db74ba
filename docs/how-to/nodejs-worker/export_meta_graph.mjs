// A modest export_meta_graph in JavaScript: whole graphs, without scopes and without removing savers.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { stripDefaultAttrs } from "./default_attrs.mjs";
import { strippedOpList } from "./op_list.mjs";
import { GraphDef, MetaGraphDef, MetaInfoDef, SaverDef } from "./schema.mjs";

export const name = "nodejs-example";
export const version = "0.1.0";
export const unsupported = ["clear_extraneous_savers", "debug_info", "eager", "export_scope", "text_files"];

export class Unsupported extends Error {}

export class ExportError extends Error {
  constructor(className, text) {
    super(text);
    this.className = className;
  }
}

/** The arguments of export_meta_graph that this exporter takes or may ignore; `filename` and the like. */
const ARGUMENTS = new Set([
  ...["filename", "meta_info_def", "graph_def", "saver_def", "collection_list", "as_text", "export_scope"],
  ...["clear_devices", "clear_extraneous_savers", "strip_default_attrs", "save_debug_info"],
  "unbound_inputs_col_name",
]);

const MESSAGES = { meta_info_def: MetaInfoDef, graph_def: GraphDef, saver_def: SaverDef };

/** See the starter of `metagraph new-adapter command` for loadGraph, exportMetaGraph and what a call holds. */
export function loadGraph(data) {
  MetaGraphDef.decode(data); // throws if it is damaged
  return data;
}

export function exportMetaGraph(data, call) {
  // An export changes the decoded message, so that every call decodes it anew.
  for (const earlier of call.preceding) exportOnce(MetaGraphDef.decode(data), earlier);
  return exportOnce(MetaGraphDef.decode(data), call.arguments);
}

function exportOnce(loaded, givenArguments) {
  const given = checked(givenArguments);
  const result = MetaGraphDef.create({
    meta_info_def: given.meta_info_def ?? MetaInfoDef.create(),
    graph_def: exportedNodes(given.graph_def, loaded.graph_def, given.clear_devices),
    collection_def: exportedCollections(loaded.collection_def, given.collection_list),
  });
  if (given.saver_def) result.saver_def = given.saver_def;
  stateMetaInfo(result, loaded, given.strip_default_attrs);
  if (given.strip_default_attrs) stripDefaultAttrs(result.graph_def);
  const data = MetaGraphDef.encode(result).finish();
  if (given.filename) {
    mkdirSync(dirname(given.filename), { recursive: true });
    writeFileSync(given.filename, data);
  }
  return data;
}

/** The arguments with their messages decoded; a falsy value means that an argument is not given. */
function checked(given) {
  for (const argument of Object.keys(given)) {
    if (!ARGUMENTS.has(argument)) throw new ExportError("TypeError", `unexpected keyword argument '${argument}'`);
  }
  for (const capability of ["export_scope", "clear_extraneous_savers"]) {
    if (given[capability]) throw new Unsupported(capability);
  }
  if (given.filename && given.as_text) throw new Unsupported("text_files");
  if (given.filename && given.save_debug_info) throw new Unsupported("debug_info");
  const decoded = { ...given };
  for (const [argument, type] of Object.entries(MESSAGES)) {
    decoded[argument] = decodedMessage(argument, given[argument], type);
  }
  return decoded;
}

function decodedMessage(argument, value, type) {
  if (isFalsy(value)) return null;
  if (value.type !== type.fullName.slice(1)) throw new ExportError("TypeError", `${argument} must be a ${type.name}`);
  return type.decode(value.data);
}

/** Python's idea of false; JavaScript takes empty lists for true. */
function isFalsy(value) {
  return !value || value.length === 0 || value.size === 0;
}

/** The nodes as they were given, or else as they were loaded, with devices cleared where that is asked. */
function exportedNodes(givenGraphDef, loadedGraphDef, clearDevices) {
  const source = givenGraphDef ?? loadedGraphDef;
  if (!clearDevices) return source;
  for (const node of source.node) {
    delete node.device;
    const colocation = node.attr._class;
    if (colocation) node.attr._class = { list: { s: colocation.list?.s ?? [] } };
  }
  // A filtered export states versions and functions anew; with a given graph_def also where it has none.
  const filtered = { node: source.node, versions: source.versions ?? {} };
  if (source.library || givenGraphDef) filtered.library = source.library ?? {};
  return GraphDef.create(filtered);
}

/** The collections that are asked for and hold something, once for each time that their key is listed. */
function exportedCollections(collections, collectionList) {
  const stated = Object.entries(collections).filter(([, collection]) => itemsOf(collection).length > 0);
  if (collectionList === null || collectionList === undefined) return Object.fromEntries(stated);
  if (typeof collectionList[Symbol.iterator] !== "function") {
    throw new ExportError("TypeError", "collection_list is not iterable");
  }
  const times = new Map();
  for (const listed of collectionList) {
    const key = Buffer.isBuffer(listed) ? listed.toString() : listed;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  const wanted = stated.filter(([key]) => times.has(key));
  return Object.fromEntries(wanted.map(([key, collection]) => [key, repeated(collection, times.get(key))]));
}

function repeated(collection, times) {
  return { [kindOf(collection)]: { value: Array(times).fill(itemsOf(collection)).flat() } };
}

function itemsOf(collection) {
  const kind = kindOf(collection);
  return kind ? collection[kind].value : [];
}

function kindOf(collection) {
  return ["node_list", "bytes_list", "int64_list", "float_list", "any_list"].find((name) => collection[name]);
}

/** Versions, list of ops, and whether defaults were stripped; what the caller gave stays but for versions. */
function stateMetaInfo(result, loaded, stripped) {
  const metaInfo = result.meta_info_def;
  metaInfo.tensorflow_version = loaded.meta_info_def.tensorflow_version;
  metaInfo.tensorflow_git_version = loaded.meta_info_def.tensorflow_git_version;
  if (!metaInfo.stripped_op_list?.op.length) metaInfo.stripped_op_list = { op: strippedOpList(result.graph_def) };
  if (stripped) metaInfo.stripped_default_attrs = true;
}
