/**
 * A process of clients, each with a connection of its own: asks a quiet server, connects, begins when its parent says so, says
 * when every client has made its calls, and ends at the next word.
 */

import { setMaxListeners } from 'node:events';
import { Connection } from '../../clients/shared/connection.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import { Rng } from '../../src/core/rng.js';
import { evaluating, generating, looking, watchingJob, watchingServer } from './calls.js';
import type { ClientsOrder, ClientsWord } from './client-process.js';
import { callAgain, makeCall, type Call, type Facts, type Life } from './life.js';
import { Questions } from './questions.js';
import { newTally } from './tally.js';

/** Clients that connect at once: the next begins when one has had its first answer. */
const CONNECTING = 16;

const { address, models, first, clients, calls } = JSON.parse(process.argv[2] ?? '') as ClientsOrder;
const words = new MessageQueue<ClientsWord>();
process.on('message', (word: ClientsWord) => words.push(word));
process.on('disconnect', () => process.exit());
const heard = words[Symbol.asyncIterator]();
const say = (word: ClientsWord, then: () => void = () => undefined): void => void process.send?.(word, then);

const asking = new Connection({ address });
const questions = await Questions.ask(asking, models);
asking.close();
say('asked');

const facts = (await heard.next()).value as Facts;
const leaving = new AbortController();
setMaxListeners(0, leaving.signal);
const tally = newTally();
const lives = Array.from({ length: clients }, (_, i): Life => {
  const connection = new Connection({ address });
  return { connection, facts, questions, tally, rng: new Rng(first + i), signal: leaving.signal };
});
let connecting = 0;
const connect = async (): Promise<void> => {
  for (let life = lives[connecting++]; life; life = lives[connecting++]) await makeCall(life, looking(life));
};
await Promise.all(Array.from({ length: CONNECTING }, connect));
say('ready');

await heard.next();
void heard.next().then(() => leaving.abort());
const progress = new Map<number, string>();
const watching = (life: Life): Call => watchingJob(life, progress);
/** Of nine clients, four evaluate and two generate. */
const kinds = [
  evaluating,
  generating,
  watching,
  evaluating,
  looking,
  evaluating,
  generating,
  evaluating,
  watchingServer,
];
let behind = clients;
const made = (): void => {
  if (--behind === 0) say('made');
};
await Promise.all(lives.map((life, i) => callAgain(life, kinds[(first + i) % kinds.length]!(life), calls, made)));
for (const { connection } of lives) connection.close();
say(tally, () => process.disconnect());
