import type { Client } from 'nice-grpc';
import { Status } from 'nice-grpc-common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MessageQueue } from '../../src/core/message-queue.js';
import { Rng } from '../../src/core/rng.js';
import { angleOf, meanUnitVector } from '../../src/methods/curriculum/angle.js';
import type { AngleScore, CurriculumState, Prompt } from '../../src/methods/curriculum/curriculum.js';
import { makeCurriculum } from '../../src/methods/curriculum/make-curriculum.js';
import { curriculumKinds, curriculumSchema, readCurriculumSettings } from '../../src/methods/curriculum/settings.js';
import {
  AddPrompts,
  CurriculumServiceDefinition,
  type DrawRequest,
  OpenCurriculum,
  RankPrompts,
  UpdateCurriculum,
  type DrawResponse,
  type PromptSignal,
} from '../../src/proto/tengen/v1/curriculum.js';
import { outcomeOf, somePool } from '../support/curricula.js';
import { expectError } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const width = 8;
const pool = somePool(96);
let dataDir: string;
let server: ServerProcess;
let client: Client<CurriculumServiceDefinition>;

beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir);
  client = server.connect().client(CurriculumServiceDefinition);
});
afterAll(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

/** Numbers as they arrive: fields are single floats. */
function mean(rng: Rng, rows: number): Float32Array {
  return new Float32Array(
    meanUnitVector(
      Float32Array.from({ length: rows * width }, () => 0.4 + rng.normal()),
      width,
    ),
  );
}

const rng = new Rng(9);
const prefix = mean(rng, 5);
const directions = pool.map(({ length }) => mean(rng, length));
const scores = directions.map((direction, i) => angleOf(prefix, direction, pool[i]!.length));

function signals(as: 'angle' | 'direction', of: readonly AngleScore[] = scores): PromptSignal[] {
  return of.map(({ intra, inter }, i) => {
    if (as === 'angle') return { of: { $case: 'angle', value: { intra, inter } } };
    return { of: { $case: 'direction', value: { meanUnitVector: [...directions[i]!] } } };
  });
}

/** A stream as a trainer uses it. */
class Trainer {
  readonly #requests = new MessageQueue<DrawRequest>();
  readonly #answers = client.draw(this.#requests)[Symbol.asyncIterator]();

  open(settings: Record<string, string>, changes: Partial<OpenCurriculum> = {}): this {
    const value = OpenCurriculum.fromPartial({ settings, seed: 4, prefix: [...prefix], ...changes });
    this.#requests.push({ body: { $case: 'open', value } });
    return this;
  }

  add(prompts: readonly Prompt[], of: readonly (PromptSignal | undefined)[] = [], checkpoint = ''): this {
    const value = AddPrompts.fromPartial({
      prompts: prompts.map((prompt, i) => ({ ...prompt, ...(of[i] && { signal: of[i] }) })),
      checkpoint,
    });
    this.#requests.push({ body: { $case: 'add', value } });
    return this;
  }

  /** The pool in three parts. */
  addAll(as: 'angle' | 'direction' | 'none' = 'angle'): this {
    const all = as === 'none' ? [] : signals(as);
    for (const [from, to] of [
      [0, 30],
      [30, 31],
      [31, 96],
    ] as const)
      this.add(pool.slice(from, to), all.slice(from, to));
    return this;
  }

  addState(stateJson: string): this {
    this.#requests.push({ body: { $case: 'add', value: AddPrompts.fromPartial({ stateJson }) } });
    return this;
  }

  async draw(count = 16): Promise<{ indices: number[]; ids: string[] }> {
    const body = await this.ask({ $case: 'draw', value: { count } });
    return body.$case === 'drawn' ? body.value : expect.unreachable();
  }

  async save(): Promise<string> {
    const body = await this.ask({ $case: 'save', value: {} });
    return body.$case === 'saved' ? body.value.stateJson : expect.unreachable();
  }

  update(changes: Partial<UpdateCurriculum>): Promise<NonNullable<DrawResponse['body']>> {
    return this.ask({ $case: 'update', value: UpdateCurriculum.fromPartial(changes) });
  }

  /** Draws, and tells what came of it with signals of the drawn. */
  async step(): Promise<number[]> {
    const { indices } = await this.draw();
    const { passRates } = outcomeOf(pool, indices, scores);
    const all = signals('angle');
    const status = await this.update({ indices, passRates: [...passRates], signals: indices.map((i) => all[i]!) });
    if (status.$case === 'status' && status.value.wantsScores) await this.rank(all);
    return indices;
  }

  async rank(all: readonly PromptSignal[]): Promise<void> {
    for (const part of [all.slice(0, 50), all.slice(50)]) {
      await this.ask({ $case: 'rank', value: RankPrompts.fromPartial({ signals: part }) });
    }
  }

  async ask(body: NonNullable<DrawRequest['body']>): Promise<NonNullable<DrawResponse['body']>> {
    this.#requests.push({ body });
    const answer = await this.#answers.next();
    return answer.done ? expect.unreachable() : answer.value.body!;
  }

  end(): void {
    this.#requests.end();
  }
}

async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(() => undefined).catch((thrown: unknown) => thrown);
}

