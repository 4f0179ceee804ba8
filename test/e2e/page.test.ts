/** The page in a real browser, served by a real server with a small model, a job and a tree of games. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeModel } from '../../src/server/models/model-file.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import { hasChromium, startChromium } from '../support/chromium.js';
import { sketchKatago } from '../support/katago-network.js';
import { playTree } from '../support/played-tree.js';
import { SearchSession } from '../support/search-session.js';
import { tinyModel } from '../support/served-models.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { storeGames } from '../support/store-games.js';

let dataDir: string;
let server: ServerProcess;
let browser: Browser;
let page: Page;
/** Errors of the page, and requests to anywhere but the server. */
let troubles: string[];

async function fillStore(): Promise<void> {
  const store = await openSqliteStore({ dataDir, now: () => 1_764_000_000_000 });
  const file = tinyModel(5, 1);
  await store.models.put({ name: 'go5', ...describeModel(file) }, file);
  const configJson = JSON.stringify({ size: 5, variations: 4 });
  const { jobId } = await store.jobs.create({ kind: 'alphazero', model: 'go5', configJson });
  await store.jobs.setState(jobId, 'done');
  for (let sequence = 1; sequence <= 30; sequence++) {
    const metrics = { loss: 5 - sequence / 10, policyLoss: 3 - sequence / 20, rating: 10 * sequence, games: sequence };
    const event = sequence % 5 === 0 ? 'rating' : 'train';
    await store.progress.append({ jobId, sequence, timeMs: 60_000 * sequence, event, metrics, message: '' });
  }
  await storeGames(store, playTree({ size: 5, jobId, treeId: 'alphazero-1-1', branching: { variations: 4 } }));
  await store.close();
}

beforeAll(async () => {
  if (!hasChromium) return;
  dataDir = makeDataDir();
  await fillStore();
  server = await startServerProcess(dataDir, ['--import-dir', dataDir]);
  browser = await startChromium();
});
afterAll(async () => {
  if (!hasChromium) return;
  await browser.close();
  await server.kill();
  removeDataDir(dataDir);
});
beforeEach(async () => {
  if (!hasChromium) return;
  troubles = [];
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('console', (message) => {
    if (message.type() !== 'log') troubles.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.page!)) troubles.push(`request to ${request.url()}`);
  });
});
afterEach(async () => {
  if (!hasChromium) return;
  await page.close();
  expect(troubles).toEqual([]);
});

const eventually = <T>(read: () => T): ReturnType<typeof expect.poll<T>> => expect.poll(read, { timeout: 30_000 });
const status = (): ReturnType<Page['locator']> => page.locator('.status');
const blackChance = (): ReturnType<Page['locator']> => page.getByTestId('black-win-rate');

