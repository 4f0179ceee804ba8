/** The stored models as the evaluator and the generator read them, and the evaluator over them. */

import type { Logger } from 'pino';
import { AppError } from '../../core/errors.js';
import type { ModelSource } from '../../core/model-source.js';
import { quoted } from '../../core/quoted.js';
import { refOf } from '../../core/refs.js';
import { engineOf, type EngineSettings } from '../../engine/engine-settings.js';
import { Evaluator, type EvaluatorSettings } from '../../evaluator/evaluator.js';
import type { ServedModels } from '../../evaluator/model-source.js';
import type { Store } from '../../store/store.js';
import { Quantizer } from './quantizer.js';

export function storedModels({ models }: Store): ModelSource {
  return {
    async resolve(name) {
      const row = await models.get(name);
      if (row) return refOf(row);
      throw new AppError('not-found', name === '' ? 'There is no model yet' : `There is no model ${quoted(name)}`);
    },
    read: (ref) => models.read(ref),
  };
}

/** An evaluator of stored models, which serves in eight bits those that its quantizer has calibrated. */
export function openEvaluator(
  store: Store,
  settings: EvaluatorSettings & EngineSettings,
  logger: Logger,
): { readonly evaluator: Evaluator; readonly quantizer: Quantizer } {
  const reload = (ref: string): Promise<void> => evaluator.reload(ref);
  const source: ServedModels = { ...storedModels(store), ranges: (ref: string) => quantizer.ranges(ref) };
  const evaluator: Evaluator = new Evaluator(source, settings, (event, fields) => logger.info(fields, event));
  const { quiet } = evaluator;
  const quantizer: Quantizer = new Quantizer({ store, engine: engineOf(settings), quiet, reload, logger });
  return { evaluator, quantizer };
}