describe.each(curriculumKinds)('a stream of %s', (kind) => {
  const settings = { kind, sigma: '0.1' };

  it('draws what the rft job would draw, from angles or from directions, and says ids', async () => {
    const [angles, means] = [
      new Trainer().open(settings).addAll('angle'),
      new Trainer().open(settings).addAll('direction'),
    ];
    const here = makeCurriculum(readCurriculumSettings(settings), pool, { seed: 4, scores });
    for (let step = 0; step < 8; step++) {
      const expected = here.draw(16);
      expect(await angles.step()).toEqual(expected);
      expect(await means.step()).toEqual(expected);
      here.update(outcomeOf(pool, expected, scores));
      if (here.wantsScores) here.reorder(scores);
    }
    const { indices, ids } = await angles.draw(500);
    expect(ids).toEqual(indices.map((index) => pool[index]!.id));
    expect(new Set(indices).size).toBe(96);
    for (const trainer of [angles, means]) trainer.end();
  });

  it('goes on from its state in another stream, without signals and with any seed', async () => {
    const first = new Trainer().open(settings).addAll();
    for (let step = 0; step < 3; step++) await first.step();
    const second = new Trainer().open(settings, { stateJson: await first.save(), seed: 99n }).addAll('none');
    for (let step = 0; step < 5; step++) expect(await second.step()).toEqual(await first.step());
    expect(await second.save()).toBe(await first.save());
    for (const trainer of [first, second]) trainer.end();
  });
});

it('a state may come in parts', async () => {
  const first = new Trainer().open({}).addAll();
  await first.draw();
  const state = await first.save();
  const second = new Trainer().open({}, { stateJson: state.slice(0, 100) }).addAll('none');
  second.addState(state.slice(100, 300)).addState(state.slice(300));
  expect(await second.draw()).toEqual(await first.draw());
  for (const trainer of [first, second]) trainer.end();
});

it('a pool of more prompts than are allowed is refused', async () => {
  const trainer = new Trainer().open({});
  const part = Array.from({ length: 32_768 }, () => pool[0]!);
  for (let i = 0; i < 9; i++) trainer.add(part);
  expectError(await refusalOf(trainer.draw()), Status.INVALID_ARGUMENT, /has 294912 prompts; it must have 1 to 262144/);
});

it('takes every setting by name, and reports where the window stands', async () => {
  const all = Object.entries(curriculumSchema).map(([name, field]) => [name, String(field.default)]);
  const trainer = new Trainer().open({ ...(Object.fromEntries(all) as Record<string, string>), kind: 'gain' }).addAll();
  const { indices } = await trainer.draw();
  const status = await trainer.update({ indices, passRates: indices.map(() => 1) });
  expect(status).toMatchObject({ $case: 'status', value: { wantsScores: false, figures: { wraps: 0 } } });
  // 8·tanh(2·0.5) ranks by accuracy, none by angle: no signals were sent.
  expect(status.$case === 'status' && status.value.figures['center']).toBeCloseTo(8 * Math.tanh(1), 9);
  trainer.end();
});

it('takes signals of another checkpoint only if it is told to', async () => {
  const begin = (anyCheckpoint: boolean): Trainer =>
    new Trainer().open({ kind: 'gain' }, { checkpoint: 'step-0', anyCheckpoint }).add(pool, signals('angle'), 'step-9');
  expectError(
    await refusalOf(begin(false).draw()),
    Status.FAILED_PRECONDITION,
    /of checkpoint 'step-9', the curriculum is of 'step-0'.*any_checkpoint/,
  );
  const allowed = begin(true);
  expect((await allowed.draw()).indices).toHaveLength(16);
  allowed.end();
});

