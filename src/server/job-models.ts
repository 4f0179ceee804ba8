/** Where a job's model versions go: under the job's model name, as long as whoever created the job may write there. */

import { modelRef, type Store } from '../store/store.js';
import type { JobContext } from './job-kind.js';
import { describeModel } from './model-file.js';
import { OwnedNames } from './names.js';

/** The versions of one job. */
export interface JobModels {
  /** Stores a model file under the job's model name; returns its name@version. */
  put(bytes: Uint8Array, info: { readonly step: number }): Promise<string>;
  promote(ref: string): Promise<void>;
}

/**
 * @param promoted called after the promoted version of a model changed
 * @throws (of both functions) AppError 'permission-denied' once the name is no longer granted to the job's creator
 */
export function jobModels(
  store: Pick<Store, 'models' | 'names'>,
  { model: name, createdBy }: Pick<JobContext, 'model' | 'createdBy'>,
  promoted: () => void,
): JobModels {
  const names = new OwnedNames(store.names);
  return {
    async put(bytes, { step }) {
      await names.claim('model', name, createdBy);
      return modelRef(await store.models.put({ name, ...describeModel(bytes), step }, bytes));
    },
    async promote(ref) {
      await names.claim('model', name, createdBy);
      await store.models.promote(ref);
      promoted();
    },
  };
}
