/**
 * EvaluatorService with its messages written as they are given. The usual definition first copies each message to fill in
 * what it lacks, which for evaluations costs as much as writing them; by its type, whoever uses this one gives every field.
 */

import { BinaryWriter, type BinaryReader } from '@bufbuild/protobuf/wire';
import { AppError } from '../core/errors.js';
import { trace } from '../core/trace.js';
import { EvaluatorServiceDefinition as usual } from '../proto/tengen/v1/evaluator.js';
import { readPackedRequest } from './packed-request.js';
import { readAnswer, type ReadAnswer } from './read-answer.js';

const { requestType, responseType } = usual.methods.evaluate;

/** See the head of the file. */
export const EvaluatorServiceDefinition = {
  ...usual,
  methods: {
    evaluate: {
      ...usual.methods.evaluate,
      requestType: { ...withoutCopies(requestType), decodeUsual: traced(readPackedRequest) },
      responseType: withoutCopies(responseType),
    },
  },
};

/** The messages as they are, for those who hand them on. */
const bytes: MessageType<Uint8Array> = {
  decode: (input) => input as Uint8Array,
  encode: (message, writer = new BinaryWriter()) => writer.raw(message),
};

/** The service, with requests and responses as bytes. */
export const EvaluatorInBytes = {
  ...usual,
  methods: { evaluate: { ...usual.methods.evaluate, requestType: bytes, responseType: bytes } },
};

/** Keeps its memory from message to message: `finish`, which follows at once, takes a copy and begins anew. */
let shared = new BinaryWriter();

function withoutCopies<M>(type: MessageType<M>): MessageType<M> {
  return {
    decode: traced((input: BinaryReader | Uint8Array) => type.decode(input)),
    encode(message: M, writer: BinaryWriter = shared): BinaryWriter {
      const started = trace ? performance.now() : 0;
      try {
        return type.encode(message, writer);
      } catch (error) {
        // It holds half a message.
        shared = new BinaryWriter();
        throw error;
      } finally {
        trace?.add('encode', started, 0);
      }
    },
  };
}

/** Only read. */
const answers: MessageType<ReadAnswer> = {
  decode: traced((input) => readAnswer(input as Uint8Array)),
  encode: () => {
    throw new AppError('internal', 'Clients do not answer');
  },
};

/** The service for clients that write their requests with a `PositionWriter`. */
export const PackedEvaluator = {
  ...usual,
  methods: {
    evaluate: {
      ...usual.methods.evaluate,
      requestType: bytes,
      responseType: answers,
    },
  },
};

function traced<A extends unknown[], R>(decode: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const started = trace ? performance.now() : 0;
    const message = decode(...args);
    trace?.add('decode', started, 0);
    return message;
  };
}

/** What is needed of a kind of message to read and write it. */
interface MessageType<M> {
  decode(input: BinaryReader | Uint8Array): M;
  encode(message: M, writer?: BinaryWriter): BinaryWriter;
}
