/** Settings of the generator. */

import { integer } from '../core/config.js';

/** Settings of the generator, with their ranges and meanings. */
export const generatorSchema = {
  generatorMegabytes: integer(
    1024,
    1,
    1_048_576,
    'most memory for the keys and values of the texts being generated, for each model',
  ),
  generatorWaiting: integer(
    256,
    0,
    100_000,
    'most requests to generate that wait for memory; beyond it they are refused',
  ),
  generatorPrefill: integer(
    256,
    1,
    65_536,
    'prompt tokens read in one step; fewer let texts under way flow more evenly',
  ),
  generatorModels: integer(2, 1, 64, 'language models kept loaded'),
} as const;
