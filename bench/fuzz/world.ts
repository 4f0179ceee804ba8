/** What is fuzzed: a real server with models, data sets and jobs, and the questions whose answers are known. */

import { fromBinary, toJson, type DescMethod } from '@bufbuild/protobuf';
import { AppError } from '../../src/core/errors.js';
import { refOf } from '../../src/core/refs.js';
import { base64, datasetMessages, encode, modelMessages, said, type Json } from './messages.js';
import { askSchema, pathOf, type ServerSchema } from './schema.js';
import { importNames, startServerProcess, type ServerProcess } from './server-process.js';
import { newestBlob } from './system.js';
import { foreignCheckpoint, goFile, katagoFile, languageFile, sampleLines, SIZE, taskLines } from './valid-files.js';
import { unclearText, type Finding } from './verdict.js';
import { framed, WireConnection } from './wire-call.js';

/** What was stored before anything was fuzzed. */
export interface Stored {
  /** name@version. */
  readonly go: string;
  readonly katago: string;
  readonly language: string;
  /** A job that runs and hands out games. */
  readonly selfPlayJob: string;
  /** A job that is over. */
  readonly doneJob: string;
  /** A job that was cancelled, and the file of its checkpoint. */
  readonly pausedJob: string;
  readonly checkpointPath: string;
}

/** The files of `Stored` and others. */
export interface ValidFiles {
  readonly go: Buffer;
  readonly katago: Buffer;
  /** As KataGo writes it, packed. */
  readonly katagoPacked: Buffer;
  readonly language: Buffer;
  readonly checkpoint: Buffer;
}

const small = { size: SIZE, blocks: 1, channels: 4, minutes: 0, startPositions: 1_000_000, ratingGames: 0 };

/** One server and how to talk to it. */
export class World {
  readonly server: ServerProcess;
  readonly connection: WireConnection;
  readonly schema: ServerSchema;
  /** Time that an answer may take, in ms. */
  readonly boundMs: number;
  stored!: Stored;
  files!: ValidFiles;
  readonly #methods: ReadonlyMap<string, DescMethod>;
  readonly #failedJobs = new Set<string>();
  #known: ReadonlyMap<string, string> = new Map();

  private constructor(server: ServerProcess, connection: WireConnection, schema: ServerSchema, boundMs: number) {
    this.server = server;
    this.connection = connection;
    this.schema = schema;
    this.boundMs = boundMs;
    this.#methods = new Map(schema.methods.map((method) => [method.name, method]));
  }

  /** Starts a server and fills it. @throws AppError if it does not start or its first answers fail */
  static async start(boundMs: number): Promise<World> {
    const server = await startServerProcess();
    const connection = new WireConnection(server.address);
    try {
      const world = new World(server, connection, await askSchema(connection), boundMs);
      await world.#fill();
      return world;
    } catch (error) {
      connection.close();
      await server.stop(boundMs);
      throw error;
    }
  }

  /** Names that mean something to the server. */
  get words(): readonly string[] {
    const { go, language, katago, selfPlayJob, doneJob } = this.stored;
    const names = ['go', 'language', 'katago', 'samples', 'tasks', 'stream', 'tokens', 'admin'];
    return [go, language, katago, selfPlayJob, doneJob, ...names, ...importNames];
  }

  /** Whether the server runs. */
  lives(): boolean {
    const { child } = this.server;
    return child.exitCode === null && child.signalCode === null;
  }

  /** The end of what the server wrote to stderr. */
  get log(): string {
    return this.server.log();
  }

  /** A call by its name. */
  method(name: string): DescMethod {
    const method = this.#methods.get(name);
    if (!method) throw new AppError('internal', `The server has no call ${name}`);
    return method;
  }

  /** Calls with messages in JSON; fields that a message does not have are left out. @throws AppError with the status */
  async ask(name: string, ...requests: readonly Json[]): Promise<Json[]> {
    const method = this.method(name);
    const call = await this.connection.open(pathOf(method));
    for (const request of requests) call.send(framed(encode(method, request)));
    call.finish();
    const { status, message, timedOut } = await call.ended(this.boundMs);
    if (timedOut) throw new AppError('deadline-exceeded', `${name} was not answered in ${this.boundMs} ms`);
    if (status !== 0) throw new AppError('internal', `${name} was answered with status ${String(status)}: ${message}`);
    return call.taken().map((bytes) => toJson(method.output, fromBinary(method.output, bytes)) as Json);
  }

  /** Asks what is known. @returns what is wrong, or undefined */
  async probe(): Promise<string | undefined> {
    try {
      const answers = await this.#answers();
      for (const [what, answer] of answers) {
        const first = this.#known.get(what);
        if (first !== undefined && first !== answer) return `${what} is ${answer}; it was ${first}`;
      }
      this.#known = answers;
      return undefined;
    } catch (error) {
      return AppError.from(error).message;
    }
  }

