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

function makeRequest(): EvaluateRequest {
  if (nextPosition + setup.message > positions.length) nextPosition = 0;
  const from = nextPosition;
  nextPosition += setup.message;
  return {
    requestId: nextRequest++,
    model: '',
    priority: Priority.BULK,
    positions: positions.slice(from, from + setup.message),
    ownership: false,
    cancel: false,
  };
}

async function run(ms: number): Promise<{ evaluations: number; ms: number }> {
  const outgoing = new MessageQueue<EvaluateRequest>();
  for (let i = 0; i < setup.inFlight; i++) outgoing.push(makeRequest());
  const start = performance.now();
  let evaluations = 0;
  let elapsed = 0;
  for await (const response of client.evaluate(outgoing)) {
    if (response.error) throw new Error(response.error.message);
    if (elapsed > 0) continue;
    evaluations += response.evaluations.length;
    if (performance.now() - start < ms) {
      outgoing.push(makeRequest());
    } else {
      elapsed = performance.now() - start;
      outgoing.end();
    }
  }
  return { evaluations, ms: elapsed };
}

process.on('message', (ms: number) => {
  void run(ms).then((result) => process.send?.({ ...result, cpuMicros: cpuMicros() }));
});
process.on('disconnect', () => process.exit());
await run(200);
process.send?.('ready');
