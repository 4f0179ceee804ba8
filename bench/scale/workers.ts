/** The process of the simulated workers: each has a connection and a stream of its own. */

import { ChannelCredentials, createChannel, createClientFactory, Metadata } from 'nice-grpc';
import { EvaluatorServiceDefinition } from '../../src/wire/evaluator-definition.js';
import { positionToWire } from '../../src/wire/position.js';
import { Load } from '../evaluator/load.js';
import { cpuMicros, makePositions, readSetup } from '../evaluator/setup.js';

/** So many workers ask for `ms`. */
export interface WorkersOrder {
  readonly workers: number;
  readonly ms: number;
}

/** Messages that a worker has in flight: its games take turns at searching and waiting. */
const IN_FLIGHT = 2;

const [address = '', ...flags] = process.argv.slice(2);
const setup = readSetup(flags);
const positions = makePositions(setup.size, 16_384).map(positionToWire);
const loads: Load[] = [];

function loadOf(worker: number): Load {
  // Channels of one process to one address share a connection unless told not to; workers elsewhere would not.
  const channel = createChannel(address, ChannelCredentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const metadata = new Metadata({ authorization: 'Bearer secret' });
  const client = createClientFactory().create(EvaluatorServiceDefinition, channel, { '*': { metadata } });
  return new Load(client, positions, (worker * 61) % positions.length);
}

async function run({ workers, ms }: WorkersOrder): Promise<{ evaluations: number; ms: number }> {
  while (loads.length < workers) loads.push(loadOf(loads.length));
  const order = { ms, inFlight: IN_FLIGHT, count: setup.message };
  const results = await Promise.all(loads.slice(0, workers).map((load) => load.run(order)));
  return {
    evaluations: results.reduce((sum, { evaluations }) => sum + evaluations, 0),
    ms: Math.max(...results.map((result) => result.ms)),
  };
}

process.on('message', (order: WorkersOrder) => {
  void run(order).then((result) => process.send?.({ ...result, cpuMicros: cpuMicros() }));
});
process.on('disconnect', () => process.exit());
await run({ workers: 1, ms: 200 });
process.send?.('ready');
