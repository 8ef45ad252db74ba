// TensorFlow's messages and ops, from the files that `metagraph new-adapter command` writes.
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";

// PATH-03: a graph_def is exported as it is, so fields that this schema does not know have to survive decoding.
protobuf.Reader.discardUnknown = false;

const read = (name) => readFileSync(new URL(name, import.meta.url));
const root = protobuf.Root.fromDescriptor(descriptor.FileDescriptorSet.decode(read("tensorflow.binpb")));
root.resolveAll();

const type = (name) => root.lookupType(`tensorflow.${name}`);

export const AttrValue = type("AttrValue");
export const CollectionDef = type("CollectionDef");
export const CondContextDef = type("CondContextDef");
export const GraphDebugInfo = type("GraphDebugInfo");
export const GraphDef = type("GraphDef");
export const MetaGraphDef = type("MetaGraphDef");
export const MetaInfoDef = type("MetaGraphDef.MetaInfoDef");
export const QueueRunnerDef = type("QueueRunnerDef");
export const SaverDef = type("SaverDef");
export const VariableDef = type("VariableDef");
export const WhileContextDef = type("WhileContextDef");

/** The numbers of the dtypes, by name. */
export const DataType = root.lookupEnum("tensorflow.DataType").values;

/** The definition of every op that TensorFlow registers, by name. */
export const REGISTERED_OPS = new Map(
  type("OpList")
    .decode(read("tensorflow_ops.binpb"))
    .op.map((op) => [op.name, op]),
);
