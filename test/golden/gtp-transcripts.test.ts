import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { converse } from '../support/gtp-session.js';

const folder = new URL('gtp/', import.meta.url);
const scripts = readdirSync(folder).filter((name) => name.endsWith('.gtp'));

describe('the bridge over a network made by hand', () => {
  it.each(scripts)('answers %s as it always did', async (name) => {
    const script = readFileSync(new URL(name, folder), 'utf8');
    const output = await converse(script);
    await expect(output).toMatchFileSnapshot(new URL(name.replace('.gtp', '.out'), folder).pathname);
  });
});
