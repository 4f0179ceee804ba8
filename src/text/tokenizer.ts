/** What turns text into token ids and back: the built-in bytes.ts, or a checkpoint's own (hugging-face.ts). */

/** Markers with a token of their own; ChatML's names, which Qwen2 and others share. */
export const markers = { endOfText: '<|endoftext|>', messageStart: '<|im_start|>', messageEnd: '<|im_end|>' } as const;

/** A vocabulary. Immutable; equal text gives equal ids. */
export interface Tokenizer {
  /** Ids are below this. */
  readonly vocabularySize: number;
  /** The id that ends a text; a model that gives it has finished. */
  readonly endOfText: number;
  /** Ids of `text`; nothing is put before or after it. */
  encode(text: string): number[];
  /** The text of ids, markers left out; bytes that are no UTF-8 become U+FFFD. */
  decode(ids: readonly number[]): string;
  /** Ids of a marker: one if the vocabulary has it, else those of its characters. */
  encodeMarker(marker: string): number[];
}
