/** Questions whose answers do not depend on who else asks: a quiet server has answered them before the load begins. */

import type { Connection } from '../../clients/shared/connection.js';
import { decodeHalves } from '../../src/core/half.js';
import { EvaluatorServiceDefinition, Priority, type EvaluateRequest } from '../../src/proto/tengen/v1/evaluator.js';
import { GenerationServiceDefinition, type GenerateRequest } from '../../src/proto/tengen/v1/generation.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import type { Evaluation, Position } from '../../src/proto/tengen/v1/position.js';
import { positionToWire } from '../../src/wire/position.js';
import { makePositions } from '../evaluator/setup.js';
import { SIZE } from '../fuzz/valid-files.js';

const POSITIONS = 1024;
const POSITIONS_AT_ONCE = 128;
const TEXTS = 16;
const TOKENS = 24;
/** What the sums of another batch may round differently, beside the step of a half. */
const TOLERANCE = 1e-3;
const HALF_STEP = 2 ** -10;

/** A text to continue and how a quiet server did: the tokens of each completion. */
export interface TextQuestion {
  readonly request: GenerateRequest;
  readonly answer: readonly string[];
}

/** Models under fixed versions, name@version. */
export interface FixedModels {
  readonly go: string;
  readonly language: string;
}

/** What was asked and answered. */
export class Questions {
  readonly positions: readonly Position[];
  readonly texts: readonly TextQuestion[];
  readonly #evaluations: readonly Evaluation[];

  private constructor(
    positions: readonly Position[],
    evaluations: readonly Evaluation[],
    texts: readonly TextQuestion[],
  ) {
    [this.positions, this.#evaluations, this.texts] = [positions, evaluations, texts];
  }

  /** Asks one after the other. @throws ClientError or Error if the quiet server does not answer all */
  static async ask(connection: Connection, models: FixedModels): Promise<Questions> {
    const positions = makePositions(SIZE, POSITIONS).map(positionToWire);
    const evaluations: Evaluation[] = [];
    const requests = async function* (): AsyncGenerator<EvaluateRequest> {
      for (let from = 0; from < POSITIONS; from = evaluations.length) {
        yield evaluateRequest(models.go, BigInt(from), positions.slice(from, from + POSITIONS_AT_ONCE));
        while (evaluations.length === from) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    for await (const answer of connection.client(EvaluatorServiceDefinition).evaluate(requests())) {
      if (answer.error) throw new Error(`The quiet server: ${answer.error.message}`);
      evaluations.push(...answer.evaluations);
    }
    const texts: TextQuestion[] = [];
    for (let number = 0; number < TEXTS; number++) {
      const request = generateRequest(models.language, number);
      texts.push({ request, answer: await continueText(connection, request) });
    }
    return new Questions(positions, evaluations, texts);
  }

  /** @returns what is wrong with an evaluation of position `index`, or undefined */
  fault(index: number, answer: Evaluation): string | undefined {
    const wanted = this.#evaluations[index]!;
    for (const key of ['win', 'draw', 'loss', 'score'] as const) {
      if (!isNear(answer[key], wanted[key])) return `${key} is ${answer[key]}; it was ${wanted[key]}`;
    }
    const [policy, before] = [decodeHalves(answer.policy), decodeHalves(wanted.policy)];
    if (policy.length !== before.length) return `the policy has ${policy.length} moves; it had ${before.length}`;
    const move = policy.findIndex((logit, i) => !isNear(logit, before[i]!));
    return move < 0 ? undefined : `the logit of move ${move} is ${policy[move]!}; it was ${before[move]!}`;
  }
}

export function evaluateRequest(model: string, requestId: bigint, positions: readonly Position[]): EvaluateRequest {
  const priority = requestId % 8n === 0n ? Priority.INTERACTIVE : Priority.BULK;
  const choices = { priority, precision: Precision.AUTO, ownership: false };
  return { requestId, model, positions: [...positions], ...choices, cancel: false };
}

/** The tokens of each completion, with commas between. */
export async function continueText(connection: Connection, request: GenerateRequest): Promise<string[]> {
  const tokens = Array.from({ length: request.completions }, (): number[] => []);
  for await (const answer of connection.client(GenerationServiceDefinition).generate(request)) {
    tokens[answer.completion]!.push(...answer.tokens);
  }
  return tokens.map((completion) => completion.join());
}

function generateRequest(model: string, number: number): GenerateRequest {
  const prompt = { $case: 'text', value: `the ${number} `.repeat(1 + (number % 4)) } as const;
  const sampling = { temperature: number % 3 === 0 ? 0 : 1, topP: 1, stop: [], seed: number };
  return { model, prompt, completions: 1 + (number % 2), maxTokens: TOKENS, ...sampling };
}

function isNear(value: number, wanted: number): boolean {
  return Math.abs(value - wanted) <= TOLERANCE + HALF_STEP * Math.abs(wanted);
}
