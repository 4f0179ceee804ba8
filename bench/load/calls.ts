/** The calls of the clients. */

import { createHash } from 'node:crypto';
import { Backoff } from '../../clients/shared/backoff.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import { EvaluatorServiceDefinition, type EvaluateRequest } from '../../src/proto/tengen/v1/evaluator.js';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { ModelFormat, ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { MonitorServiceDefinition } from '../../src/proto/tengen/v1/monitor.js';
import type { Call, Life } from './life.js';
import { continueText, evaluateRequest } from './questions.js';
import { addFailure, addWrong } from './tally.js';

/** Requests of one stream, and how many of them are under way at once. */
const REQUESTS = 16;
const IN_FLIGHT = 2;
const MOST_POSITIONS = 16;
/** Answers of one watch. */
const ANSWERS = 4;

/** A stream of evaluations, each compared with what the quiet server said. */
export function evaluating({ connection, facts, questions, rng, tally, signal }: Life): Call {
  const backoff = new Backoff(rng);
  return async function evaluate(): Promise<void> {
    const outgoing = new MessageQueue<EvaluateRequest>();
    const asked = new Map<bigint, readonly number[]>();
    let next = 0n;
    const ask = (): void => {
      const indices = Array.from({ length: 1 + rng.int(MOST_POSITIONS) }, () => rng.int(questions.positions.length));
      const positions = indices.map((index) => questions.positions[index]!);
      asked.set(next, indices);
      outgoing.push(evaluateRequest(facts.go, next++, positions));
    };
    for (let i = 0; i < IN_FLIGHT; i++) ask();
    for await (const answer of connection.client(EvaluatorServiceDefinition).evaluate(outgoing)) {
      const { requestId, error, evaluations, modelVersion } = answer;
      const indices = asked.get(requestId);
      asked.delete(requestId);
      if (!indices) addWrong(tally, `request ${String(requestId)} was answered and is not under way`);
      else if (error) {
        addFailure(tally, 'a request of evaluate', error.code, error.message);
        await backoff.wait(signal).catch(() => undefined);
      } else {
        backoff.succeeded();
        tally.evaluations += evaluations.length;
        if (modelVersion !== facts.go) addWrong(tally, `${modelVersion} answered; asked was ${facts.go}`);
        if (evaluations.length !== indices.length) {
          addWrong(tally, `${evaluations.length} evaluations for ${indices.length} positions`);
        }
        for (const [i, evaluation] of evaluations.entries()) {
          const fault = questions.fault(indices[i]!, evaluation);
          if (fault !== undefined) addWrong(tally, `position ${indices[i]!}: ${fault}`);
        }
      }
      if (next < REQUESTS && !signal.aborted) ask();
      else outgoing.end();
    }
    if (asked.size > 0) addWrong(tally, `a stream of evaluations ended with ${asked.size} requests unanswered`);
  };
}

/** A text with a seed: token for token what the quiet server said. */
export function generating({ connection, questions, rng, tally }: Life): Call {
  return async function generate(): Promise<void> {
    const { request, answer: wanted } = questions.texts[rng.int(questions.texts.length)]!;
    const answer = await continueText(connection, request);
    tally.generations += answer.length;
    for (const [i, tokens] of answer.entries()) {
      if (tokens !== wanted[i]) addWrong(tally, `seed ${request.seed}: tokens are ${tokens}; they were ${wanted[i]!}`);
    }
  };
}

/** Progress of the job by its numbers, without a gap and the same for everybody, over watch after watch. */
export function watchingJob({ connection, facts, tally, signal }: Life, seen: Map<number, string>): Call {
  const { jobId } = facts;
  let sequence = 0;
  return async function watchJob(): Promise<void> {
    let answers = 0;
    const watch = connection.client(JobServiceDefinition).watchJob({ jobId, afterSequence: sequence }, { signal });
    for await (const { progress, state } of watch) {
      tally.watches++;
      if (state !== JobState.RUNNING) addWrong(tally, `the state of the job is ${state}; it runs`);
      if (progress?.sequence !== sequence + 1) {
        addWrong(tally, `progress ${progress?.sequence ?? 'without a number'} follows ${sequence}`);
      }
      sequence = progress?.sequence ?? sequence + 1;
      const said = JSON.stringify(progress);
      const before = seen.get(sequence) ?? said;
      seen.set(sequence, before);
      if (said !== before) addWrong(tally, `progress is ${said}; somebody else was told ${before}`);
      if (++answers === ANSWERS) return;
    }
    if (!signal.aborted) addWrong(tally, `the watch of a job that runs ended after ${sequence}`);
  };
}

/** Figures of the server: the first covers no time, the others go on in time. */
export function watchingServer({ connection, tally, signal }: Life): Call {
  return async function watchServer(): Promise<void> {
    let [answers, last] = [0, 0];
    for await (const answer of connection.client(MonitorServiceDefinition).watchServer({}, { signal })) {
      const { timeMs, evaluator, workers } = answer;
      tally.watches++;
      if (!evaluator || timeMs < last) addWrong(tally, `figures of ${timeMs} follow those of ${last}`);
      if (last === 0 && evaluator?.requests !== 0) {
        addWrong(tally, `the first figures tell of ${evaluator?.requests ?? 0} requests; they cover no time`);
      }
      if (new Set(workers.map(({ name }) => name)).size < workers.length) addWrong(tally, 'a worker is listed twice');
      last = timeMs;
      if (++answers === ANSWERS) return;
    }
    if (!signal.aborted) addWrong(tally, 'the watch of the server ended');
  };
}

/** Calls that are answered once: jobs, models, and the bytes of a model. */
export function looking({ connection, facts, tally }: Life): Call {
  const { jobId, go, goSha256 } = facts;
  const jobs = connection.client(JobServiceDefinition);
  const models = connection.client(ModelServiceDefinition);
  const steps = [
    async function getJob(): Promise<string> {
      const { job } = await jobs.getJob({ jobId });
      return job?.jobId === jobId && job.state === JobState.RUNNING ? '' : JSON.stringify(job);
    },
    async function listJobs(): Promise<string> {
      const list = (await jobs.listJobs({})).jobs.map((job) => job.jobId);
      return list.length === 1 && list[0] === jobId ? '' : list.join();
    },
    async function getModel(): Promise<string> {
      const { model } = await models.getModel({ model: go });
      return model?.sha256 === goSha256 ? '' : JSON.stringify(model);
    },
    async function downloadModel(): Promise<string> {
      const hash = createHash('sha256');
      for await (const { chunk } of models.downloadModel({ model: go, format: ModelFormat.STORED })) hash.update(chunk);
      const sha256 = hash.digest('hex');
      return sha256 === goSha256 ? '' : sha256;
    },
  ];
  let turn = 0;
  return async function look(): Promise<void> {
    const step = steps[turn++ % steps.length]!;
    const fault = await step();
    if (fault !== '') addWrong(tally, `${step.name} answered ${fault}`);
  };
}
