/** Training in a worker thread, so that steps never block the server's event loop. */

import { AppError } from '../../core/errors.js';
import { keepTrace, trace } from '../../core/trace.js';
import type { EngineSettings } from '../../engine/engine-settings.js';
import { receiveError } from '../../threads/messages.js';
import { ServiceThread } from '../../threads/service-thread.js';
import { threadUrl } from '../../threads/thread-url.js';
import type { TrainingEvents, TrainingFactory } from './training.js';
import type { TrainingCalls, TrainingEvent, TrainingThreadStart } from './training-messages.js';

type TrainingThread = ServiceThread<TrainingCalls, undefined, TrainingEvent>;

/** Training in a thread that opens the engine itself. */
export function threadTraining(engine: EngineSettings): TrainingFactory {
  return async (setup, events) => {
    const start: TrainingThreadStart = { ...setup, engine, traced: trace !== undefined };
    const thread: TrainingThread = await ServiceThread.open({
      name: 'training',
      url: threadUrl(import.meta.url, './training-thread.js'),
      start,
      event: (event) => take(event, events, thread),
      gone: (why) => why && events.failed(why),
    });
    return {
      add: (game, progress) => thread.tell('add', game, progress),
      copy: (when) => thread.call('copy', when),
      stop: () => thread.close(new AppError('cancelled', 'Training was stopped')),
    };
  };
}

function take(event: TrainingEvent, events: TrainingEvents, thread: TrainingThread): void {
  switch (event.kind) {
    case 'trained':
      events.trained(event.report);
      break;
    case 'candidate':
      events.candidate(event.copy);
      break;
    case 'growth':
      events.growth(event.outcome);
      break;
    case 'trace':
      keepTrace(event.trace);
      break;
    case 'failed': {
      const error = receiveError(event.error);
      events.failed(error);
      void thread.close(error);
    }
  }
}
