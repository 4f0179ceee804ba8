/** Has the network of `withServedNetwork` served in a precision. */

import type { Connection } from '../../clients/shared/connection.js';
import { RemoteEvaluator } from '../../clients/shared/remote-evaluator.js';
import { check } from '../../src/core/errors.js';
import { Position } from '../../src/go/position.js';
import { defaultRules } from '../../src/go/rules.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';

/** How long calibrating may take before the bench gives up. */
const CALIBRATION_MS = 600_000;

/** Resolves once the server answers in the precision; calibrates the network first where eight bits need that. */
export async function servePrecision(connection: Connection, precision: Precision): Promise<void> {
  const models = connection.client(ModelServiceDefinition);
  await models.setPrecision({ name: 'net', precision });
  // The calibration begins when the network is loaded, which happens when somebody asks for it.
  const evaluator = new RemoteEvaluator(connection, { model: 'net', priority: 'bulk' });
  await evaluator.evaluate([new Position(9, defaultRules(9))]);
  evaluator.close();
  const deadline = performance.now() + CALIBRATION_MS;
  for (;;) {
    const [model] = (await models.listModels({ name: 'net' })).models;
    if (precision === Precision.FP32 || model?.quantization) return;
    check(performance.now() < deadline, 'The network was not calibrated in ten minutes');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
