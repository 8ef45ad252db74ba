// An export_meta_graph in JavaScript, written from the sentences of the requirement catalogue. Each rule is named
// where it is followed: `metagraph explain SCOPE-03` prints its sentence and its cases.
import { checkedArguments } from "./arguments.mjs";
import { exportedCollections } from "./collections.mjs";
import { CONTRACTS } from "./contracts.mjs";
import { stripDefaultAttrs } from "./default_attrs.mjs";
import { debugInfoOf } from "./debug_info.mjs";
import { ExportError } from "./errors.mjs";
import { writeFiles } from "./files.mjs";
import { filteredGraph } from "./filtered_graph.mjs";
import { Graph } from "./graph.mjs";
import { strippedOpList } from "./op_list.mjs";
import { extraneousNodes } from "./savers.mjs";
import { GraphDef, MetaGraphDef, MetaInfoDef } from "./schema.mjs";
import { scopeOf } from "./scope.mjs";
import { addUnboundInputs } from "./unbound_inputs.mjs";

export { ExportError, Unsupported } from "./errors.mjs";

export const name = "nodejs-example";
export const version = "1.0.0";
export const unsupported = [];

const MAX_BYTES = 2 ** 31 - 1;

/** See the starter of `metagraph new-adapter command` for loadGraph, exportMetaGraph and what a call holds. */
export function loadGraph(data) {
  return new Graph(data);
}

/** A worker has one graph, so it exports the same one without the argument graph (CALL-10). */
export function exportMetaGraph(graph, call) {
  for (const earlier of call.preceding) exportOnce(graph, { ...call, arguments: earlier });
  return exportOnce(graph, call);
}

function exportOnce(graph, call) {
  const contract = CONTRACTS[call.contract];
  const given = checkedArguments(call.arguments, contract);
  checkEager(call, given);
  const loaded = graph.copied();
  const source = given.graphDef ?? loaded.graphDef;
  const scope = scopeOf(given.exportScope, contract);
  const removed = given.clearSavers ? extraneousNodes(source.node, given.saverDef) : new Set();
  const isSelected = (nodeName) => (!scope || scope.contains(nodeName)) && !removed.has(nodeName);
  const debugInfo = debugInfoOf(source.node.map((node) => node.name).filter(isSelected), loaded.debugInfo);
  const options = {
    ...given,
    ...{ eager: call.eager, contract, graph, collections: loaded.collections },
    ...{ scope, removed, isSelected },
  };
  // PATH-01, PATH-03: an export that nothing filters has the graph, or the given graph_def, as it is.
  const isFiltered = scope || given.clearDevices || given.clearSavers;
  const graphDef = isFiltered ? filteredExport(source, options) : source;
  const metaInfoDef = exportedMetaInfo(given, loaded.metaInfoDef, graphDef);
  if (given.stripDefaultAttrs) stripDefaultAttrs(graphDef);
  const message = MetaGraphDef.create({
    meta_info_def: metaInfoDef,
    graph_def: graphDef,
    collection_def: exportedCollections(options),
  });
  if (given.saverDef) message.saver_def = given.saverDef; // SAV-01, NODE-07
  const data = MetaGraphDef.encode(message).finish();
  checkSize(data, graphDef);
  if (given.filename) writeFiles(message, debugInfo, options); // FILE-03, DBG-06
  return data; // CALL-02
}

/** EAG-01, EAG-02. A call in the context of a graph is not eager, so the kit does not say that it is: EAG-04. */
function checkEager(call, given) {
  if (call.eager && (call.defaultGraph || !given.graphDef)) {
    throw new ExportError("RuntimeError", "with eager execution enabled, an export needs graph and graph_def");
  }
}

function filteredExport(source, options) {
  const { graphDef, unboundInputs } = filteredGraph(source, options);
  addUnboundInputs(unboundInputs, options);
  return graphDef;
}

/** Returns what the caller gave (META-02), with versions, the op list, and whether defaults are stripped. */
function exportedMetaInfo(given, loaded, graphDef) {
  const metaInfo = given.metaInfoDef ?? MetaInfoDef.create();
  metaInfo.tensorflow_version = loaded.tensorflow_version;
  metaInfo.tensorflow_git_version = loaded.tensorflow_git_version;
  // OPS-04; it is there without ops, too (NODE-06), and made before defaults are stripped (STRIP-05).
  if (!metaInfo.stripped_op_list?.op.length) metaInfo.stripped_op_list = { op: strippedOpList(graphDef) };
  if (given.stripDefaultAttrs) metaInfo.stripped_default_attrs = true; // STRIP-02
  return metaInfo;
}

/** BIG-01, BIG-02 */
function checkSize(data, graphDef) {
  if (data.length > MAX_BYTES && GraphDef.encode(graphDef).len > MAX_BYTES) {
    throw new ExportError("ValueError", "the graph has 2 GB or more");
  }
}
