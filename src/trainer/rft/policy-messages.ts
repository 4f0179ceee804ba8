/** What a policy's thread and its owner say to each other. */

import type { ErrorKind } from '../../core/errors.js';
import type { RolloutRequest, UpdateRequest } from './policy.js';

/** A call of a `PolicyPort`. */
export type PolicyCall =
  | { readonly call: 'generate'; readonly request: RolloutRequest }
  | { readonly call: 'summarise'; readonly prompts: readonly (readonly number[])[]; readonly prefixTokens: number }
  | { readonly call: 'update'; readonly request: UpdateRequest }
  | { readonly call: 'state' };

/** To the thread, which answers in order. */
export interface ToPolicy {
  readonly id: number;
  readonly asked: PolicyCall;
}

/** From the thread; the first message, which has no id, says whether the policy was opened. */
export interface FromPolicy {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: { readonly kind: ErrorKind; readonly message: string };
}
