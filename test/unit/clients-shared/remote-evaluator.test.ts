import { afterEach, describe, expect, it } from 'vitest';
import { Connection } from '../../../clients/shared/connection.js';
import { RemoteEvaluator, type RemoteEvaluatorOptions } from '../../../clients/shared/remote-evaluator.js';
import { Position } from '../../../src/go/position.js';
import { defaultRules } from '../../../src/go/rules.js';
import { HeuristicServer } from '../../support/heuristic-server.js';
import { ScriptedServer } from '../../support/scripted-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

const position = new Position(5, defaultRules(5));
const patient: RemoteEvaluatorOptions = { patienceMs: 60_000 };

function evaluatorAt(address: string, options: RemoteEvaluatorOptions): RemoteEvaluator {
  const connection = new Connection({ address });
  const evaluator = new RemoteEvaluator(connection, options);
  closing.push(
    () => connection.close(),
    () => evaluator.close(),
  );
  return evaluator;
}

/** What was asked is out once the message has been made, which is after this turn's promises. */
function sent(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

async function started(): Promise<HeuristicServer> {
  const server = new HeuristicServer(5);
  await server.start();
  closing.push(() => server.stop());
  return server;
}

describe('RemoteEvaluator', () => {
  it('asks again for what a cut connection left unanswered', async () => {
    const server = await started();
    const proxy = new TcpProxy(server.address);
    const evaluator = evaluatorAt(await proxy.start(), patient);
    closing.push(() => proxy.stop());
    await evaluator.evaluate([position]);
    proxy.stalled = true;
    const waiting = [evaluator.evaluate([position]), evaluator.evaluate([position, position])];
    await sent();
    proxy.stalled = false;
    proxy.cut();
    expect((await Promise.all(waiting)).map((evaluations) => evaluations.length)).toEqual([1, 2]);
    expect(proxy.accepted).toBeGreaterThan(1);
  });

  it('waits for a server that is started again, and answers requests made meanwhile', async () => {
    const server = await started();
    const evaluator = evaluatorAt(server.address, patient);
    await evaluator.evaluate([position]);
    server.stop();
    const before = evaluator.evaluate([position]);
    await sent();
    const during = evaluator.evaluate([position]);
    await server.start();
    expect((await before)[0]).toEqual((await during)[0]);
  });

  it('fails when the patience is over, with the reason', async () => {
    const server = await started();
    const evaluator = evaluatorAt(server.address, { patienceMs: 30 });
    server.stop();
    await expect(evaluator.evaluate([position])).rejects.toThrow(/ECONNREFUSED/);
  });

  it('fails at once without patience, as workers hold their games back themselves', async () => {
    const server = new ScriptedServer();
    const evaluator = evaluatorAt(await server.start(), {});
    closing.push(() => server.stop());
    server.failEvaluations = 1;
    await expect(evaluator.evaluate([position])).rejects.toThrow('shutting down');
    expect(await evaluator.evaluate([position])).toHaveLength(1);
  });

  it('gives up what waits when its caller does', async () => {
    const server = await started();
    const evaluator = evaluatorAt(server.address, patient);
    server.stop();
    const abort = new AbortController();
    const answer = evaluator.evaluate([position], { signal: abort.signal });
    abort.abort();
    await expect(answer).rejects.toMatchObject({ kind: 'cancelled' });
    await server.start();
    await evaluator.evaluate([position]);
    expect(server.evaluated).toBe(1);
  });

  it('gives up what waits when it is closed', async () => {
    const server = await started();
    const evaluator = evaluatorAt(server.address, patient);
    server.stop();
    const answer = evaluator.evaluate([position]);
    await sent();
    evaluator.close();
    await expect(answer).rejects.toThrow('The evaluator was closed');
  });
});
