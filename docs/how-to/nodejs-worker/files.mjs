// The files of an export: the message, and the debug info beside it.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, format, parse } from "node:path";
import textFormat from "protobufjs/ext/textformat.js";
import { GraphDebugInfo, MetaGraphDef } from "./schema.mjs";

/** Writes a message, and its debug info if that is requested, in the text format or binary. */
export function writeFiles(message, debugInfo, { filename, asText, saveDebugInfo, contract }) {
  writeMessage(MetaGraphDef, message, filename, asText); // FILE-01
  if (!saveDebugInfo) return;
  writeMessage(GraphDebugInfo, debugInfo, debugInfoPath(filename, contract), asText); // DBG-02
}

/** DBG-01: model.meta gets model_debug.meta in the documentation, and model.debug in TensorFlow. */
function debugInfoPath(filename, contract) {
  const { dir, name, ext } = parse(filename);
  if (contract.debugInfoIsNamedLikeTheFile) return format({ dir, name: `${name}_debug`, ext });
  return format({ dir, name, ext: ".debug" });
}

/** FILE-02: folders are created, and a reader sees the old file or the new one, never a part of it. */
function writeMessage(type, message, path, asText) {
  const data = asText ? textFormat.toText(type, message, { unknowns: true }) : type.encode(message).finish();
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(unfinished, data);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
