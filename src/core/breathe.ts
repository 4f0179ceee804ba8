/** Long work of the main thread is done in pieces, with a breath after each, so that it answers others between them. */

/** Resolves in a later turn of the event loop, after what waits now. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
