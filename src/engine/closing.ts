/** Threads that run ONNX Runtime: when their owner closes them, no run begins any more. */

import { serve, type Calls, type Open } from '../threads/serve.js';
import { stopRuns } from './onnxruntime/session.js';

/** As `serve`; what is under way when the thread is closed fails with its next run. */
export async function serveRuns<Start, C extends Calls<C>, Event = never>(open: Open<Start, C, Event>): Promise<void> {
  await serve<Start, C, Event>(async (start, tell) => ({ ...(await open(start, tell)), stop: stopRuns }));
}