describe('bad input', () => {
  const opened = (settings: Record<string, string> = {}, changes = {}): Trainer =>
    new Trainer().open(settings, changes);
  const one = pool[0]!;
  const angle = (intra: number): PromptSignal => ({ of: { $case: 'angle', value: { intra, inter: 0 } } });
  const direction = (values: number[]): PromptSignal => {
    return { of: { $case: 'direction', value: { meanUnitVector: values } } };
  };
  const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["Unknown setting 'sigmo'; did you mean 'sigma'", () => opened({ sigmo: '1' }).draw()],
    ['Setting \'sigma\' is "20"; it must be a number from 0.001 to 10', () => opened({ sigma: '20' }).draw()],
    ['The pool is empty', () => opened().draw()],
    ["Curriculum 'gain' needs angle scores", () => opened({ kind: 'gain' }).addAll('none').draw()],
    [
      'There are 1 scores for 2 prompts',
      () =>
        opened()
          .add([one, one], [angle(0.5)])
          .draw(),
    ],
    [
      'prompts[1].length is 0; it must be at least 1',
      () =>
        opened()
          .add([one, { ...one, length: 0 }])
          .draw(),
    ],
    [
      'prompts[0].id has 300 characters',
      () =>
        opened()
          .add([{ ...one, id: 'x'.repeat(300) }])
          .draw(),
    ],
    [
      'prompts[0].signal.intra is 1.5; it must be from 0 to 1',
      () =>
        opened()
          .add([one], [angle(1.5)])
          .draw(),
    ],
    [
      'prompts[0].signal.intra is NaN',
      () =>
        opened()
          .add([one], [angle(NaN)])
          .draw(),
    ],
    [
      'has length 2; a mean of unit vectors has 1 at most',
      () =>
        opened()
          .add([one], [direction([2])])
          .draw(),
    ],
    [
      'has 0 numbers; it must have 1 to 65536',
      () =>
        opened()
          .add([one], [direction([])])
          .draw(),
    ],
    [
      'The prefix has width 8 and the question 2',
      () =>
        opened()
          .add([one], [direction([0.5, 0.5])])
          .draw(),
    ],
    ['draw.count is 0; it must be from 1 to 65536', () => opened().add([one]).draw(0)],
    ['draw.count is 70000', () => opened().add([one]).draw(70_000)],
    [
      'indices[0] is 1; it must be from 0 to 0',
      () =>
        opened()
          .add([one])
          .update({ indices: [1], passRates: [1] }),
    ],
    [
      'pass_rates[0] is 2; it must be from 0 to 1',
      () =>
        opened()
          .add([one])
          .update({ indices: [0], passRates: [2] }),
    ],
    [
      'update has 0 pass_rates for 1 indices',
      () =>
        opened()
          .add([one])
          .update({ indices: [0] }),
    ],
    [
      'rank has 50 signals after 0; the pool has 1 prompts',
      () =>
        opened()
          .add([one])
          .rank([...signals('angle'), angle(1)]),
    ],
    ['state_json is not a state', () => opened({}, { stateJson: '{"kind":"uniform"}' }).add([one]).draw()],
    ['state_json is not a state', () => opened({}, { stateJson: 'null' }).add([one]).draw()],
  ];
  it.each(cases)('%s', async (sentence, call) => {
    const error = await refusalOf(call());
    expectError(error, Status.INVALID_ARGUMENT, new RegExp(sentence.replaceAll(/[()[\]{}]/g, '\\$&')));
  });

  it('a state of another pool, of another kind or with a changed number is refused', async () => {
    const first = opened().addAll();
    await first.draw();
    const state = await first.save();
    first.end();
    const { seed } = JSON.parse(state) as { seed: number; state: CurriculumState };
    const changed = state.replace(`"seed":${seed}`, '"seed":5');
    const again = async (stateJson: string, prompts: readonly Prompt[], kind = 'uniform'): Promise<string> =>
      String(await refusalOf(opened({ kind }, { stateJson }).add(prompts).draw()));
    expect(await again(changed, pool)).toMatch('state_json is not a state as it was sent');
    expect(await again(state, pool.slice(1))).toMatch('state_json is the state of another pool');
    expect(await again(state, pool, 'accuracy')).toMatch(
      "The state is that of curriculum 'learnability', not of 'accuracy'",
    );
  });

  it('messages out of their order are refused', async () => {
    const refused = async (call: Promise<unknown>, sentence: RegExp): Promise<void> =>
      expectError(await refusalOf(call), Status.FAILED_PRECONDITION, sentence);
    await refused(new Trainer().draw(), /The first message is 'draw'; it must be 'open'/);
    await refused(opened().open({}).draw(), /The stream has its curriculum/);
    const late = opened().add([one]);
    await late.draw();
    await refused(late.add([one]).draw(), /The pool is complete/);
  });
});
