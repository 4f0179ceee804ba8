/** Uploads, promotions, versions that jobs publish, and grants that come and go, all on the same few names. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { Metadata, type CallContext } from 'nice-grpc';
import { AppError } from '../../src/core/errors.js';
import { refOf } from '../../src/core/refs.js';
import { Rng } from '../../src/core/rng.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { initialWeights } from '../../src/nn/networks/go-network.js';
import type { UploadModelRequest } from '../../src/proto/tengen/v1/model.js';
import { checkLevel } from '../../src/server/access/call-levels.js';
import { Callers } from '../../src/server/access/callers.js';
import { jobModels } from '../../src/server/job-world.js';
import { readModel } from '../../src/server/models/read-model.js';
import { makeModelService } from '../../src/server/services/model-service.js';
import { Names } from '../../src/server/access/names.js';
import { Uploads } from '../../src/server/transport/receive-upload.js';
import type { Call } from '../../src/store/sqlite/operations.js';
import { actor, Promises, settle, subject } from './explore.js';
import { memoryFile } from './memory-file.js';
import { scheduledStore, type ScheduledStore } from './scheduled-store.js';

const NAMES = ['anna-net', 'shared'] as const;
const tokens = { '': 'admin-admin-admin-admin', anna: 'anna-anna-anna-anna', bob: 'bob-bob-bob-bob-bob' } as const;
type Token = keyof typeof tokens;
const callers = new Callers(tokens[''], `anna:train=${tokens.anna},bob:train=${tokens.bob}`);

const architecture = {
  ...({ kind: 'go-resnet', features: tengen1.name, size: 2, blocks: 1, channels: 4 } as const),
  planes: tengen1.planes,
  globals: tengen1.globals,
};
const files = [1, 2, 3].map((seed) =>
  encodeModel({ architecture, weights: initialWeights(architecture, new Rng(seed)), metadata: {} }),
);
const versions = files.map((bytes) => sha256Of(bytes).slice(0, 12));

const name = fc.constantFrom(...NAMES);
const file = fc.nat(files.length - 1);
const token = fc.constantFrom<Token>('', 'anna', 'bob');
const trainer = fc.constantFrom<Token>('anna', 'bob');
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('upload' as const, 'promote' as const), token, name, file }),
  fc.record({ kind: fc.constant('publish' as const), token, name, file }),
  fc.record({ kind: fc.constantFrom('grant' as const, 'revoke' as const), token: trainer, name, file }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Several callers, each with a few calls one after another. */
export const promotion = subject(
  'promotion',
  fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
  async (scheduler, calls) => {
    const world = new World(scheduler);
    await settle(scheduler, world.call({ kind: 'upload', token: '', name: 'base', file: 0 }));
    const all = calls.map((steps, i) =>
      actor(
        scheduler,
        `caller ${i}`,
        steps.map((each) => () => world.call(each)),
      ),
    );
    await settle(scheduler, Promise.all(all));
    world.check();
  },
);

interface Asked {
  readonly what: 'stored' | 'promoted';
  readonly token: Token;
  readonly name: string;
  readonly version: string;
  readonly from: number;
  /** Infinity until it was acknowledged. */
  to: number;
  /** Whether the token was one that may, and one that may not, at any moment so far. */
  could: boolean;
  couldNot: boolean;
}

class World {
  readonly #promises = new Promises();
  readonly #stored: ScheduledStore;
  readonly #service: ReturnType<typeof makeModelService>;
  readonly #asked: Asked[] = [];
  readonly #owners = new Map<string, string>();
  readonly #grants = new Set<string>();
  #default = '';
  #time = 0;

