import { join } from 'node:path';
import { expect, it } from 'vitest';
import { zigZagShards } from '../../src/methods/scheduling/shards.js';
import { skipWithout } from '../support/needs.js';
import { pythonFolder, runPython, serverForPython } from '../support/python-clients.js';
import { pythonWithTorch } from '../support/python.js';

const python = pythonWithTorch();
const server = serverForPython();
const run = (...args: string[]): Promise<string> => runPython(python!, ...args);

it('two processes in PyTorch train by any plan as one process does, gradient for gradient', async ({ skip }) => {
  if (!python) return skipWithout('torch', skip);
  const lines = (await run(join(pythonFolder, 'scheduling.py'), server.address, 'secret')).split('\n');
  expect(lines.map((line) => line.split(':')[0])).toEqual(
    ['shard-all', 'token-packing', 'dacp', 'skrull', 'skrull-refined'].flatMap((policy) => [
      `1x2 ${policy}`,
      `2x1 ${policy}`,
    ]),
  );
  const losses = lines.map((line) => /losses (.*), gradient/.exec(line)![1]!.split(' ').map(Number));
  for (const line of lines) expect(Number(/gradient error (.*)$/.exec(line)![1])).toBeLessThan(1e-12);
  for (const of of losses) expect(of).toEqual(losses[0]);
  expect(losses[0]!).toHaveLength(4);
  expect(losses[0]![3]).toBeLessThan(losses[0]![0]! - 0.5);
  // Sharding everything, some and nothing must all have occurred for this to prove anything.
  const sharded = lines.map((line) => Number(/(\d+) tokens of shards/.exec(line)![1]));
  expect(sharded.at(-2)).toBeGreaterThan(0);
  expect(sharded.at(-2)).toBeLessThan(sharded[0]!);
  expect(sharded.at(-1)).toBe(0);
});

it('the package cuts sequences as the server does', async ({ skip }) => {
  if (!python) return skipWithout('torch', skip);
  const cases = [1, 2, 3, 8].flatMap((ranks) => [1, 2, 7, 16, 33, 1000].map((length) => ({ length, ranks })));
  const script = `import json, sys; from tengen_scheduling import zig_zag_shards
print(json.dumps([[zig_zag_shards(c["length"], c["ranks"], r) for r in range(c["ranks"])] for c in json.loads(sys.argv[1])]))`;
  const cut = JSON.parse(await run('-c', script, JSON.stringify(cases))) as [number, number][][][];
  cases.forEach(({ length, ranks }, i) => {
    for (let rank = 0; rank < ranks; rank++) {
      const tokens = (runs: readonly { start: number; end: number }[]): number[] =>
        runs.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, t) => start + t));
      const ours = tokens(cut[i]![rank]!.map(([start, end]) => ({ start, end })));
      expect(ours).toEqual(tokens(zigZagShards(length, ranks, rank)));
    }
  });
});

it('groups with fewer micro-batches can be padded, and every step says when it ends', async ({ skip }) => {
  if (!python) return skipWithout('torch', skip);
  const script = `import sys, torch
from tengen_scheduling import Cluster, Grid, SchedulingClient, scheduled_loader
client = SchedulingClient(sys.argv[1], "secret")
cluster = Cluster(2, 1, 100, client.fit_cost([("local", [10], 1.0), ("local", [90], 9.0)], 1))
lengths = [90, 90, 90, 10, 10, 10, 10, 10]
data = [torch.arange(length) for length in lengths]
for pad in (False, True):
    for rank in (0, 1):
        loader = scheduled_loader(data, lengths, Grid(cluster, rank, 0), client, 3, policy="shard-all", pad=pad)
        print([(b.step, len(b.tokens), b.is_last) for b in loader])`;
  const [plain0, plain1, padded0, padded1] = (await run('-c', script, server.address))
    .replaceAll('(', '[')
    .replaceAll(')', ']')
    .replaceAll('True', 'true')
    .replaceAll('False', 'false')
    .split('\n')
    .map((line) => JSON.parse(line) as [step: number, tokens: number, isLast: boolean][]);
  for (const loader of [plain0!, plain1!])
    expect(loader.filter(([, , isLast]) => isLast).map(([step]) => step)).toEqual([0, 1]);
  expect(padded0!.map(([step, , isLast]) => [step, isLast])).toEqual(
    padded1!.map(([step, , isLast]) => [step, isLast]),
  );
  expect([plain0!.length, plain1!.length, padded0!.length, padded1!.length]).toEqual([2, 4, 4, 4]);
  expect(padded0!.filter(([, tokens]) => tokens > 0).map(([, tokens]) => tokens)).toEqual(
    plain0!.map(([, tokens]) => tokens),
  );
});

it('a sequence that no group can hold is refused with a sentence', async ({ skip }) => {
  if (!python) return skipWithout('torch', skip);
  const script = `import sys, grpc
from tengen_scheduling import Cluster, SchedulingClient
client = SchedulingClient(sys.argv[1], "secret")
cluster = Cluster(1, 2, 100, client.fit_cost([("local", [10], 1.0)], 2))
try:
    client.plan([50, 201], cluster)
except grpc.RpcError as error:
    print(error.code().name, error.details())`;
  expect(await run('-c', script, server.address)).toBe(
    'INVALID_ARGUMENT lengths[1] is 201 tokens; a group of 2 ranks with 100 tokens each holds at most 200 of a sequence',
  );
});
