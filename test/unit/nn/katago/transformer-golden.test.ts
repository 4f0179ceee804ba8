/** KataGo's transformers, against the answers of its CPU engine on three sizes; skipped where the shared folder is missing. */

import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { onnxRuntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import type { Program } from '../../../../src/engine/engine.js';
import { BLACK, WHITE } from '../../../../src/go/color.js';
import { katago7 } from '../../../../src/go/katago-features.js';
import { Position } from '../../../../src/go/position.js';
import { namedRules } from '../../../../src/go/rule-names.js';
import type { Snapshot } from '../../../../src/go/snapshot.js';
import { symmetryMap } from '../../../../src/go/symmetry.js';
import { parseVertex } from '../../../../src/go/vertex.js';
import { type Graph, graph, input } from '../../../../src/nn/graph.js';
import { parameterInputs } from '../../../../src/nn/networks/go-network.js';
import type { KatagoArchitecture } from '../../../../src/nn/networks/katago/architecture.js';
import { katagoNetwork } from '../../../../src/nn/networks/katago/network.js';
import { readKatago } from '../../../../src/nn/networks/katago/read-file.js';
import { servingConstants, servingGraph } from '../../../../src/nn/networks/serving.js';
import { BATCH } from '../../../../src/nn/types.js';
import { readAnswers } from '../../../support/katago-answers.js';
import { isMissing } from '../../../support/needs.js';

const shared = new URL('../../../../../shared/', import.meta.url);
const networks = ['b7c96h3tfrs-test5-cnorm', 'b7c96h6kv3qk32v16tflrs-fson-bnh'];
const isHere = networks.every((name) => existsSync(new URL(`nets/${name}.bin.gz`, shared)));

interface Question {
  readonly snapshot: Snapshot;
  readonly symmetry: number;
}

function asked(size: number, rules: string, komi: number, moves: readonly string[], symmetry = 0): Question {
  const position = new Position(size, { ...namedRules.get(rules)!, komi });
  moves.forEach((move, i) => {
    position.setToMove(i % 2 === 0 ? BLACK : WHITE);
    position.play(parseVertex(move, size));
  });
  return { snapshot: position.snapshot(), symmetry };
}

/** What the transcript asks, in its order. */
const questions = [
  asked(9, 'chinese', 7.5, ['C3', 'C6']),
  asked(9, 'chinese', 7.5, ['C3', 'C6'], 5),
  asked(19, 'japanese', 6.5, ['Q16', 'D4', 'Q3']),
  asked(19, 'japanese', 6.5, ['Q16', 'D4', 'Q3'], 3),
  asked(7, 'tromp-taylor', 9, ['D4']),
];

/** Softmax of the logits where KataGo gives a probability. */
function probabilities(logits: readonly number[], wanted: readonly number[]): number[] {
  const most = Math.max(...logits);
  const weights = logits.map((logit, i) => (Number.isNaN(wanted[i]) ? NaN : Math.exp(logit - most)));
  const total = weights.reduce((sum, weight) => sum + (Number.isNaN(weight) ? 0 : weight), 0);
  return weights.map((weight) => weight / total);
}

function expectClose(what: string, seen: readonly number[], wanted: readonly number[]): void {
  expect(seen, what).toHaveLength(wanted.length);
  const off = seen.map((value, i) => (Number.isNaN(wanted[i]) ? 0 : Math.abs(value - wanted[i]!)));
  expect(Math.max(...off), what).toBeLessThan(1e-5);
}

/** What the graph says of the position, turned back. */
async function answer(program: Program, { snapshot, symmetry }: Question): Promise<Record<string, number[]>> {
  const { size } = snapshot;
  const [planes, globals] = [new Float32Array(22 * size * size), new Float32Array(19)];
  katago7.write(snapshot, symmetry, planes, 0, globals, 0);
  const outputs = await program.run({
    planes: { shape: [1, 22, size, size], data: planes },
    globals: { shape: [1, 19], data: globals },
  });
  const map = symmetryMap(size, symmetry);
  const area = size * size;
  // Whole boards are turned; a pass after a board, and numbers that are no board, stay.
  const turnedBack = (values: number[]): number[] =>
    values.map((value, i) =>
      i < values.length - (values.length % area) ? values[i - (i % area) + map[i % area]!]! : value,
    );
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, turnedBack([...(data as Float32Array)])]),
  );
}

/** The graph without what the outputs mean, its frequencies a part of the graph as in training. */
function rawGraph(architecture: KatagoArchitecture, size: number): Graph {
  const parameters = parameterInputs(architecture);
  const planes = input('planes', [BATCH, 22, size, size]);
  const globals = input('globals', [BATCH, 19]);
  return graph({ ...katagoNetwork(architecture, (name) => parameters.get(name)!, planes, globals) });
}

/** KataGo mixes so much of the optimistic policy, the second one, into what it prints. */
const OPTIMISM = 0.2;

function mixed({ points, pass }: Record<string, number[]>, area: number): number[] {
  const of = (policy: number): number[] => [...points!.slice(policy * area, (policy + 1) * area), pass![policy]!];
  const [plain, optimistic] = [of(0), of(1)];
  return plain.map((logit, i) => logit + OPTIMISM * (optimistic[i]! - logit));
}

describe.skipIf(isMissing('shared', isHere))("KataGo's own transformers (needs ../shared)", () => {
  const engine = onnxRuntimeEngine();
  afterAll(() => engine.close());

  it.each(networks)('%s says what it says in KataGo, to 1e-5', async (name) => {
    const answers = readAnswers(readFileSync(new URL(`golden/${name}.rawnn.txt`, shared), 'utf8'));
    expect(answers).toHaveLength(questions.length);
    const model = readKatago(gunzipSync(readFileSync(new URL(`nets/${name}.bin.gz`, shared))));
    const run = async (served: Graph, question: Question): Promise<Record<string, number[]>> => {
      const constants = new Map([...servingConstants(model)].filter(([parameter]) => served.inputs.has(parameter)));
      const program = await engine.compile(served, { constants });
      const seen = await answer(program, question);
      await program.release();
      return seen;
    };
    for (const [i, question] of questions.entries()) {
      const { size, toMove } = question.snapshot;
      const seen = await run(servingGraph(model.architecture, size, model.weights), question);
      const raw = await run(rawGraph(model.architecture, size), question);
      const { numbers, policy, ownership } = answers[i]!;
      const all = [...policy, numbers.get('policyPass')!];
      // KataGo prints White's side; here Black's turn means that all is Black's.
      const sign = toMove === WHITE ? 1 : -1;
      const [win, draw, loss] = seen['value']! as [number, number, number];
      const sides = toMove === WHITE ? [win, loss, draw] : [loss, win, draw];
      expectClose(
        `result ${i}`,
        sides,
        ['whiteWin', 'whiteLoss', 'noResult'].map((key) => numbers.get(key)!),
      );
      expectClose(`policy ${i}`, probabilities(mixed(raw, size * size), all), all);
      expectClose(`tables ${i}`, seen['policy']!, [...raw['points']!.slice(0, size * size), raw['pass']![0]!]);
      expectClose(
        `ownership ${i}`,
        seen['ownership']!.map((value) => sign * value),
        ownership,
      );
      // Printed with three digits.
      expect(sign * seen['lead']![0]!).toBeCloseTo(numbers.get('whiteLead')!, 2);
      expect(sign * seen['score']![0]!).toBeCloseTo(numbers.get('whiteScoreSelfplay')!, 2);
    }
  });
});