  constructor(scheduler: fc.Scheduler) {
    this.#stored = scheduledStore(scheduler, { happened: (call) => this.#happened(call) });
    const openFile = (): ReturnType<typeof memoryFile> => memoryFile(1 << 16);
    this.#service = makeModelService({
      models: this.#stored.store.models,
      names: new Names(this.#stored.store.names, callers),
      importDir: '',
      // In this thread: its time is not the scheduler's to order.
      work: { run: (_: unknown, __: string, [file, most]: [Uint8Array, number]) => readModel(file, most) } as never,
      uploads: new Uploads({ folder: '', maxBytes: 1 << 26, stallMs: 1, openFile, startTimer: () => () => undefined }),
      maxBytes: 1 << 20,
      promoted: () => undefined,
      servingOf: () => ({ precision: 'fp32', calibration: 'none' }),
      precisionChanged: () => undefined,
    });
  }

  async call(step: Omit<Step, 'name'> & { readonly name: string }): Promise<void> {
    const { kind, name, token, file } = step;
    const { store } = this.#stored;
    const context = {
      metadata: Metadata({ authorization: `Bearer ${tokens[token]}` }),
      signal: new AbortController().signal,
    } as CallContext;
    const caller = callers.check(context.metadata.get('authorization'));
    try {
      if (kind === 'grant') await store.names.grant('model', name, token);
      if (kind === 'revoke') await store.names.revoke('model', name, token);
      if (kind === 'upload') {
        checkLevel('/tengen.v1.ModelService/UploadModel', caller);
        await this.#ask('stored', step, () => this.#service.uploadModel(uploadOf(name, files[file]!), context));
      }
      if (kind === 'promote') {
        checkLevel('/tengen.v1.ModelService/PromoteModel', caller);
        const model = refOf({ name, version: versions[file]! });
        await this.#ask('promoted', step, () => this.#service.promoteModel({ model }, context));
      }
      if (kind === 'publish') {
        const models = jobModels(store, { model: name, createdBy: token }, () => undefined);
        let ref = '';
        await this.#ask('stored', step, async () => (ref = await models.put(files[file]!, { step: 1 })));
        await this.#ask('promoted', step, () => models.promote(ref));
      }
    } catch (error) {
      const { kind: failure, message } = AppError.from(error);
      const isExpected = failure === 'permission-denied' || failure === 'not-found';
      this.#promises.expect(isExpected, `${kind} ended with ${failure}: ${message}`);
    }
  }

  check(): void {
    for (const name of ['base', ...NAMES]) {
      const stored = this.#stored.now.listModels(name);
      const promoted = stored.filter((row) => row.promoted).map(({ version }) => version);
      this.#promises.expect(promoted.length === Math.min(1, stored.length), `${name} has ${promoted.length} promoted`);
      const done = this.#asked.filter((each) => each.name === name && each.to < Infinity);
      const promotions = done.filter(({ what }) => what === 'promoted');
      // Without a promotion the first upload is the one.
      const last = promotions.filter(({ to }) => !promotions.some(({ from }) => from > to));
      const first = done.filter(({ from }) => !done.some(({ to }) => to < from));
      const allowed = (promotions.length > 0 ? last : first).map(({ version }) => version);
      const isRight = promoted.every((version) => allowed.includes(version));
      this.#promises.expect(isRight, `${name} has ${promoted.join()} promoted; it can only be ${allowed.join(' or ')}`);
      for (const { version } of done) {
        this.#promises.expect(stored.some((row) => row.version === version), `${refOf({ name, version })} is lost`); // prettier-ignore
      }
    }
    this.#promises.check();
  }

  async #ask(
    what: Asked['what'],
    { token, name, file }: Omit<Step, 'kind' | 'name'> & { readonly name: string },
    call: () => Promise<unknown>,
  ): Promise<void> {
    const may = this.#may(token, name);
    const asked = { what, token, name, version: versions[file]!, from: this.#time++, to: Infinity };
    const entry: Asked = { ...asked, could: may, couldNot: !may };
    this.#asked.push(entry);
    try {
      await call();
      entry.to = this.#time++;
      this.#promises.expect(entry.could, `${token} wrote to ${name}, which was never granted`);
    } catch (error) {
      const isDenied = AppError.from(error).kind === 'permission-denied';
      this.#promises.expect(!isDenied || entry.couldNot, `${token} was denied ${name}, which it may write to`);
      throw error;
    }
  }

  #may(token: Token, name: string): boolean {
    const owner = this.#owners.get(name);
    return token === '' || owner === undefined || owner === token || this.#grants.has(`${name} ${token}`);
  }

  #happened({ name: operation, args }: Call): void {
    const before = this.#default;
    this.#default = this.#stored.now.getModel('')?.name ?? '';
    const mayChange = before === '' || (operation === 'promoteModel' && args[1]);
    this.#promises.expect(mayChange || before === this.#default, `${operation} made ${this.#default} the default`);
    if (operation === 'putModel') {
      for (const row of this.#stored.now.listModels()) {
        this.#promises.expect(this.#stored.files.has(row.sha256), `${refOf(row)} has no file`);
      }
    }
    if (operation === 'claimName') {
      if (args[2] === '' && this.#stored.now.listModels(args[1]).length === 0) this.#disown(args[1]);
      this.#own(args[1], args[2]);
    }
    if (operation === 'grantName') {
      this.#own(args[1], '');
      this.#grants.add(`${args[1]} ${args[2]}`);
    }
    if (operation === 'revokeName') this.#grants.delete(`${args[1]} ${args[2]}`);
    for (const each of this.#asked) {
      if (each.to < Infinity) continue;
      if (this.#may(each.token, each.name)) each.could = true;
      else each.couldNot = true;
    }
  }

  /** The admins take a name under which nothing is stored. */
  #disown(name: string): void {
    this.#owners.delete(name);
    for (const grant of this.#grants) if (grant.startsWith(`${name} `)) this.#grants.delete(grant);
  }

  #own(name: string, caller: string): void {
    if (!this.#owners.has(name)) this.#owners.set(name, caller);
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

// eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous
async function* uploadOf(name: string, bytes: Uint8Array): AsyncGenerator<UploadModelRequest> {
  yield { name, chunk: bytes, sizeBytes: bytes.length, sha256: sha256Of(bytes) };
}
