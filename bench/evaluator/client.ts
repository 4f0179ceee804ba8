/** The process of the clients: each has a connection and a stream of its own; every answer is decoded. */

import { ChannelCredentials, createChannel, createClientFactory, Metadata } from 'nice-grpc';
import { EvaluatorServiceDefinition } from '../../src/wire/evaluator-definition.js';
import { positionToWire } from '../../src/wire/position.js';
import { type ClientOrder, Load } from './load.js';
import { cpuMicros, makePositions, readSetup } from './setup.js';

const [address = '', ...flags] = process.argv.slice(2);
const setup = readSetup(flags);
const positions = makePositions(setup.size, 16_384).map(positionToWire);
const loads: Load[] = [];

function loadOf(client: number): Load {
  // Channels of one process to one address share a connection unless told not to; clients elsewhere would not.
  const channel = createChannel(address, ChannelCredentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const metadata = new Metadata({ authorization: 'Bearer secret' });
  const stub = createClientFactory().create(EvaluatorServiceDefinition, channel, { '*': { metadata } });
  return new Load(stub, positions, (client * 61) % positions.length);
}

async function run(order: ClientOrder): Promise<{ evaluations: number; ms: number }> {
  const { clients = 1 } = order;
  while (loads.length < clients) loads.push(loadOf(loads.length));
  const results = await Promise.all(loads.slice(0, clients).map((load) => load.run(order)));
  return {
    evaluations: results.reduce((sum, { evaluations }) => sum + evaluations, 0),
    ms: Math.max(...results.map((result) => result.ms)),
  };
}

process.on('message', (order: ClientOrder) => {
  const before = cpuMicros();
  void run(order).then((result) => process.send?.({ ...result, cpuMicros: cpuMicros() - before }));
});
process.on('disconnect', () => process.exit());
await run({ ms: 200, inFlight: setup.inFlight, count: setup.message });
process.send?.('ready');
