/**
 * Closes threads of one kind while they compute, again and again, and ends by itself. A thread that was terminated during a
 * run would take this process with it (exit code 134).
 */

import { setTimeout as delay } from 'node:timers/promises';
import { cpuEngine } from '../../dist/src/engine/engine-settings.js';
import { threadedEngine } from '../../dist/src/engine/threaded.js';
import { GeneratorThread } from '../../dist/src/generator/generator-thread.js';
import { encodeModel } from '../../dist/src/nn/model-file.js';
import { graph, input } from '../../dist/src/nn/graph.js';
import { matMul } from '../../dist/src/nn/operations/matmul.js';
import { RankGrid } from '../../dist/src/ranks/grid.js';
import { estimateProfile } from '../../dist/src/ranks/profile.js';
import { lengthsOf } from '../../dist/src/ranks/rows.js';
import { makeStateMemory } from '../../dist/src/ranks/training-state.js';
import { planStep } from '../../dist/src/methods/scheduling/plan-step.js';
import { readSftConfig } from '../../dist/src/trainer/sft/config.js';
import { readLanguageModel } from '../../dist/src/trainer/sft/language-model.js';
import { policyModelThread } from '../../dist/src/trainer/rft/policy-model-handle.js';

const [, , kind, times] = process.argv;
const { layout, ...model } = readLanguageModel(
  undefined,
  readSftConfig({ dataset: 'd', layers: 2, hidden: 64, heads: 4, keyValueHeads: 2, bucketSize: 2000 }),
);
const { architecture, weights } = model;

/** Each starts a thread at work and returns what closes it; `work` settles one way or the other. */
const makers = {
  async generator() {
    const limits = { cacheBytes: 2 ** 28, maxWaiting: 10, prefillTokens: 1000 };
    const thread = await GeneratorThread.start({ modelFile: encodeModel(model), engine: cpuEngine, limits });
    const prompt = Array.from({ length: 900 }, (_, i) => i % 250);
    const sampling = { temperature: 1, topP: 1, seed: 1, stopTokens: [] };
    const tokens = thread.add({ prompt, completions: 2, maxTokens: 100, ...sampling });
    const work = [consume(tokens), thread.logits(prompt)];
    return { work, close: () => thread.close() };
  },
  async engine() {
    const engine = threadedEngine(cpuEngine);
    const x = input('x', [700, 700]);
    const program = await engine.compile(graph({ y: matMul(matMul(x, x), x) }));
    const inputs = { x: { shape: [700, 700], data: new Float32Array(490_000).fill(1e-3) } };
    return { work: [program.run(inputs), program.run(inputs)], close: () => engine.close() };
  },
  async grid() {
    const settings = { dataParallel: 1, contextParallel: 2, bucketSize: 2000, architecture };
    const grid = await RankGrid.open({ ...settings, engine: cpuEngine, state: makeStateMemory(layout, 0, weights) });
    const sequences = Array.from({ length: 4 }, () => ({
      tokens: new Int32Array(801).fill(7),
      weights: new Float32Array(801).fill(1),
    }));
    const cluster = { ...settings, cost: estimateProfile(settings).cost };
    const plan = planStep('skrull', lengthsOf(sequences), cluster, {});
    const optimizer = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, update: 1 };
    return { work: [grid.train({ step: 0, sequences, plan }, optimizer, 1)], close: () => grid.close() };
  },
  async policy() {
    const handle = await policyModelThread(cpuEngine)({
      architecture,
      tensors: weights,
      loss: { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0, klEstimator: 'k3', entropyCoefficient: 0, temperature: 1 },
      update: { optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 }, clipNorm: 1 },
    });
    const prompts = Array.from({ length: 8 }, () => Array.from({ length: 100 }, (_, i) => i));
    const drawing = { completions: 4, maxTokens: 200, stopTokens: [], temperature: 1, topP: 1, prefixTokens: 0 };
    return { work: [handle.generate({ prompts, seed: 1, ...drawing })], close: () => handle.close() };
  },
};

async function consume(tokens) {
  for await (const token of tokens) void token;
}

let cut = 0;
for (let i = 0; i < Number(times); i++) {
  const { work, close } = await makers[kind]();
  const ended = Promise.allSettled(work);
  // Aims at another moment of the work each time.
  await delay((i * 7) % 40);
  await close();
  cut += (await ended).filter(({ status }) => status === 'rejected').length;
}
process.stdout.write(JSON.stringify({ cut }));
