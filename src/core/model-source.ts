/** Where those who compute with models get the files; the server adapts the store to this. */

/** Finds and reads model files. */
export interface ModelSource {
  /**
   * The version that `name` stands for: a name (its promoted version), name@version, or '' (the default model's promoted
   * version).
   *
   * @returns name@version
   * @throws AppError 'not-found' if there is no such model
   */
  resolve(name: string): Promise<string>;
  /**
   * The model file (nn/model-file.ts) of a version.
   *
   * @param ref name@version
   */
  read(ref: string): Promise<Uint8Array>;
}
