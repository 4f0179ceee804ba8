/** A worker that plays a leased game to its end and submits it with damage. */

import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import type { Rng } from '../../src/core/rng.js';
import { Position } from '../../src/go/position.js';
import { defaultRules } from '../../src/go/rules.js';
import { encode, type Json, said } from './messages.js';
import { MessageMutator, readTree, writeTree } from './message-tree.js';
import { pathOf } from './schema.js';
import { shapeOf } from './shape.js';
import { hello } from './valid-requests.js';
import { unclearStatus, unclearText, type Finding } from './verdict.js';
import { framed } from './wire-call.js';
import { type World } from './world.js';

/** Time that a lease may take to come; there may be none. */
const LEASE_MS = 1000;

/** One game; one in eight is sent as it is. */
export async function workCase(world: World, rng: Rng): Promise<Finding | undefined> {
  const method = world.method('Work');
  const { input, output } = method;
  const call = await world.connection.open(pathOf(method));
  call.send(framed(encode(method, hello())));
  const first = await call.next(LEASE_MS);
  const lease = first && (toJson(output, fromBinary(output, first)) as Json)['lease'];
  if (lease !== undefined) {
    const bytes = toBinary(
      input,
      fromJson(input, { submit: submission(lease as Json, rng) } as never, { ignoreUnknownFields: true }),
    );
    const tree = readTree(shapeOf(input), bytes);
    call.send(framed(rng.int(8) === 0 ? bytes : writeTree(new MessageMutator(rng, world.words).mutated(tree))));
  }
  call.finish();
  const end = await call.ended(world.boundMs);
  if (end.timedOut) return { verdict: 'hang', what: 'Work, a game', said: 'no end' };
  const status = unclearStatus(end.status, end.message, 'NaN');
  if (status !== undefined) return { verdict: 'unclear', what: 'Work, a game', said: `${status}: ${end.message}` };
  for (const answer of call.taken()) {
    const refused = (toJson(output, fromBinary(output, answer)) as Json)['refused'] as Json | undefined;
    const why = refused && unclearText(said(refused['reason']), 'NaN');
    if (why !== undefined)
      return { verdict: 'unclear', what: 'Work, a game', said: `${why} in '${said(refused!['reason'])}'` };
  }
  return undefined;
}

function submission(lease: Json, rng: Rng): Json {
  const { leaseId, jobId, gameId, modelVersion, seed, settings } = lease;
  const { size, rules, maxMoves } = settings as { size: number; rules: Json; maxMoves: number };
  // The rules of the job are those of a board of its size but for names.
  const position = new Position(size, { ...defaultRules(size), komi: Number(rules['komi'] ?? 0) });
  const legal = new Uint8Array(position.actionCount);
  const moves: number[] = [];
  const searches: Json[] = [];
  while (!position.isOver && moves.length < maxMoves) {
    position.legal(legal);
    const move = rng.weighted(legal);
    moves.push(move);
    searches.push({ policy: [move, 65_535], value: 0, visits: 1, full: true });
    position.play(move);
  }
  return {
    leaseId,
    game: { gameId, jobId, modelVersion, seed, size, rules, moves, searches, score: position.score() },
  };
}
