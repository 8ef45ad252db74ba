// Where the nodes of an export come from, as far as the loaded graph knows.
import protobuf from "protobufjs";
import { GraphDebugInfo } from "./schema.mjs";

const MAX_FRAMES = 10;

// protobufjs reads the 64-bit keys of a map as texts of 8 characters. It writes these and decimal numbers, but its
// text format needs the numbers.
const readKey = (id) => protobuf.util.longToHash(id);
const writtenKey = (key) => String(protobuf.util.longFromHash(key, true));

/**
 * Returns the GraphDebugInfo of nodes (DBG-07), which may be empty (DBG-02). Frames and traces keep their numbers.
 *
 * @param {string[]} names the whole names of the exported nodes, also under a scope (DBG-04).
 * @param {object} loaded the GraphDebugInfo of the loaded graph; null if it has none.
 */
export function debugInfoOf(names, loaded) {
  if (!loaded) return GraphDebugInfo.create();
  const known = names.filter((name) => Object.hasOwn(loaded.name_to_trace_id, name));
  const ids = known.map((name) => loaded.name_to_trace_id[name]);
  const frames = Object.entries(loaded.frames_by_id);
  return GraphDebugInfo.create({
    files: loaded.files,
    frames_by_id: Object.fromEntries(frames.map(([key, frame]) => [writtenKey(key), frame])),
    traces_by_id: Object.fromEntries(ids.map((id) => [String(id), innermost(loaded.traces_by_id[readKey(id)])])),
    name_to_trace_id: Object.fromEntries(known.map((name, index) => [`${name}@`, ids[index]])),
  });
}

/** DBG-03; the innermost frame is the last one. */
function innermost(trace) {
  return { frame_id: trace.frame_id.slice(-MAX_FRAMES) };
}
