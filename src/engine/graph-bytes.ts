/** Graphs as bytes, which cross to a thread without being read on the way, however large they are. */

import { deserialize, serialize } from 'node:v8';
import { graphData, type GraphData, graphOf } from '../nn/graph-data.js';
import type { Graph } from '../nn/graph.js';
import { owned } from '../threads/messages.js';

/** The bytes of a graph, with its constants; their buffer can be given away. */
export function graphBytes(graph: Graph): Uint8Array<ArrayBuffer> {
  return owned(serialize(graphData(graph)));
}

/** The graph of such bytes. */
export function graphOfBytes(bytes: Uint8Array): Graph {
  return graphOf(deserialize(bytes) as GraphData);
}
