/** A thread that counts, for tests of threads. */

import { AppError } from '../../dist/src/core/errors.js';
import { inOrder, serve } from '../../dist/src/threads/serve.js';

await serve(({ from, refusal }, tell) => {
  if (refusal) throw new AppError('not-found', refusal, { cause: new Error('why') });
  let count = from;
  const { calls, settled } = inOrder({
    /** Adds after a turn of the event loop, so that calls out of order would be seen. */
    async add(number) {
      await new Promise((resolve) => setImmediate(resolve));
      return (count += number);
    },
  });
  return {
    facts: { from },
    calls: {
      ...calls,
      tellTwice(word) {
        tell(word);
        tell(word);
      },
      fail(message) {
        throw new AppError('invalid-argument', message, { cause: new Error('why') });
      },
      never: () => new Promise(() => undefined),
      exit: () => process.exit(3),
    },
    async release() {
      await settled();
      tell(`released at ${count}`);
    },
  };
});
