// The exporter that the kit tests. Replace what exportMetaGraph does with a call of your own.

/** How the exporter is called in reports. */
export const name = "my-exporter";
export const version = "0.1.0";

/**
 * What the exporter can not do. Cases that need one of these are not asked and show as not supported, so
 * delete a line as soon as your exporter can do it.
 */
export const unsupported = [
@CAPABILITIES@
];

/** Thrown for something that is missing in `unsupported`, with the capability as its message. */
export class Unsupported extends Error {}

/** A rejected call: className is the exception that TensorFlow's documentation promises, as "ValueError". */
export class ExportError extends Error {
  constructor(className, text) {
    super(text);
    this.className = className;
  }
}

/**
 * Makes one call of export_meta_graph.
 *
 * @param {object} call
 *   graph: the graph to load, a serialised MetaGraphDef (tensorflow.binpb has its definition);
 *   arguments: the keyword arguments of export_meta_graph; one that is absent is not given;
 *   preceding: the arguments of calls to make before on the same loaded graph, whose results nobody asks for;
 *   defaultGraph: export the default graph, without the argument graph;
 *   eager: make the call where eager execution is enabled;
 *   contract: "documented" or "tensorflow"; caseId: the case, for messages.
 * @returns {Uint8Array} the exported MetaGraphDef, serialised.
 */
export function exportMetaGraph(call) {
  // So that this starter runs at once, it hands the graph back: nearly right for a plain export, and wrong
  // for everything else. Yours loads call.graph and exports it with call.arguments.
  return call.graph;
}
