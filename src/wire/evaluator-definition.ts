/**
 * EvaluatorService with its messages written as they are given. The usual definition first copies each message to fill in
 * what it lacks, which for evaluations costs as much as writing them; whoever uses this one gives every field.
 */

import { EvaluatorServiceDefinition as usual } from '../proto/tengen/v1/evaluator.js';

const { requestType, responseType } = usual.methods.evaluate;

/** See the head of the file. */
export const EvaluatorServiceDefinition: typeof usual = {
  ...usual,
  methods: {
    evaluate: {
      ...usual.methods.evaluate,
      requestType: withoutCopies(requestType),
      responseType: withoutCopies(responseType),
    },
  },
};

/** The type as before, since with it a message may still be read and written. */
function withoutCopies<T extends object>(type: T): T {
  return { ...type, fromPartial: undefined };
}
