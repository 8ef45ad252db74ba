// Where the nodes of an export come from, as far as the loaded graph knows.
import protobuf from "protobufjs";
import { GraphDebugInfo } from "./schema.mjs";

const MAX_FRAMES = 10;
/** protobufjs has the keys of a map in this form if they are 64-bit integers. */
const mapKey = protobuf.util.longToHash;

/**
 * Returns the GraphDebugInfo of nodes (DBG-07), which may be empty (DBG-02). Frames and traces keep their numbers.
 *
 * @param {string[]} names the whole names of the exported nodes, also under a scope (DBG-04).
 * @param {object} loaded the GraphDebugInfo of the loaded graph; null if it has none.
 */
export function debugInfoOf(names, loaded) {
  if (!loaded) return GraphDebugInfo.create();
  const known = names.filter((name) => Object.hasOwn(loaded.name_to_trace_id, name));
  const traces = known.map((name) => [`${name}@`, loaded.name_to_trace_id[name]]);
  return GraphDebugInfo.create({
    files: loaded.files,
    frames_by_id: loaded.frames_by_id,
    name_to_trace_id: Object.fromEntries(traces),
    traces_by_id: Object.fromEntries(traces.map(([, id]) => [mapKey(id), innermost(loaded.traces_by_id[mapKey(id)])])),
  });
}

/** DBG-03; the innermost frame is the last one. */
function innermost(trace) {
  return { frame_id: trace.frame_id.slice(-MAX_FRAMES) };
}