describe.skipIf(!hasChromium)('the board', () => {
  it('shows what the network thinks of a position', async () => {
    await page.goto(server.page!);
    await page.locator('.shudan-heatlabel').first().waitFor();
    expect(await page.locator('.shudan-vertex').count()).toBe(25);
    await eventually(() => blackChance().textContent()).toMatch(/^\d+\.\d %$/);
    await eventually(() => page.locator('.candidates tbody tr').count()).toBe(8);
    await page.getByRole('button', { name: 'Ownership' }).click();
    await page.locator('.shudan-paint').first().waitFor();
    await eventually(() => page.locator('.shudan-heatlabel').count()).toBe(0);
  });

  it('takes moves, goes back and forth, and refuses what is illegal', async () => {
    await page.goto(server.page!);
    await page.locator('.shudan-heatlabel').first().waitFor();
    await page.locator('.shudan-vertex[data-x="2"][data-y="2"]').click();
    await eventually(() => status().textContent()).toMatch(/^Move 1: black C3\. White to move\./);
    await page.getByLabel('Play a move').fill('c3');
    await page.getByLabel('Play a move').press('Enter');
    expect(await page.getByRole('alert').textContent()).toBe('C3 is illegal: occupied');
    await page.getByLabel('Play a move').fill('d4');
    await page.getByLabel('Play a move').press('Enter');
    await eventually(() => status().textContent()).toMatch(/^Move 2: white D4\./);
    await page.locator('.brand').focus();
    await page.keyboard.press('ArrowLeft');
    await eventually(() => status().textContent()).toMatch(/^Move 1: black C3\./);
    await page.keyboard.press('End');
    // All three positions were looked at; its left end is the empty board.
    const graph = page.getByRole('img', { name: /^Over the game: Black wins, % [\d.]+, score -?[\d.]+$/ });
    await eventually(() => graph.count()).toBe(1);
    await page.locator('.game-graph .u-over').click({ position: { x: 2, y: 20 } });
    await eventually(() => status().textContent()).toMatch(/^Empty board\./);
    await page.keyboard.press('End');
    await page.getByRole('button', { name: 'Undo' }).click();
    await eventually(() => page.locator('.ply').textContent()).toBe('1 / 1');
  });

  it('answers with a search of as many visits as chosen', async () => {
    await page.goto(server.page!);
    await page.getByLabel('Visits a move').selectOption('64');
    await page.getByLabel('You play').selectOption('Black');
    await page.locator('.shudan-heatlabel').first().waitFor();
    await page.getByLabel('Play a move').fill('C3');
    await page.getByLabel('Play a move').press('Enter');
    await eventually(() => status().textContent()).toMatch(/^Move 2: white [A-E][1-5]\. Black/);
  });

  it('searches on the server, and in the browser where that is chosen', async () => {
    const calls = { Search: 0, Evaluate: 0 };
    page.on('request', (request) => {
      const name = request.url().split('/').at(-1)!;
      if (name === 'Search' || name === 'Evaluate') calls[name]++;
    });
    const place = (): ReturnType<Page['locator']> => page.getByTestId('place');
    const thought = async (): Promise<void> => {
      await page.locator('.shudan-heatlabel').first().waitFor();
      await eventually(() => page.locator('.thinking').count()).toBe(0);
    };
    await page.goto(server.page!);
    await eventually(() => place().textContent()).toBe('on the server');
    const alone = await blackChance().textContent();
    await page.getByLabel('Visits a move').selectOption('200');
    for (const move of ['C3', 'D4', 'B2']) {
      await page.getByLabel('Play a move').fill(move);
      await page.getByLabel('Play a move').press('Enter');
      await eventually(() => status().textContent()).toMatch(new RegExp(` ${move}\\.`));
      await thought();
    }
    expect(calls.Evaluate).toBe(0);
    calls.Search = 0;
    await page.getByRole('combobox', { name: 'Search' }).selectOption('In the browser');
    await eventually(() => place().textContent()).toBe('in the browser');
    await thought();
    expect(calls.Evaluate).toBeGreaterThan(0);
    expect(calls.Search).toBe(0);
    // The network alone says the same here and there.
    await page.getByLabel('Visits a move').selectOption('1 (network alone)');
    await page.locator('.brand').focus();
    await page.keyboard.press('Home');
    await eventually(() => blackChance().textContent()).toBe(alone);
  });

  it('opens an SGF file, and says what is wrong with another', async () => {
    await page.goto(server.page!);
    const open = (name: string, text: string): Promise<void> =>
      page.getByLabel('Open SGF').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
    await open('game.sgf', '(;GM[1]SZ[5]KM[0.5];B[cc];W[bb];B[dd])');
    await eventually(() => status().textContent()).toMatch(/^Move 3: black D2\. White to move\./);
    await open('bad.sgf', 'nothing');
    await eventually(() => page.getByRole('alert').textContent()).toMatch(/^bad\.sgf: /);
  });
});

