// The exporter under test. Replace the body of exportMetaGraph with a call of your own exporter.

/** The name and version of the exporter in reports. */
export const name = "my-exporter";
export const version = "0.1.0";

/**
 * The capabilities that the exporter does not support. Cases that need one of them are skipped and reported as
 * unsupported. Delete a line as soon as your exporter supports the capability.
 */
export const unsupported = [
@CAPABILITIES@
];

/** Thrown if a call needs an unsupported capability that `unsupported` lacks; the message is the capability. */
export class Unsupported extends Error {}

/** A rejected call. className is the exception that TensorFlow's documentation promises, such as "ValueError". */
export class ExportError extends Error {
  constructor(className, text) {
    super(text);
    this.className = className;
  }
}

/**
 * Loads a graph, before every call. If it throws, the case is not judged, and reports name the error.
 *
 * @param {Uint8Array} data a serialised MetaGraphDef (tensorflow.binpb has its definition).
 * @returns the loaded graph, in any form.
 */
export function loadGraph(data) {
  return data;
}

/**
 * Makes one call of export_meta_graph.
 *
 * @param loaded what loadGraph returned;
 * @param {object} call
 *   arguments: the keyword arguments of export_meta_graph; one that is absent was not passed;
 *   preceding: the arguments of calls to make first on the same loaded graph; their results are ignored;
 *   defaultGraph: export the default graph, without the argument graph;
 *   eager: make the call with eager execution enabled;
 *   contract: "documented" or "tensorflow"; caseId: the case, for messages.
 * @returns {Uint8Array} the exported MetaGraphDef, serialised.
 */
export function exportMetaGraph(loaded, call) {
  // This starter returns the graph unchanged so that it runs at once. That is nearly right for a plain export,
  // and wrong for everything else. Export what loadGraph has loaded, with call.arguments.
  return loaded;
}
