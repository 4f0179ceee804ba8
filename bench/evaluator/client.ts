/** The client process: one stream, a fixed number of messages in flight, every answer decoded. */

import { Connection } from '../../clients/shared/connection.js';
import { MessageQueue } from '../../clients/shared/message-queue.js';
import { EvaluatorServiceDefinition, Priority, type EvaluateRequest } from '../../src/proto/tengen/v1/evaluator.js';
import { positionToWire } from '../../src/wire/position.js';
import { cpuMicros, makePositions, readSetup } from './setup.js';

const [address = '', ...flags] = process.argv.slice(2);
const setup = readSetup(flags);
const client = new Connection({ address, token: 'secret' }).client(EvaluatorServiceDefinition);
const positions = makePositions(setup.size, 4096).map(positionToWire);
let nextPosition = 0;
let nextRequest = 1;

function makeRequest(count: number): EvaluateRequest {
  if (nextPosition + count > positions.length) nextPosition = 0;
  const from = nextPosition;
  nextPosition += count;
  return {
    requestId: nextRequest++,
    model: '',
    priority: count === 1 ? Priority.INTERACTIVE : Priority.BULK,
    positions: positions.slice(from, from + count),
    ownership: false,
    cancel: false,
  };
}

/** What the benchmark tells this process to do: keep `inFlight` messages of `count` positions going for `ms`. */
export interface ClientOrder {
  readonly ms: number;
  readonly inFlight: number;
  readonly count: number;
}

async function run({ ms, inFlight, count }: ClientOrder): Promise<{ evaluations: number; ms: number }> {
  const outgoing = new MessageQueue<EvaluateRequest>();
  for (let i = 0; i < inFlight; i++) outgoing.push(makeRequest(count));
  const start = performance.now();
  let evaluations = 0;
  let elapsed = 0;
  for await (const response of client.evaluate(outgoing)) {
    if (response.error) throw new Error(response.error.message);
    if (elapsed > 0) continue;
    evaluations += response.evaluations.length;
    if (performance.now() - start < ms) {
      outgoing.push(makeRequest(count));
    } else {
      elapsed = performance.now() - start;
      outgoing.end();
    }
  }
  return { evaluations, ms: elapsed };
}

process.on('message', (order: ClientOrder) => {
  void run(order).then((result) => process.send?.({ ...result, cpuMicros: cpuMicros() }));
});
process.on('disconnect', () => process.exit());
await run({ ms: 200, inFlight: setup.inFlight, count: setup.message });
process.send?.('ready');
