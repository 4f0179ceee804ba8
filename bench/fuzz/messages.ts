/** Messages as JSON, and those that send files. */

import { createHash } from 'node:crypto';
import { fromJson, toBinary, type DescMethod, type JsonValue } from '@bufbuild/protobuf';

export type Json = Readonly<Record<string, unknown>>;

/** A text field of a message in JSON, where empty ones are left out. */
export function said(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A message in JSON → bytes. */
export function encode(method: DescMethod, json: Json): Uint8Array {
  const { input } = method;
  return toBinary(input, fromJson(input, json as JsonValue, { ignoreUnknownFields: true }));
}

/** Bytes as JSON has them. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** The messages that upload a file: what the file must be is said in the last. */
export function fileMessages(first: Json, file: Uint8Array): Json[] {
  const facts = { sha256: createHash('sha256').update(file).digest('hex'), sizeBytes: String(file.length) };
  const half = file.length >> 1;
  return [
    { ...first, chunk: base64(file.subarray(0, half)) },
    { ...facts, chunk: base64(file.subarray(half)) },
  ];
}

/** The messages of UploadModel. */
export function modelMessages(name: string, file: Uint8Array): Json[] {
  return fileMessages({ name }, file);
}

/** The messages of ImportDataset. */
export function datasetMessages(name: string, file: Uint8Array): Json[] {
  return fileMessages({ name, maxTokens: '0' }, file);
}
