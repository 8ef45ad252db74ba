// Stands in for export_meta_graph.mjs in a process that answers as each of many variants of the exporter: the one
// that the file `current` names. To start Node.js and read the schema takes ten times as long as to judge a variant.
import { readFileSync, readdirSync } from "node:fs";

export { ExportError, Unsupported } from "./errors.mjs"; // which all variants share

export const name = "nodejs-variants";
export const version = "1.0.0";
export const unsupported = [];

const here = (path) => new URL(path, import.meta.url);
const variants = new Map();
for (const folder of readdirSync(here("variants"))) {
  variants.set(folder, await import(here(`variants/${folder}/export_meta_graph.mjs`)));
}

export function loadGraph(data) {
  const variant = variants.get(readFileSync(here("current"), "utf8"));
  return { variant, graph: variant.loadGraph(data) };
}

export function exportMetaGraph({ variant, graph }, call) {
  return variant.exportMetaGraph(graph, call);
}
