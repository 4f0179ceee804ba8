/** The client process: one stream, a fixed number of messages in flight, every answer decoded. */

import { Connection } from '../../clients/shared/connection.js';
import { EvaluatorServiceDefinition } from '../../src/wire/evaluator-definition.js';
import { positionToWire } from '../../src/wire/position.js';
import { type ClientOrder, Load } from './load.js';
import { cpuMicros, makePositions, readSetup } from './setup.js';

const [address = '', ...flags] = process.argv.slice(2);
const setup = readSetup(flags);
const client = new Connection({ address, token: 'secret' }).client(EvaluatorServiceDefinition);
const load = new Load(client, makePositions(setup.size, 4096).map(positionToWire));

process.on('message', (order: ClientOrder) => {
  void load.run(order).then((result) => process.send?.({ ...result, cpuMicros: cpuMicros() }));
});
process.on('disconnect', () => process.exit());
await load.run({ ms: 200, inFlight: setup.inFlight, count: setup.message });
process.send?.('ready');
