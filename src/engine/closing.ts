/** The end of a thread that runs programs: when its owner closes it, no run begins any more. */

import { AppError } from '../core/errors.js';
import { serve, type Calls, type Open } from '../threads/serve.js';

let isClosing = false;

/** As `serve`; what is under way when the thread is closed fails with its next run. */
export async function serveRuns<Start, C extends Calls<C>, Event = never>(open: Open<Start, C, Event>): Promise<void> {
  const stop = (): void => void (isClosing = true);
  await serve<Start, C, Event>(async (start, tell) => ({ ...(await open(start, tell)), stop }));
}

/** To be asked before every run. @throws AppError 'cancelled' once the calling thread is being closed */
export function checkNotClosing(): void {
  if (isClosing) throw new AppError('cancelled', 'The thread is ending');
}
