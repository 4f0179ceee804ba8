import { beforeEach, describe, expect, it } from 'vitest';
import { breathe } from '../../../src/core/breathe.js';
import { Quiet } from '../../../src/evaluator/quiet.js';

let now: number;
let pending: number;
let pauses: { ms: number; end: () => void }[];
let quiet: Quiet;
let never: AbortSignal;

beforeEach(() => {
  [now, pending, pauses, never] = [10_000, 0, [], new AbortController().signal];
  const delay = (ms: number): Promise<void> => {
    const until = now + ms;
    return new Promise((resolve) => {
      const end = (): void => {
        now = until;
        resolve();
      };
      pauses.push({ ms, end });
    });
  };
  quiet = new Quiet(() => pending, { now: () => now, delay });
});

/** A turn that is asked for now, and whether it has come. */
function ask(): { came: boolean } {
  const asked = { came: false };
  void quiet.turn(never).then(() => (asked.came = true));
  return asked;
}

describe('Quiet', () => {
  it('lets work begin at once where nobody is served', async () => {
    const asked = ask();
    await breathe();
    expect([asked.came, quiet.isInteractive, pauses]).toEqual([true, false, []]);
  });

  it('holds work from the first interactive request until some time after the last', async () => {
    quiet.began();
    const asked = ask();
    quiet.began();
    quiet.ended();
    await breathe();
    expect([asked.came, quiet.isInteractive, pauses.length]).toEqual([false, true, 0]);
    quiet.ended();
    await breathe();
    expect(pauses[0]!.ms).toBe(2000);
    now += 500;
    quiet.began();
    quiet.ended();
    pauses[0]!.end();
    await breathe();
    expect([asked.came, pauses.length, pauses[1]?.ms]).toEqual([false, 2, 500]);
    pauses[1]!.end();
    await breathe();
    expect([asked.came, quiet.isInteractive]).toEqual([true, false]);
  });

  it('pauses once before each piece of work while bulk positions are evaluated', async () => {
    pending = 64;
    for (let turn = 0; turn < 2; turn++) {
      const asked = ask();
      await breathe();
      expect([asked.came, pauses.length]).toEqual([false, turn + 1]);
      pauses[turn]!.end();
      await breathe();
      expect([asked.came, quiet.isInteractive]).toEqual([true, false]);
    }
  });

  it('gives up when it is told to', async () => {
    const abort = new AbortController();
    quiet.began();
    const turn = quiet.turn(abort.signal);
    abort.abort();
    await expect(turn).rejects.toMatchObject({ kind: 'cancelled' });
  });
});
