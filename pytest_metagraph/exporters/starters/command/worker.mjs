// Answers the requests of pytest-metagraph over stdin and stdout; worker.proto defines the protocol.
// You need not change this file: the exporter is in export_meta_graph.mjs.
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import { ExportError, Unsupported, exportMetaGraph, loadGraph, name, unsupported, version } from "./export_meta_graph.mjs";

const PROTOCOL = 1;
const LENGTH_BYTES = 4;

const root = new protobuf.Root().loadSync(fileURLToPath(new URL("worker.proto", import.meta.url)), { keepCase: true });
const Request = root.lookupType("pytest_metagraph.worker.Request");
const Answer = root.lookupType("pytest_metagraph.worker.Answer");

// stdout is for the protocol only: anything that a library prints there would be read as an answer.
console.log = console.info = console.debug = console.error;

let kept = { graph: Buffer.alloc(0), digest: Buffer.alloc(0) };
let received = [];
let receivedBytes = 0;
for await (const chunk of process.stdin) {
  received.push(chunk);
  receivedBytes += chunk.length;
  for (let data = takeMessage(); data !== undefined; data = takeMessage()) {
    const answer = answerTo(Request.decode(data));
    if (answer === undefined) process.exit(0);
    send(Answer.encode(answer).finish());
  }
}

/** Returns the next message once it is complete. Its length precedes it, as 4 bytes, little-endian. */
function takeMessage() {
  if (receivedBytes < LENGTH_BYTES) return undefined;
  if (received[0].length < LENGTH_BYTES) received = [Buffer.concat(received)];
  const end = LENGTH_BYTES + received[0].readUInt32LE(0);
  if (receivedBytes < end) return undefined;
  const all = Buffer.concat(received);
  received = [all.subarray(end)];
  receivedBytes = all.length - end;
  return all.subarray(LENGTH_BYTES, end);
}

function send(data) {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(data.length);
  process.stdout.write(Buffer.concat([length, data]));
}

/** Returns the answer to a request; undefined for the request to stop. */
function answerTo(request) {
  if (request.hello) return { introduction: { protocol: PROTOCOL, name, version, unsupported, keeps_graph: true } };
  if (request.stop) return undefined;
  if (!request.export) throw new Error("a request that this version of the protocol does not have");
  const graph = graphOf(request.export);
  if (graph === undefined) return { unknown_graph: {} };
  let loaded;
  try {
    loaded = loadGraph(graph);
  } catch (error) {
    // An error of the import is not one of the export, which a case may expect.
    return { not_loadable: { reason: `${error.name}: ${error.message}` } };
  }
  try {
    return { exported: { meta_graph_def: exportMetaGraph(loaded, callOf(request.export)) } };
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: { capability: error.message } };
    // Only an ExportError is a rejection. A bug, such as a TypeError of JavaScript, must not look like one.
    const className = error instanceof ExportError ? error.className : `JavaScript.${error.name}`;
    return { raised: { classes: [className], text: error.message, traceback: error.stack } };
  }
}

/** Returns the graph of a request, which the kit sends once and then names; undefined if it is not the kept one. */
function graphOf({ graph, graph_digest: digest }) {
  if (!digest.length) return graph;
  if (graph.length) kept = { graph, digest };
  return Buffer.compare(kept.digest, digest) === 0 ? kept.graph : undefined;
}

function callOf(request) {
  return {
    arguments: argumentsOf(request),
    preceding: request.preceding.map(argumentsOf),
    defaultGraph: request.default_graph,
    eager: request.eager,
    contract: request.contract,
    caseId: request.case_id,
  };
}

function argumentsOf(call) {
  return Object.fromEntries(Object.entries(call.arguments).map(([argument, value]) => [argument, plain(value)]));
}

/** Converts a Value: a message stays { type, data }, bytes become a Buffer, a dict becomes a Map. */
function plain(value) {
  if (value.none) return null;
  if (value.list) return value.list.items.map(plain);
  if (value.dict) return new Map(value.dict.entries.map((entry) => [plain(entry.key), plain(entry.value)]));
  for (const kind of ["flag", "number", "text", "data", "message"]) {
    if (Object.hasOwn(value, kind)) return value[kind];
  }
  return Number(value.integer);
}