describe.skipIf(!hasChromium)('a model that plays boards of many sizes', () => {
  beforeAll(async () => {
    const path = join(dataDir, 'sketch.bin.gz');
    writeFileSync(path, gzipSync(sketchKatago({ version: 14, blocks: ['ordinary'] }).bytes));
    const connection = server.connect();
    await connection.client(ModelServiceDefinition).importModel({ name: 'kata', path });
    connection.close();
  });

  const choice = (name: string): ReturnType<Page['getByRole']> => page.getByRole('combobox', { name });
  const model = (): Promise<string | null> => choice('Model').locator('option:checked').textContent();
  const pointCount = (): Promise<number> => page.locator('.shudan-vertex').count();

  it('opens with 9×9, and plays what is chosen', async () => {
    await page.goto(server.page!);
    await page.locator('.shudan-heatlabel').first().waitFor();
    expect(await model()).toBe('kata · 2×2 to 19×19');
    expect(await pointCount()).toBe(81);
    await choice('Board').selectOption('13×13');
    await eventually(pointCount).toBe(169);
    await eventually(() => blackChance().textContent()).toMatch(/^\d+\.\d %$/);
  });

  it('stays when a file has another board, and gives way to a model that is chosen', async () => {
    await page.goto(server.page!);
    await page.locator('.shudan-heatlabel').first().waitFor();
    const file = { name: 'game.sgf', mimeType: 'text/plain', buffer: Buffer.from('(;GM[1]SZ[5];B[cc])') };
    await page.getByLabel('Open SGF').setInputFiles(file);
    await eventually(() => status().textContent()).toMatch(/^Move 1: black C3\./);
    await page.locator('.shudan-heatlabel').first().waitFor();
    expect(await model()).toBe('kata · 2×2 to 19×19');
    await choice('Board').selectOption('7×7');
    await eventually(pointCount).toBe(49);
    await choice('Model').selectOption('go5 · 5×5');
    await eventually(pointCount).toBe(25);
    expect(await choice('Board').locator('option').allTextContents()).toEqual(['5×5']);
  });
});

describe.skipIf(!hasChromium)('the other views', () => {
  it('draw the curves of a job', async () => {
    await page.goto(`${server.page!}#training`);
    await page.locator('.chart canvas').nth(1).waitFor();
    await eventually(() => page.getByRole('img', { name: /^Losses: / }).getAttribute('aria-label')).toBe(
      'Losses: loss 2, policyLoss 1.5',
    );
    expect(await page.getByRole('img', { name: 'Elo over the first version: rating 300' }).count()).toBe(1);
    expect(await page.locator('.state').textContent()).toBe('done');
  });

  it('show a tree of games with its branches, and the position at a place in it', async () => {
    await page.goto(`${server.page!}#games`);
    await page.locator('.tree .branch').first().waitFor();
    expect(await page.locator('.tree .game').count()).toBe(4);
    expect(await page.locator('.tree .branch').count()).toBe(3);
    await page.locator('.tree').focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
    await eventually(() => page.locator('.facts').textContent()).toMatch(/Moves before3.*Label Change Rate0\.\d+/);
    expect(await page.locator('.place .shudan-stone-image').count()).toBe(3);
    await page.getByRole('link', { name: 'Open on the board' }).click();
    await eventually(() => status().textContent()).toMatch(/^Move 3: black/);
  });

  it('tell what the server does', async () => {
    await page.goto(`${server.page!}#server`);
    await eventually(() => page.locator('.figures').textContent()).toMatch(/positions a batch, of 64/);
    expect(await page.getByText('None is connected.').count()).toBe(1);
  });

  it('tell of searches, and of a calibration that waits for them', async () => {
    const connection = server.connect();
    const session = new SearchSession(connection);
    await session.newGame({ size: 5, model: 'go5' });
    session.start({ visits: 10_000_000, reportMs: 10 });
    await session.receive();
    await connection.client(ModelServiceDefinition).setPrecision({ name: 'go5', precision: Precision.INT8 });
    await page.goto(`${server.page!}#server`);
    const waiting = page.getByText(/^go5@\w{12}waits until nobody waits for an evaluation$/);
    await waiting.waitFor();
    await eventually(() => page.locator('.figures').textContent()).toMatch(
      /searches, in 1 games1.*MiB.*, of 2048[1-9]/,
    );
    session.cancel();
    await waiting.waitFor({ state: 'detached' });
    connection.close();
  });
});

describe.skipIf(!hasChromium)('a server with a token', () => {
  it('is asked with the token that the person types', async () => {
    await server.kill();
    server = await startServerProcess(dataDir, ['--token', 'let-me-in']);
    await page.goto(server.page!);
    await page.getByRole('textbox', { name: 'Token' }).fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('The token sent is not the one of this server').waitFor();
    await page.getByRole('textbox', { name: 'Token' }).fill('let-me-in');
    await page.keyboard.press('Enter');
    await page.locator('.shudan-heatlabel').first().waitFor();
    // The browser itself notes the answers 401.
    troubles = troubles.filter((trouble) => !trouble.includes('status of 401'));
  });
});
