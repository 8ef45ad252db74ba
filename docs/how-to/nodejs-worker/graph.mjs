// A loaded graph, which several calls can export.
import { GraphDef, MetaGraphDef } from "./schema.mjs";

export class Graph {
  #serialized;
  #decoded;
  #replaced = new Map();

  /** Loads a serialised MetaGraphDef. It throws if that is damaged. */
  constructor(serialized) {
    this.#serialized = serialized;
    this.#decoded = MetaGraphDef.decode(serialized);
  }

  /**
   * Returns a new copy of everything in the graph, so that an export may change it, and the next one finds what
   * was loaded (CALL-11, CALL-12, UNB-07). The MetaGraphDef was itself an export: its nodes are in the order of
   * their creation (NODE-01), and their _output_shapes are the shapes of their outputs (PATH-01, NODE-02).
   *
   * @returns {{graphDef: object, debugInfo: object, collections: Map<string, object>, metaInfoDef: object}}
   *   debugInfo: the origins of the nodes, which graphDef lacks; collections: the CollectionDefs by key.
   */
  copied() {
    const loaded = this.#decoded ?? MetaGraphDef.decode(this.#serialized);
    this.#decoded = null;
    const { node, versions, library, debug_info: debugInfo } = loaded.graph_def;
    return {
      graphDef: GraphDef.create({ node, versions, library }),
      debugInfo,
      collections: new Map([...Object.entries(loaded.collection_def), ...this.#replaced]),
      metaInfoDef: loaded.meta_info_def,
    };
  }

  /** Replaces a collection for all later exports. */
  replaceCollection(key, collection) {
    this.#replaced.set(key, collection);
  }
}
