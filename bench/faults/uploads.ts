/** Model files and data sets on their way to the server, and promotions between them. */

import { DatasetServiceDefinition } from '../../src/proto/tengen/v1/dataset.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import { refOf } from '../../src/core/refs.js';
import type { Rng } from '../../src/core/rng.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { encodeModel } from '../../src/nn/model-file.js';
import type { Architecture } from '../../src/nn/networks/architecture.js';
import { initialWeights } from '../../src/nn/networks/go-network.js';
import { sha256Of } from './inspect.js';
import type { Life } from './repeat.js';

const NAMES = 3;
const CHUNK = 4096;

/** A new version of a model, and sometimes the promotion of an old one. */
export class ModelUploads {
  readonly #versions = new Map<string, string[]>();

  async step(life: Life): Promise<void> {
    const { connection, ledger, rng } = life;
    const models = connection.client(ModelServiceDefinition);
    const name = `up-${rng.int(NAMES)}`;
    const bytes = tinyModel(rng);
    const sha256 = sha256Of(bytes);
    ledger.asked('sent', sha256);
    const { model } = await models.uploadModel(messages({ name, sha256, sizeBytes: bytes.length }, bytes));
    const version = model?.version ?? '';
    ledger.acked(`model ${refOf({ name, version })}`, sha256);
    const versions = this.#versions.get(name) ?? [];
    this.#versions.set(name, [...versions, version]);
    if (rng.float() < 0.5) {
      const chosen = rng.int(versions.length + 1);
      await this.#promote(life, name, versions[chosen] ?? version);
    }
    if (rng.float() < 0.2) await setPrecision(life, name);
  }

  async #promote({ connection, ledger }: Life, name: string, version: string): Promise<void> {
    ledger.asked(`promoted ${name}`, version);
    await connection.client(ModelServiceDefinition).promoteModel({ model: refOf({ name, version }) });
    ledger.acked(`promoted ${name}`, version);
  }
}

async function setPrecision({ connection, ledger, rng }: Life, name: string): Promise<void> {
  const isAuto = rng.float() < 0.5;
  const value = isAuto ? 'auto' : 'fp32';
  ledger.asked(`precision ${name}`, value);
  const precision = isAuto ? Precision.AUTO : Precision.FP32;
  await connection.client(ModelServiceDefinition).setPrecision({ name, precision });
  ledger.acked(`precision ${name}`, value);
}

/** A data set, new, or one that was sent before, or one whose sender breaks off in the middle. */
export async function importDataset({ connection, ledger, rng, signal }: Life): Promise<void> {
  const datasets = connection.client(DatasetServiceDefinition);
  const name = `data-${rng.int(NAMES)}`;
  // Few kinds, so that several names share a file and a file is sent again.
  const seed = rng.int(200);
  const lines = Array.from({ length: 20 + seed }, (_, i) =>
    JSON.stringify({ text: `${seed} ${'abc'.repeat(i % 50)}` }),
  );
  const bytes = Buffer.from(lines.join('\n'));
  const sha256 = sha256Of(bytes);
  const first = { name, sha256, sizeBytes: bytes.length };
  if (rng.float() < 0.2) {
    const call = new AbortController();
    const both = AbortSignal.any([call.signal, signal]);
    await datasets.importDataset(brokenOff(first, bytes, call), { signal: both }).catch(() => undefined);
    return;
  }
  ledger.asked('sent', sha256);
  ledger.asked(`newest ${name}`, sha256.slice(0, 12));
  const { dataset } = await datasets.importDataset(messages(first, bytes));
  const version = dataset?.version ?? '';
  ledger.acked(`dataset ${refOf({ name, version })}`, sha256);
  ledger.acked(`newest ${name}`, version);
}

/** Half of the file, and then the sender is gone. */
async function* brokenOff(
  first: { readonly name: string; readonly sha256: string; readonly sizeBytes: number },
  bytes: Uint8Array,
  call: AbortController,
): AsyncGenerator<Partial<typeof first> & { readonly chunk: Uint8Array }> {
  yield* messages(first, bytes, bytes.length >> 1);
  await new Promise((resolve) => setImmediate(resolve));
  call.abort();
}

/** A file in pieces; the first message says what it is. */
async function* messages<First extends object>(
  first: First,
  bytes: Uint8Array,
  end = bytes.length,
): AsyncGenerator<Partial<First> & { readonly chunk: Uint8Array }> {
  for (let start = 0; start < end; start += CHUNK) {
    const chunk = bytes.subarray(start, Math.min(end, start + CHUNK));
    yield start === 0 ? { ...first, chunk } : ({ chunk } as Partial<First> & { readonly chunk: Uint8Array });
    await Promise.resolve();
  }
}

/** A network with random weights for a board of 3×3. */
function tinyModel(rng: Rng): Uint8Array {
  const { planes, globals, name: features } = tengen1;
  const architecture: Architecture = { kind: 'go-resnet', planes, globals, features, size: 3, blocks: 1, channels: 4 };
  return encodeModel({ architecture, weights: initialWeights(architecture, rng.fork(rng.int(2 ** 31))), metadata: {} });
}