  /** Ends the jobs that cases began. @returns what failed jobs say that nobody understands */
  async tidy(): Promise<Finding[]> {
    const [answer] = await this.ask('ListJobs', {});
    const jobs = (answer?.['jobs'] ?? []) as readonly Json[];
    const running = jobs.filter(
      ({ state, jobId }) => state === 'JOB_STATE_RUNNING' && jobId !== this.stored.selfPlayJob,
    );
    // One that ends by itself meanwhile cannot be cancelled.
    for (const { jobId } of running) await this.ask('CancelJob', { jobId }).catch(() => undefined);
    const failed = jobs.filter(
      ({ state, jobId }) => state === 'JOB_STATE_FAILED' && !this.#failedJobs.has(String(jobId)),
    );
    const findings = failed.flatMap(({ jobId, error, configJson }) => {
      this.#failedJobs.add(String(jobId));
      const why = unclearText(said(error), String(configJson));
      return why === undefined
        ? []
        : [
            {
              verdict: 'unclear',
              what: `job ${String(jobId)} with ${String(configJson)}`,
              said: `${why} in '${String(error)}'`,
            } as const,
          ];
    });
    const [own] = await this.ask('GetJob', { jobId: this.stored.selfPlayJob });
    if ((own?.['job'] as Json)['state'] !== 'JOB_STATE_RUNNING')
      await this.ask('ResumeJob', { jobId: this.stored.selfPlayJob });
    return findings;
  }

  /** Stops the server. @returns whether it ended in time by itself */
  async stop(): Promise<boolean> {
    this.connection.close();
    await this.server.stop(this.boundMs);
    return this.server.child.signalCode !== 'SIGKILL';
  }

  async #answers(): Promise<ReadonlyMap<string, string>> {
    const position = {
      size: SIZE,
      stones: base64(new Uint8Array(SIZE * SIZE)),
      toMove: 1,
      rules: { ko: 2, komi: 0.5 },
    };
    const [health, [evaluated], generated] = await Promise.all([
      this.ask('Check', {}),
      this.ask('Evaluate', { requestId: '1', model: this.stored.go, priority: 2, positions: [position] }),
      this.ask('Generate', { model: this.stored.language, text: 'abc', maxTokens: 8, seed: 5 }),
    ]);
    const [evaluation] = (evaluated?.['evaluations'] ?? []) as readonly Json[];
    const text = generated.map((piece) => said(piece['text'])).join('');
    return new Map([
      ['the health', String(health[0]?.['status'])],
      ['the winning chance of an empty board', Number(evaluation?.['win']).toFixed(4)],
      ['a text that is generated', text],
    ]);
  }

  async #fill(): Promise<void> {
    const [go, katago, language] = [goFile(), katagoFile(), languageFile()];
    const refs = [];
    for (const [name, file] of [
      ['go', go],
      ['katago', katago],
      ['language', language],
    ] as const) {
      refs.push(await this.#upload(name, file));
    }
    await this.ask(
      'ImportDataset',
      ...datasetMessages('samples', Buffer.from(`${sampleLines.join('\n')}\n`.repeat(8))),
    );
    await this.ask('ImportDataset', ...datasetMessages('tasks', Buffer.from(taskLines.join('\n'))));
    const packed = await this.ask('DownloadModel', { model: refs[1], format: 2 });
    const katagoPacked = Buffer.concat(packed.map(({ chunk }) => Buffer.from(String(chunk), 'base64')));
    this.files = { go, katago, katagoPacked, language, checkpoint: foreignCheckpoint() };
    const selfPlayJob = await this.#job('alphazero', 'played', small);
    const sft = {
      dataset: 'samples',
      base: 'language',
      bucketSize: 64,
      batchSize: 2,
      costModel: 'estimate',
      maxSteps: 1,
    };
    const doneJob = await this.#job('sft', 'tuned', sft);
    await this.ask('WatchJob', { jobId: doneJob });
    const pausedJob = await this.#job('sft', 'paused', { ...sft, maxSteps: 100_000, checkpointSteps: 1 });
    await this.#firstStep(pausedJob);
    await this.ask('CancelJob', { jobId: pausedJob });
    await this.ask('WatchJob', { jobId: pausedJob });
    const checkpointPath = await newestBlob(this.server.dataDir);
    await this.ask('PromoteModel', { model: refs[0] });
    this.stored = {
      go: refs[0]!,
      katago: refs[1]!,
      language: refs[2]!,
      selfPlayJob,
      doneJob,
      pausedJob,
      checkpointPath,
    };
    const wrong = await this.probe();
    if (wrong !== undefined)
      throw new AppError('internal', `The server does not work before anything is fuzzed: ${wrong}`);
  }

  /** Waits until a job has made a step. */
  async #firstStep(jobId: string): Promise<void> {
    const method = this.method('WatchJob');
    const call = await this.connection.open(pathOf(method));
    call.send(framed(encode(method, { jobId })));
    call.finish();
    for (let answer = await call.next(this.boundMs); answer; answer = await call.next(this.boundMs)) {
      const { progress } = toJson(method.output, fromBinary(method.output, answer)) as { progress?: Json };
      if (progress?.['event'] === 'train') break;
    }
    call.cancel();
  }

  async #upload(name: string, file: Buffer): Promise<string> {
    const [answer] = await this.ask('UploadModel', ...modelMessages(name, file));
    const { version } = answer?.['model'] as Json;
    return refOf({ name, version: String(version) });
  }

  async #job(kind: string, model: string, settings: object): Promise<string> {
    const [answer] = await this.ask('CreateJob', { kind, model, configJson: JSON.stringify(settings) });
    return String((answer?.['job'] as Json)['jobId']);
  }
}
