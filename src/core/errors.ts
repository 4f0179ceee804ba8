/**
 * The one error class of the house. Edges (gRPC, GTP, CLI) translate `kind`; nothing else invents error types.
 */

export const errorKinds = [
  'invalid-argument',
  'not-found',
  'already-exists',
  'failed-precondition',
  'permission-denied',
  'unauthenticated',
  'resource-exhausted',
  'unavailable',
  'cancelled',
  'deadline-exceeded',
  'internal',
] as const;

/** What went wrong, in the vocabulary that gRPC, GTP and the CLI translate from. */
export type ErrorKind = (typeof errorKinds)[number];

/**
 * An error meant to be read by a person: the message says what was wrong, the value seen and the values allowed.
 * `cause` stays in the logs and never travels to a peer.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }

  /**
   * Turns anything thrown into an `AppError`; for every `catch` at an edge.
   * Aborts become `cancelled`, timeouts `deadline-exceeded`, the rest `internal` with the original as cause.
   */
  static from(thrown: unknown): AppError {
    if (thrown instanceof AppError) return thrown;
    if (thrown instanceof Error) {
      if (thrown.name === 'AbortError')
        return new AppError('cancelled', 'The operation was cancelled', { cause: thrown });
      if (thrown.name === 'TimeoutError') {
        return new AppError('deadline-exceeded', 'The operation took longer than its deadline', { cause: thrown });
      }
      return new AppError('internal', thrown.message, { cause: thrown });
    }
    return new AppError('internal', String(thrown), { cause: thrown });
  }
}

/** Throws `invalid-argument` with `message` unless `condition` holds; for checks of outside input. */
export function check(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new AppError('invalid-argument', typeof message === 'string' ? message : message());
}

/** Throws `internal` unless `condition` holds; for invariants of our own code. Where calls are many, `message` makes it only then. */
export function assert(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition)
    throw new AppError('internal', `Broken invariant: ${typeof message === 'string' ? message : message()}`);
}
