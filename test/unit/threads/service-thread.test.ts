import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.js';
import { ServiceThread, type ThreadOptions } from '../../../src/threads/service-thread.js';

interface Counting {
  add(number: number): Promise<number>;
  tellTwice(word: string): void;
  fail(message: string): never;
  never(): Promise<never>;
  exit(): never;
}

const url = pathToFileURL(join(import.meta.dirname, '../../support/counting-thread.mjs'));
const events: string[] = [];

function options(more: Partial<ThreadOptions<string>> = {}): ThreadOptions<string> {
  return { name: 'counting', url, start: { from: 10 }, event: (event) => events.push(event), ...more };
}

const open = (more?: Partial<ThreadOptions<string>>) =>
  ServiceThread.open<Counting, { from: number }, string>(options(more));

describe('a thread that serves', () => {
  it('says its facts, answers calls in their order, and says things unasked', async () => {
    events.length = 0;
    const thread = await open();
    expect(await thread.opened).toEqual({ from: 10 });
    expect(await Promise.all([thread.call('add', 1), thread.call('add', 2), thread.call('add', 3)])).toEqual([
      11, 13, 16,
    ]);
    thread.tell('tellTwice', 'hm');
    expect(await thread.call('add', 0)).toBe(16);
    await thread.close();
    expect(events).toEqual(['hm', 'hm', 'released at 16']);
  });

  it('has its errors come with their kind, message, causes and stack', async () => {
    const thread = await open();
    const error = await thread.call('fail', 'no such number').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ kind: 'invalid-argument', message: 'no such number', cause: { message: 'why' } });
    expect(await thread.call('add', 1)).toBe(11);
    await thread.close();
  });

  it('that cannot open says why', async () => {
    await expect(open({ start: { refusal: 'no such file' } })).rejects.toMatchObject({
      kind: 'not-found',
      message: 'no such file',
      cause: { message: 'why' },
    });
  });

  it('that dies fails what waits and what comes, and tells its owner once', async () => {
    const deaths: unknown[] = [];
    const thread = await open({ gone: (why) => deaths.push(why) });
    const waiting = thread.call('never');
    const ended = { kind: 'unavailable', message: "The thread 'counting' ended unexpectedly" };
    await Promise.all([
      expect(thread.call('exit')).rejects.toMatchObject(ended),
      expect(waiting).rejects.toMatchObject(ended),
    ]);
    await expect(thread.call('add', 1)).rejects.toMatchObject(ended);
    expect(deaths).toEqual([expect.objectContaining(ended)]);
    await thread.close();
  });

  it('fails what waits when it is closed, and ends by itself', async () => {
    const gone: unknown[] = [];
    const thread = await open({ gone: (why) => gone.push(why) });
    const why = new AppError('cancelled', 'enough');
    const waiting = expect(thread.call('never')).rejects.toBe(why);
    await thread.close(why);
    await waiting;
    await expect(thread.call('add', 1)).rejects.toBe(why);
    thread.tell('tellTwice', 'unheard');
    expect(gone).toEqual([undefined]);
  });

  it('answers what waits when it is drained', async () => {
    const thread = await open();
    const waiting = [thread.call('add', 1), thread.call('add', 2)];
    const drained = thread.drain();
    await expect(thread.call('add', 3)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await Promise.all(waiting)).toEqual([11, 13]);
    await drained;
  });
});
