/** Parts of what a job is given, in memory. */

import type { JobDatasets, JobGames, JobModels, StoredModel, VersionedFile } from '../../src/trainer/harness/ports.js';

/** Models of which nothing is kept. @param file of every model that is read */
export function memoryModels(file?: Uint8Array, ref = 'base@1'): JobModels {
  return {
    read: () => Promise.resolve(file && storedFile(ref, file)),
    put: () => Promise.resolve('m@1'),
    promote: () => Promise.resolve(),
    rate: () => Promise.resolve(),
  };
}

function storedFile(ref: string, bytes: Uint8Array): StoredModel & VersionedFile {
  return { ref, name: ref.split('@')[0]!, sha256: '', architectureJson: '{}', bytes };
}

/** Data sets that are read with `textOf` their names. */
export function memoryDatasets(textOf: (name: string) => string, keep: JobDatasets['put'] = unexpected): JobDatasets {
  return {
    read(ref) {
      const name = ref.split('@')[0]!;
      return Promise.resolve({ ref: `${name}@1`, bytes: new TextEncoder().encode(textOf(name)) });
    },
    claim: () => Promise.resolve(),
    put: keep,
  };
}

/** Games that nobody asks for. */
export const noGames: JobGames = {
  after: () => {
    throw new Error('No games are wanted');
  },
  played: unexpected,
};

function unexpected(): Promise<never> {
  return Promise.reject(new Error('This was not to be asked'));
}
