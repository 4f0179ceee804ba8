/** Settings of the generator. */

import { integer } from '../core/config.js';

/** Settings of the generator, with their ranges and meanings. */
export const generatorSchema = {
  generatorMegabytes: integer(
    1024,
    1,
    1_048_576,
    'Most memory for the keys and values (KV cache) of all texts in generation, in MiB for each language model.',
  ),
  generatorWaiting: integer(
    256,
    0,
    100_000,
    'Most generation requests that wait for memory; the server refuses requests beyond that.',
  ),
  generatorPrefill: integer(
    256,
    1,
    65_536,
    'Prompt tokens that the generator reads in one step; with fewer prompt tokens in a step, texts in generation receive tokens more evenly.',
  ),
  generatorModels: integer(2, 1, 64, 'Language models kept loaded.'),
} as const;
